"""Initializers, regularizers and constraints."""
