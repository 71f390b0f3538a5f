"""INVALID: every invalid or doubtful call, and what each Keras and gru_ref make of it.

The outcomes are those of the newest releases, tf_keras 2.21 and Keras 3.15.1, each seen live;
`parity_tests.matrix.invalid.form` says how to read a row. Symbolic and ragged tensors have no row,
for gru_ref has none; what the half types refuse is in `parity_tests.tests.wide.test_halves`.
"""

from __future__ import annotations

from parity_tests.matrix.invalid.calls import INITIAL_STATES, INPUTS, MASKS
from parity_tests.matrix.invalid.constructor import ACTIVATIONS, DROPOUT, DTYPES, KEYWORDS, UNITS
from parity_tests.matrix.invalid.form import VERDICTS, Invalid, Outcome
from parity_tests.matrix.invalid.methods import BUILD, CONFIGS, SET_WEIGHTS, SHAPES, STATES
from parity_tests.matrix.invalid.weight_arguments import PENALTIES, PROJECTIONS, WEIGHT_ARGUMENTS

INVALID: tuple[Invalid, ...] = (
    *UNITS,
    *KEYWORDS,
    *DTYPES,
    *DROPOUT,
    *ACTIVATIONS,
    *WEIGHT_ARGUMENTS,
    *PENALTIES,
    *PROJECTIONS,
    *BUILD,
    *SET_WEIGHTS,
    *STATES,
    *CONFIGS,
    *SHAPES,
    *INPUTS,
    *INITIAL_STATES,
    *MASKS,
)

# The releases that the outcomes are of; others raise other classes here and there.
RELEASES = {"keras2": "2.21", "keras3": "3.15"}

__all__ = ["INVALID", "RELEASES", "VERDICTS", "Invalid", "Outcome"]
