"""Golden vectors, compiled with a GRU in C: ``make vectors-test``."""
