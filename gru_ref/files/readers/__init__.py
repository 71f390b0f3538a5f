"""Readers, a file a format: ``read(path, budget)`` returns every GRU of a file as `Found`."""
