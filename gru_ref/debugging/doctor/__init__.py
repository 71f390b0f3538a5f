"""The layout of unknown arrays, found from one pair of input and output.

`diagnose` tries every reading of the arrays, every formula and direction, with pairs of activations
of which at least one is usual, and returns the class of those that reproduce the outputs within the
margin of the precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gru_ref.debugging.doctor.diagnosis import Diagnosis, Explanation
from gru_ref.debugging.doctor.reading import Reading
from gru_ref.debugging.doctor.search import diagnose
from gru_ref.submodules import attach

__all__ = ["Diagnosis", "Explanation", "Reading", "diagnose"]

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
