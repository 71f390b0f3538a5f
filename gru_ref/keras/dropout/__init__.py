"""Dropout: the masks of each release, and the streams that they are drawn from."""
