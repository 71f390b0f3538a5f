"""Which layout explains this output? Arrays of unknown layout, and one pair of input and output.

`diagnose` tries every reading of the arrays, formula, direction and pair of activations, and
answers with the class of those that reproduce the outputs within the margin of the precision.
"""

from __future__ import annotations

from gru_ref.doctor.diagnosis import Diagnosis, Explanation, Reading
from gru_ref.doctor.search import diagnose

__all__ = ["Diagnosis", "Explanation", "Reading", "diagnose"]
