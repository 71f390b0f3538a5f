"""Readers, a file a format: ``read(path, limits)`` returns every GRU of a file as `Found`."""
