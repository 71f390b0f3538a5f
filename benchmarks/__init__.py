"""How fast gru_ref is beside others that run a Keras GRU on a CPU: `make bench`."""
