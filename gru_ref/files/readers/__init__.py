"""Readers, a file a format: ``read(path, budget)`` returns every GRU of a file as `Found`."""

from typing import TYPE_CHECKING

from gru_ref.submodules import attach

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
