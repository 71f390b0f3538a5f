"""The difference that would remain under each mistake that can be made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.final_state import ends, final_state
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.step_bounds import Bounded
from gru_ref.debugging.bounds.step_replay import (
    ForeignSteps,
    Schedule,
    Verdict,
    ratio_and_error,
    states_before,
    states_of,
    verdict,
)
from gru_ref.debugging.diff.difference import Hypothesis
from gru_ref.debugging.diff.dropout_search import first_rows, input_masks
from gru_ref.debugging.mistakes.gru_run import Attempt
from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES, Mistake

Array = NDArray[Any]

DROPOUT = BY_NAME["dropout left on"]
# Of a final state: how far off, in bounds of the right layer, one need not look more closely.
_FAR = 1000.0


def sequence_hypotheses(
    right: Attempt, states: ForeignSteps, arithmetic: FloatFormat, plan: Schedule, found: Verdict
) -> list[Hypothesis]:
    """Return the errors that remain in the states under every mistake.

    Parameters
    ----------
    right : Attempt
        In float64, the layer as it is, with return_sequences.
    states : ForeignSteps
        Without gates.
    arithmetic : FloatFormat
    plan : Schedule
        The schedule of `right` and its call.
    found : Verdict
        The verdict on the states without any mistake. Where they agree, dropout masks are not
        searched.
    """
    hypotheses = []
    for mistake in MISTAKES:
        if not mistake.applies(right):
            continue
        if mistake is not DROPOUT:
            judged = _with_mistake(mistake, right, states, arithmetic, plan)
        elif found.worst > 1:
            judged = _with_dropout(right, states, arithmetic, plan, found)
        else:
            continue
        left = judged.worst, judged.largest_error
        hypotheses.append(Hypothesis(mistake.name, mistake.meaning, *left))
    return hypotheses


def final_hypotheses(
    right: Attempt, theirs: Array, bound: Array, a: FloatFormat
) -> list[Hypothesis]:
    """Return the errors that remain under every mistake in a final state, and in a last output.

    Parameters
    ----------
    right : Attempt
        In float64, the layer as it is, without return_sequences.
    theirs, bound : (1 or 2, batch, units)
        The bound without any mistake.
    a : FloatFormat
    """
    return [
        _final_hypothesis(mistake, right, theirs, bound, a)
        for mistake in MISTAKES
        if mistake.applies(right)
    ]


def _with_mistake(
    mistake: Mistake, right: Attempt, states: ForeignSteps, arithmetic: FloatFormat, plan: Schedule
) -> Verdict:
    """Return the verdict on the states alone if a mistake was made."""
    wrong = mistake.make(right)
    call, seen = wrong.calls[0], states
    if wrong.flipped:
        seen = _map_arrays(states, lambda array: array[::-1])
    if wrong.batch_is_time:
        call = call._replace(x=call.x.swapaxes(0, 1))
        seen = _map_arrays(states, lambda array: array.swapaxes(0, 1))
        if len(plan.origin) != plan.origin.shape[1]:  # theirs is not of their rows then
            seen = seen._replace(state=None)
    same_loop = call is right.calls[0] and wrong.config is right.config
    return verdict(wrong, call, seen, arithmetic, plan if same_loop else None)


def _with_dropout(
    right: Attempt, theirs: ForeignSteps, arithmetic: FloatFormat, plan: Schedule, found: Verdict
) -> Verdict:
    """Return the verdict with the masks that fit their states best.

    A search is long, so a few rows are searched first: if no mask explains those, none explains
    everything.
    """
    outside = (found.ratio["h"] > 1).any(axis=(1, 2))
    if not 0 < right.config.dropout < 1 or not outside.any():
        return verdict(right, right.calls[0], theirs, arithmetic, plan)
    states, _ = states_of(theirs, plan)
    before = states_before(states, plan, arithmetic)
    every: Array = np.asarray(plan.used.any(axis=2))  # (T, B)
    for rows in (first_rows(every, int(outside.argmax())), every):
        masks = input_masks(right, plan, before, states, rows)
        made = plan._replace(x_masks=masks)
        found = verdict(right, right.calls[0], theirs, arithmetic, made)
        if (found.ratio["h"][rows] > 1).any():
            break
    return found


def _map_arrays(theirs: ForeignSteps, change: Callable[[Array], Array]) -> ForeignSteps:
    output, h = (None if a is None else change(a) for a in (theirs.output, theirs.h))
    return ForeignSteps(output, h, {}, theirs.state)


def _final_hypothesis(
    mistake: Mistake, right: Attempt, theirs: Array, bound: Array, arithmetic: FloatFormat
) -> Hypothesis:
    wrong = mistake.make(right)
    value = ends(wrong)[: len(theirs)]
    if value.shape != theirs.shape:  # the batch was taken for the time
        return Hypothesis(mistake.name, mistake.meaning, np.inf, np.inf)
    ratio, error = ratio_and_error(theirs, Bounded(value, bound))
    if ratio.max() <= _FAR:
        expected = final_state(wrong, arithmetic)
        ratio, error = ratio_and_error(theirs, Bounded(*(part[: len(theirs)] for part in expected)))
    return Hypothesis(mistake.name, mistake.meaning, float(ratio.max()), float(error.max()))
