"""Keras's activations: their names, layers and variants."""
