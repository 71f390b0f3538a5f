"""The classic porting mistakes: the table, and how each is run."""

from typing import TYPE_CHECKING

from gru_ref.submodules import attach

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
