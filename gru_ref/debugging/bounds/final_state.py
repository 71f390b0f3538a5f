"""The rounding error of a final state when no earlier step is known.

A bound over a whole sequence is useless: multiplied by the largest gain of each step, it grows
without limit. So every step is bounded (`gru_ref.debugging.bounds.step_bounds`), but how later
steps propagate the errors is measured: the sequence is run several times, with each step off by its
whole bound in a random direction for each number, and a state may be off by `MARGIN` times the
largest change.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.step import Step
from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.step_bounds import Bounded, StepWeights, bounded_step, operands
from gru_ref.debugging.mistakes.gru_run import Attempt, run

Array = NDArray[Any]

RUNS, MARGIN = 6, 4.0


def final_state(attempt: Attempt, arithmetic: FloatFormat) -> Bounded:
    """Return the end of the first call, and how far a correct implementation may be from it.

    Parameters
    ----------
    attempt : Attempt
        In float64, without return_sequences.
    arithmetic : FloatFormat
        The arithmetic of the implementation.

    Returns
    -------
    Bounded
        (2, batch, units), the last output and the final state: the value is `attempt`'s, the bound
        an estimate.
    """
    stored = as_stored(attempt, arithmetic)
    value = ends(stored)
    perturbed = _perturb(stored, arithmetic)  # (2, RUNS, batch, units)
    bound = np.abs(perturbed - value[:, np.newaxis]).max(axis=1)
    return Bounded(value, MARGIN * bound + arithmetic.underflow)


def ends(attempt: Attempt, step: Any = None) -> Array:
    """Return the last output and the final state of the first call, (2, batch, units)."""
    made = run(attempt, step)
    return np.stack([made.outputs[0], made.states[0]])


def as_stored(attempt: Attempt, arithmetic: FloatFormat) -> Attempt:
    """Return the attempt with its weights, inputs and states as the implementation stores them."""
    calls = (
        call._replace(
            x=arithmetic.round(call.x),
            initial_state=None
            if call.initial_state is None
            else arithmetic.round(call.initial_state),
        )
        for call in attempt.calls
    )
    weights = GRUWeights(*map(arithmetic.round, attempt.weights.arrays()))
    return replace(attempt, weights=weights, calls=tuple(calls))


def _perturb(attempt: Attempt, arithmetic: FloatFormat) -> Array:
    """Return how the runs end in which every step is off by its bound, one way or the other."""
    formula = attempt.formula
    stored = StepWeights.of(attempt.weights, arithmetic)
    rngs = [np.random.default_rng(number) for number in range(RUNS)]

    def step(
        x: Array, h_prev: Array, weights: GRUWeights, recurrence: Recurrence, **masks: Any
    ) -> Step:
        started = h_prev if formula.carried else np.zeros_like(h_prev)
        made = bounded_step(
            operands(x, started, masks["dropout_mask"], masks["recurrent_dropout_mask"]),
            stored,
            formula.recurrence(recurrence),
            arithmetic,
            complement=formula.complement,
        )
        shape = len(x) // RUNS, h_prev.shape[1]
        signs = np.concatenate([rng.choice((-1.0, 1.0), shape) for rng in rngs])
        h = made.h.value + signs * made.h.bound
        return Step(h, made.z.value, made.r.value, made.candidate.value, (h, h, h), (h, h, h))

    ended = ends(_side_by_side(attempt), step)
    return ended.reshape(len(ended), RUNS, -1, ended.shape[-1])


def _side_by_side(attempt: Attempt) -> Attempt:
    """Return the attempt with its first call once for every run, as rows of one batch."""
    call = attempt.calls[0]
    axis = 1 if attempt.config.time_major != attempt.batch_is_time else 0
    batch = call.x.shape[axis]

    def rows(array: Array | None, axis: int) -> Array | None:
        if array is None or array.shape[axis] != batch:  # one row for all
            return array
        return np.concatenate([array] * RUNS, axis)

    drawn = axis if attempt.config.path == "fused" else -2  # fused, a mask is shaped like x
    x = np.concatenate([call.x] * RUNS, axis)
    repeated = call._replace(
        x=x,
        initial_state=rows(call.initial_state, 0),
        mask=rows(call.mask, axis),
        dropout_mask=rows(call.dropout_mask, drawn),
        recurrent_dropout_mask=rows(call.recurrent_dropout_mask, -2),
    )
    return replace(attempt, calls=(repeated,))
