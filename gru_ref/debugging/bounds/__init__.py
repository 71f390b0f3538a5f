"""Bounds of the rounding errors of a step, a sequence and a final state."""
