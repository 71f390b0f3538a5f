"""Steps of another implementation's sequence, each restarted from that sequence's own state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Moment
from gru_ref.core.step import Step
from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.step_bounds import Bounded, BoundedStep, bounded_step, operands
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.files.probe import absolute_error

Array = NDArray[Any]

GATES = ("z", "r", "candidate")
FINAL = "final state"


class Schedule(NamedTuple):
    """The inputs of every step of a call, timesteps first, in processing order.

    Parameters
    ----------
    timestep : (timesteps,), int
        The index of each in the input.
    x : (timesteps, batch, features)
    start : (batch, units)
    used : (timesteps, batch, units), bool
        Where a step makes a new state; elsewhere the previous state is kept.
    origin : (timesteps, batch, units), int
        The step whose state the output is, counted from 1; 0 for an output that is 0.
    x_masks, h_masks : (3, timesteps, batch, …), optional
        The factors of the x and the h that enter z, r and the candidate.
    h_factor : (timesteps, batch, units), optional
        A factor of h everywhere; other than 1 only for a quirk of old releases.
    """

    timestep: Array
    x: Array
    start: Array
    used: Array
    origin: Array
    x_masks: Array | None
    h_masks: Array | None
    h_factor: Array | None


class ForeignSteps(NamedTuple):
    """The steps that an implementation returned, timesteps first, in processing order.

    Parameters
    ----------
    output : (timesteps, batch, units), optional
    h : (timesteps, batch, units), optional
        The states, if they are known separately from the outputs.
    gates : mapping
        z, r and candidate, as far as known, (timesteps, batch, units) each.
    state : (batch, units), optional
        The final state, if it is given in addition.
    """

    output: Array | None
    h: Array | None
    gates: Mapping[str, Array]
    state: Array | None = None


class Verdict(NamedTuple):
    """The errors of all numbers, with each step restarted from the previous state.

    Parameters
    ----------
    ratio : mapping
        For z, r, candidate and h, as far as given: |error| / bound, (timesteps, batch, units).
        Values up to 1 are inside. h is 0 where nothing is known, and infinite where an output that
        has to be a copy, or zero, is not. If the states are known separately, "output" holds the
        latter; "final state", at the last step, is infinite if it is not the last state.
    error : mapping
        |error| of the same numbers.
    expected : mapping
        The result of the step, and its bound; of z, r and candidate also where they are not given.
    """

    ratio: dict[str, Array]
    error: dict[str, Array]
    expected: dict[str, Bounded]

    @property
    def worst(self) -> float:
        """The largest ratio; at most 1 if every number is inside its bound."""
        return max(float(ratio.max()) for ratio in self.ratio.values())

    @property
    def largest_error(self) -> float:
        """The largest error of the given numbers."""
        return max(float(error.max()) for error in self.error.values())


def schedule(attempt: Attempt, call: Call) -> Schedule:
    """Return what the loop passes to every step of a call.

    The loop itself is run, with steps that record where a state comes from instead of computing it.
    """
    seen: list[tuple[Array, Array | None, Array | None]] = []

    def counting(x: Array, h_prev: Array, *_: Any, **masks: Any) -> Step:
        seen.append((h_prev, masks["dropout_mask"], masks["recurrent_dropout_mask"]))
        return _empty(np.full_like(h_prev, len(seen)))

    def ones(x: Array, h_prev: Array, *_: Any, **masks: Any) -> Step:
        seen.append((h_prev, None, None))
        return _empty(np.ones_like(h_prev))

    moments = _run(attempt, call, counting, None)
    origin = np.stack([moment.output for moment in moments]).astype(int)
    x = np.stack([moment.x for moment in moments])
    x_masks = _by_gate([drop for _, drop, _ in seen], x.shape)
    h_masks = _by_gate([drop for _, _, drop in seen], origin.shape)
    used = [True if moment.used is None else moment.used for moment in moments]
    h_factor = None
    if call.recurrent_dropout_mask is not None:
        seen.clear()
        _run(attempt, call, ones, np.ones(origin.shape[1:]))
        h_factor = np.stack([h_prev for h_prev, _, _ in seen])
    start = np.zeros(origin.shape[1:]) if call.initial_state is None else call.initial_state
    return Schedule(
        np.array([moment.t for moment in moments]),
        x,
        np.broadcast_to(start, origin.shape[1:]),
        np.stack([np.broadcast_to(now, origin.shape[1:]) for now in used]),
        origin,
        x_masks,
        h_masks,
        h_factor,
    )


def _run(attempt: Attempt, call: Call, step: Any, initial_state: Array | None) -> list[Moment]:
    record: list[Moment] = []
    call = call._replace(initial_state=initial_state)
    every = replace(attempt.config, return_sequences=True)
    call.run(attempt.weights, every, step=step, record=record)
    return record


def _empty(h: Array) -> Step:
    return Step(h, h, h, h, (h, h, h), (h, h, h))


def _by_gate(masks: list[Array | None], shape: tuple[int, ...]) -> Array | None:
    """Return the masks of every gate and timestep, the gate first."""
    given = [mask for mask in masks if mask is not None]
    if not given:
        return None
    return np.stack([np.broadcast_to(mask, (3, *shape[1:])) for mask in given], axis=1)


def states_of(theirs: ForeignSteps, plan: Schedule) -> tuple[Array, Array]:
    """Return the state after every step, and where it is known.

    It is read from their outputs, except where an output is zeroed and not a copy of an earlier
    one.
    """
    if theirs.h is not None:
        return theirs.h, np.ones(plan.used.shape, bool)
    assert theirs.output is not None
    told = plan.origin == _numbers(plan)
    states, known = np.empty(told.shape), np.empty(told.shape, bool)
    before, is_known = plan.start, np.ones(told.shape[1:], bool)
    for t, output in enumerate(theirs.output):
        before = states[t] = np.where(told[t], output, before)
        is_known = known[t] = told[t] | (~plan.used[t] & is_known)
    return states, known


def states_before(states: Array, plan: Schedule, arithmetic: FloatFormat) -> Array:
    """Return the state before every step."""
    return np.concatenate([arithmetic.round(plan.start)[np.newaxis], states[:-1]])


def _numbers(plan: Schedule) -> Array:
    """Return the number of every step, counted from 1, as a column of time."""
    return np.arange(1, len(plan.origin) + 1)[:, np.newaxis, np.newaxis]


def verdict(
    attempt: Attempt,
    call: Call,
    theirs: ForeignSteps,
    arithmetic: FloatFormat,
    plan: Schedule | None = None,
) -> Verdict:
    """Judge every step of a call, restarted from their own previous state.

    Parameters
    ----------
    attempt : Attempt
        In float64 (`Attempt.double`): the layer as the implementation is assumed to run it.
    call : Call
        One of its calls.
    theirs : ForeignSteps
        In float64.
    arithmetic : FloatFormat
        The arithmetic of the implementation.
    plan : Schedule, optional
        By default the schedule of the attempt and the call.
    """
    plan = plan or schedule(attempt, call)
    states, known = states_of(theirs, plan)
    before = states_before(states, plan, arithmetic)
    made = _restart(attempt, plan, before, theirs.gates, arithmetic)
    expected: dict[str, Bounded] = {name: getattr(made, name) for name in GATES}
    verdicts = {
        g: ratio_and_error(theirs.gates[g], expected[g]) for g in GATES if g in theirs.gates
    }
    kept = Bounded.exact(before)
    h = Bounded(*(np.where(plan.used, new, old) for new, old in zip(made.h, kept, strict=True)))
    judged = known & np.concatenate([np.ones_like(known[:1]), known[:-1]])
    of_states = [np.where(judged, value, 0) for value in ratio_and_error(states, h)]
    if theirs.output is not None:
        own = np.take_along_axis(states, np.maximum(plan.origin, 1) - 1, axis=0)
        copies = Bounded.exact(np.where(plan.origin == 0, 0, own))
        of_copies = ratio_and_error(theirs.output, copies)
        if theirs.h is not None:
            verdicts["output"], expected["output"] = of_copies, copies
        else:  # what is said to be expected is an output then
            of_states = [np.maximum(*both) for both in zip(of_states, of_copies, strict=True)]
            told = plan.origin == _numbers(plan)
            h = Bounded(*(np.where(told, new, old) for new, old in zip(h, copies, strict=True)))
    if theirs.state is not None:
        last = known & (_numbers(plan) == len(known))
        expected[FINAL] = Bounded.exact(states)
        final = ratio_and_error(np.broadcast_to(theirs.state, states.shape), expected[FINAL])
        verdicts[FINAL] = (np.where(last, final[0], 0), np.where(last, final[1], 0))
    verdicts["h"] = (of_states[0], of_states[1])
    return Verdict(
        {name: ratio for name, (ratio, _) in verdicts.items()},
        {name: error for name, (_, error) in verdicts.items()},
        {**expected, "h": h},
    )


def _restart(
    attempt: Attempt, plan: Schedule, before: Array, gates: Mapping[str, Array], a: FloatFormat
) -> BoundedStep:
    """Compute every step at once, each from the state `before` it."""
    h_prev = before if plan.h_factor is None else before * plan.h_factor
    h_prev = h_prev if attempt.formula.carried else np.zeros_like(before)
    given = operands(a.round(plan.x), h_prev, plan.x_masks, plan.h_masks)
    own = (gates["z"], gates["candidate"]) if {"z", "candidate"} <= gates.keys() else None
    with np.errstate(over="ignore", invalid="ignore"):
        return bounded_step(
            given,
            GRUWeights(*map(a.round, attempt.weights.arrays())),
            attempt.formula.recurrence(attempt.config.recurrence),
            a,
            complement=attempt.formula.complement,
            r=gates.get("r"),
            z_and_candidate=own,
        )


def ratio_and_error(actual: Array, expected: Bounded) -> tuple[Array, Array]:
    """Return |error| / bound, and |error|: 0 where both are NaN, infinite where only one is."""
    error = absolute_error(actual, expected.value)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(error == 0, 0, error / expected.bound)
    return np.where(np.isnan(ratio), np.inf, ratio), error
