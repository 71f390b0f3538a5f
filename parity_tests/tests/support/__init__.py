"""Layers, files and runs of the command that tests of several folders share."""
