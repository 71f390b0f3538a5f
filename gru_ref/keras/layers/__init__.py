"""Keras's layers: GRU, GRUCell, RNN, StackedRNNCells and Bidirectional."""
