"""Containers and wire formats, a file each: bytes to names, shapes and arrays, nothing of a GRU."""
