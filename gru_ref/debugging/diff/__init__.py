"""Comparison of another implementation with a layer, one step at a time."""
