"""Keras around the core GRU: layers, releases, quirks, dropout, configs, training."""
