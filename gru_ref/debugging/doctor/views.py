"""Candidates as their users see them: inputs and outputs in their own axes and order of time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor.candidates import Candidate, Fit
from gru_ref.debugging.doctor.evidence import (
    AS_PROCESSED,
    AT_LAST_INPUT,
    BACKWARD,
    LAST,
    Timing,
    time_first,
)
from gru_ref.debugging.doctor.runs import states
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array


class View(NamedTuple):
    """A candidate, and one way to see time in its inputs and outputs."""

    fit: Fit
    timing: Timing

    @property
    def candidate(self) -> Candidate:
        """The candidate."""
        return self.fit.candidate


def output(space: Space, view: View, inputs: Array, initial_state: Array | None) -> Array:
    """Return what the source would hand out for an input.

    Parameters
    ----------
    inputs : in the axes of the inputs that were handed over
    """
    timing = view.timing
    seen = dict(time_first(inputs))
    x = seen.get(timing.time_major, seen[True])  # one step of one row is seen in one way
    x = x[::-1] if timing.direction == BACKWARD else x
    if timing.output == AT_LAST_INPUT:
        x = x[:1]
    made = states(space, view.candidate, x, initial_state)
    if timing.output in (LAST, AT_LAST_INPUT):
        last: Array = made[-1]
        return last
    ordered = made if timing.output == AS_PROCESSED else made[::-1]
    return ordered if timing.output_time_major else np.swapaxes(ordered, 0, 1)


def difference(one: Array, other: Array) -> float:
    """Return the largest difference of two outputs; infinity where their shapes differ."""
    if one.shape != other.shape:
        return float("inf")
    with np.errstate(all="ignore"):
        found = float(np.abs(one - other).max())
    return found if np.isfinite(found) else float("inf")
