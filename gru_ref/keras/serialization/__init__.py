"""Conversion of Keras's configs and live layers to arguments of gru_ref, and back."""
