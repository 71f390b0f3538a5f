"""Computations just outside the space: where one fits as well as a layout, no layout is claimed.

Coarse rounding hides small differences, so that the closest layout may be within the margin though
the source was something else. What is close to a GRU's formula is known, and is tried as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gru_ref.debugging.doctor.candidates import Candidate, Fit
from gru_ref.debugging.doctor.functions import COMMON_GATES, name_of
from gru_ref.debugging.doctor.precision import LEAST_TYPICAL, Rounding
from gru_ref.debugging.doctor.steps import Array
from gru_ref.keras.activations.tables import Function

# The best layouts whose neighbours are tried.
_MOST = 4
# A decoy is ruled out if the sum of the squares of its residuals is larger by so many variances:
# independent residuals of a true decoy come to that in one of 400 runs, wherever it lies.
_RULED_OUT = 8.0


def _arctan(x: Array) -> Array:
    made: Array = np.arctan(x)
    return made


def _scaled_tanh(x: Array) -> Array:
    made: Array = 1.7159 * np.tanh(2 / 3 * x)
    return made


def _error_function(x: Array) -> Array:
    """Return what is within 0.001 of erf(x √π / 2), whose slope at zero is that of tanh."""
    made: Array = np.tanh(x + 0.0724 * x**3)
    return made


def _hard_quarter(x: Array) -> Array:
    made: Array = np.clip(0.25 * x + 0.5, 0, 1)
    return made


# Candidates' activations that no Keras has, and gates'.
_CANDIDATES: dict[Function, str] = {
    _arctan: "arctan",
    _scaled_tanh: "1.7159 tanh(2x/3)",
    _error_function: "erf",
}
_GATES: dict[Function, str] = {_hard_quarter: "a hard sigmoid of slope 1/4"}


def rival(
    fits: Sequence[Fit],
    fit: Callable[[Candidate], Fit],
    rounding: Rounding,
    *,
    free: tuple[bool, bool],
) -> str | None:
    """Return a check that names what outside the space fits as well as the best layouts, or None.

    Parameters
    ----------
    fits : sequence of Fit
        Those that explain the outputs.
    fit : callable
        How well a candidate fits.
    rounding : Rounding
        What is assumed; only a coarse one lets a decoy come close.
    free : (bool, bool)
        Whether the recurrent_activation may be anything, and the activation: one that the user has
        named has no decoys.
    """
    if not rounding.coarse:
        return None
    ordered = sorted(fits, key=lambda one: one.typical)[:_MOST]
    for one in ordered:
        for decoy, words in _decoys(one.candidate, *free):
            if _as_well(fit(decoy), ordered[0]):
                return (
                    f"{words} fits as well as the closest layout, and is no layout: {rounding} "
                    "leaves too little to tell; take finer outputs, or say what activation and "
                    "recurrent_activation are"
                )
    return None


def _as_well(decoy: Fit, best: Fit) -> bool:
    if best.typical <= LEAST_TYPICAL:  # closer than rounding lets it be: nothing fits better
        return False
    more = decoy.typical**2 - best.typical**2
    return more * best.outputs < _RULED_OUT * best.typical**2


def _decoys(
    one: Candidate, any_gates: bool, any_candidate: bool
) -> Iterator[tuple[Candidate, str]]:
    """Yield what is close to a candidate, and its name."""
    if any_gates:
        for z, r in itertools.permutations(COMMON_GATES, 2):
            yield one._replace(gates=z, reset=r), f"z by {name_of(z)} and r by {name_of(r)}"
        for function, words in _GATES.items():
            yield one._replace(gates=function), f"the gates by {words}"
    if any_candidate:
        for function, words in _CANDIDATES.items():
            yield one._replace(candidate=function), f"the candidate by {words}"
