"""How results are shown: as text in a terminal, as plain data, and in a notebook.

rich and jinja2 are imported where they are used: a result can be made, and read as data, without
them.
"""

from typing import TYPE_CHECKING

from gru_ref.submodules import attach

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
