"""The commands and the pytest plugin that run the comparisons."""
