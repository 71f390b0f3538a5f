"""Tests against live Keras that are too many for `make parity`: `make parity-full` runs them."""
