"""Which layout explains this output? Arrays of unknown layout, and one pair of input and output.

`diagnose` tries every reading of the arrays, formula and direction, with the pairs of activations
of which one is usual, and answers with the class of those that reproduce the outputs within the
margin of the precision.
"""

from __future__ import annotations

from gru_ref.debugging.doctor.diagnosis import Diagnosis, Explanation
from gru_ref.debugging.doctor.reading import Reading
from gru_ref.debugging.doctor.search import diagnose

__all__ = ["Diagnosis", "Explanation", "Reading", "diagnose"]
