"""A test of a GRU: the call that it makes, the outputs that it compares, and its tolerance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.mistakes.gru_run import Attempt, run
from gru_ref.debugging.mistakes.table import BY_NAME, Mistake
from gru_ref.files.probe import absolute_error

Array = NDArray[Any]

# A run in float64 differs by this many eps of its largest number and means nothing by it.
_NOISE = 64 * float(np.finfo("float64").eps)
# The mistake that can be made in another call too, where no array's shape refuses it.
SWAPPED_AXES = BY_NAME["batch and time swapped"]


class Effect(NamedTuple):
    """The effect of a mistake on a test.

    Parameters
    ----------
    tolerances : float
        The largest error of the outputs, in units of what the test allows: it fails above 1.
    error : float
        The largest change of the outputs by the mistake.

    Both are infinite if the shapes of arrays do not allow the mistake, or if a number that should
    be finite is not.
    """

    tolerances: float
    error: float

    @property
    def seen(self) -> bool:
        """Whether the test fails."""
        return self.tolerances > 1


UNSEEN, REFUSED = Effect(0.0, 0.0), Effect(np.inf, np.inf)


@dataclass(frozen=True, eq=False)
class Vectors:
    """One call of a GRU, or several in a row, and how the outputs of the last are compared.

    Parameters
    ----------
    attempt : Attempt
        In float64.
    right : tuple of arrays
        The results without a mistake: the output and, with return_state, the state.
    expected : tuple of arrays
        The arrays that the test compares with the results.
    atol, rtol : float
        The test fails where |output − expected| > atol + rtol · |expected|.
    """

    attempt: Attempt
    right: tuple[Array, ...]
    expected: tuple[Array, ...]
    atol: float
    rtol: float

    @classmethod
    def of(cls, attempt: Attempt, atol: float, rtol: float) -> Vectors:
        """Return the test that expects the GRU's own results."""
        right = _outputs_of_interest(attempt, attempt)
        return cls(attempt, right, right, atol, rtol)

    def applies(self, mistake: Mistake) -> bool:
        """Return whether a port can make the mistake in this call."""
        return mistake.applies(self.attempt) or mistake is SWAPPED_AXES

    def error_of(self, mistake: Mistake) -> Effect:
        """Return the effect on the test of a mistake; none if it cannot be made."""
        if not self.applies(mistake):
            return UNSEEN
        try:
            made = _outputs_of_interest(mistake.make(self.attempt), self.attempt)
        except ValueError:  # arrays that do not fit: a port fails, loudly
            if mistake is not SWAPPED_AXES:
                raise
            return REFUSED
        if any(one.shape != other.shape for one, other in zip(made, self.right, strict=True)):
            return REFUSED
        error = max(map(_largest, map(_difference, made, self.right)))
        return Effect(self.tolerances_of(made), error) if error else UNSEEN

    def tolerances_of(self, outputs: tuple[Array, ...]) -> float:
        """Return the largest error of outputs, in units of what the test allows."""
        worst = 0.0
        for actual, expected in zip(outputs, self.expected, strict=True):
            error = _difference(actual, expected)
            allowed = self.atol + self.rtol * np.where(np.isfinite(expected), abs(expected), 0)
            with np.errstate(all="ignore"):
                worst = max(worst, _largest(np.where(error == 0, 0.0, error / allowed)))
        return worst


def _difference(actual: Array, expected: Array) -> Array:
    """Return |actual − expected|, infinite where they are not finite alike, 0 for rounding."""
    error = absolute_error(actual, expected)
    noise = _NOISE * max(1.0, _largest(np.abs(expected[np.isfinite(expected)])))
    return np.where(error <= noise, 0.0, error)


def _largest(values: Array) -> float:
    return float(values.max(initial=0.0))


def call_of_test(attempt: Attempt, *, sequences: bool, state: bool) -> Attempt:
    """Return the call of a test without a mask or state that has no effect.

    Parameters
    ----------
    attempt : Attempt
        Of one call.
    sequences, state : bool
        Whether the test compares the output of every timestep, and the final state.
    """
    (call,) = attempt.calls
    if call.mask is not None and np.all(call.mask):
        call = call._replace(mask=None)
    if call.initial_state is not None and not np.any(call.initial_state):
        call = call._replace(initial_state=None)
    config = replace(attempt.config, return_sequences=sequences, return_state=state)
    return replace(attempt, config=config, calls=(call,))


def _outputs_of_interest(made: Attempt, meant: Attempt) -> tuple[Array, ...]:
    """Return what a test that means `meant` looks at when `made` is run."""
    result = run(made)
    return (result.outputs[-1], *(result.states[-1:] if meant.config.return_state else ()))
