"""What arrays and configs mean: which are a GRU's, its arguments, its release, and the layer."""
