"""The parity suite: gru_ref against live Keras, from one table."""
