"""Containers and wire formats, a file each: bytes to names, shapes and arrays, nothing of a GRU."""

from typing import TYPE_CHECKING

from gru_ref.submodules import attach

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
