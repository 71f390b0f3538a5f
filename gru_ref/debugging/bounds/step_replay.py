"""Steps of another implementation's sequence, each restarted from that sequence's own state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Moment
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.step import Step
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.shared import Shared
from gru_ref.debugging.bounds.step_bounds import (
    Bounded,
    BoundedStep,
    Operands,
    StepWeights,
    bounded_step,
    operands,
)
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.files.probe import absolute_error

Array = NDArray[Any]

GATES = ("z", "r", "candidate")
FINAL = "final state"
# Numbers of a state in one part of a replay.
_PART = 1 << 16


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


@dataclass(frozen=True, eq=False)
class Verdict:
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
        The result of the step, and its bound, of the same numbers.
    """

    ratio: dict[str, Array]
    error: dict[str, Array]
    expected: dict[str, Bounded]

    @classmethod
    def joined(cls, parts: Sequence[Verdict]) -> Verdict:
        """Return the verdict on all timesteps from those on the parts of a replay."""
        ratio, error = (
            {name: np.concatenate([getattr(p, field)[name] for p in parts]) for name in first}
            for field, first in (("ratio", parts[0].ratio), ("error", parts[0].error))
        )
        expected = {name: _join([p.expected[name] for p in parts]) for name in parts[0].expected}
        return cls(ratio, error, expected)

    def __len__(self) -> int:
        """The number of timesteps."""
        return len(self.ratio["h"])

    @property
    def worst(self) -> float:
        """The largest ratio; at most 1 if every number is inside its bound."""
        return max(float(ratio.max()) for ratio in self.ratio.values())

    @property
    def largest_error(self) -> float:
        """The largest error of the given numbers."""
        return max(float(error.max()) for error in self.error.values())


def _join(parts: Sequence[Bounded]) -> Bounded:
    return Bounded(*map(np.concatenate, zip(*parts, strict=True)))


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
    origin = np.stack([moment.output for moment in moments]).astype(np.int32)
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
    told = plan.origin == np.arange(1, len(plan.origin) + 1)[:, np.newaxis, np.newaxis]
    if told.all():
        return theirs.output, told
    states, known = np.empty(told.shape), np.empty(told.shape, bool)
    before, is_known = plan.start, np.ones(told.shape[1:], bool)
    for t, output in enumerate(theirs.output):
        before = states[t] = np.where(told[t], output, before)
        is_known = known[t] = told[t] | (~plan.used[t] & is_known)
    return states, known


def states_before(
    states: Array, plan: Schedule, arithmetic: FloatFormat, timesteps: Array | None = None
) -> Array:
    """Return the state before every step, or before some of them."""
    some = np.arange(len(states)) if timesteps is None else timesteps
    before: Array = states[np.maximum(some, 1) - 1]
    before[some == 0] = arithmetic.round(plan.start)
    return before


class StepModel(NamedTuple):
    """What an implementation is assumed to compute at every step.

    Parameters
    ----------
    weights : StepWeights
    recurrence : Recurrence
    complement : bool
        z is the share of the candidate.
    carried : bool
        A step starts from the previous state, not from zeros.
    """

    weights: StepWeights
    recurrence: Recurrence
    complement: bool
    carried: bool

    @classmethod
    def of(
        cls, attempt: Attempt, arithmetic: FloatFormat, shared: Shared | None = None
    ) -> StepModel:
        """Return the model of an attempt in float64, with its weights in `shared`."""
        formula = attempt.formula
        return cls(
            StepWeights.of(attempt.weights, arithmetic, shared),
            formula.recurrence(attempt.config.recurrence),
            formula.complement,
            formula.carried,
        )


class Replay:
    """The steps that an implementation returned, to be judged by models of a step, part by part.

    A part is so few timesteps that its arrays stay in the cache of a processor.

    Parameters
    ----------
    plan : Schedule
    theirs : ForeignSteps
        In float64.
    arithmetic : FloatFormat
        The arithmetic of the implementation.
    """

    def __init__(self, plan: Schedule, theirs: ForeignSteps, arithmetic: FloatFormat) -> None:
        self.plan, self.theirs, self.arithmetic = plan, theirs, arithmetic
        self.states, self.known = states_of(theirs, plan)

    @property
    def timesteps(self) -> int:
        """How many there are."""
        return len(self.plan.used)

    def parts(self, timesteps: Array | None = None) -> list[Array]:
        """Return the timesteps of every part: of all in processing order, or of those given."""
        some = np.arange(self.timesteps) if timesteps is None else timesteps
        size = max(1, _PART // self.plan.used[0].size)
        return [some[start : start + size] for start in range(0, len(some), size)]

    def part(self, timesteps: Array, shared: Shared | None = None) -> ReplayPart:
        """Return some of the timesteps; `shared` keeps what their models have in common."""
        return ReplayPart(self, timesteps, shared or Shared())

    def gates(self, model: StepModel) -> dict[str, Bounded]:
        """Return z, r and the candidate of every step, whether theirs are given or not."""
        steps = [self.part(some).step(model) for some in self.parts()]
        return {name: _join([getattr(made, name) for made in steps]) for name in GATES}


class ReplayPart:
    """Some timesteps of a replay, with what does not depend on the model of a step."""

    def __init__(self, replay: Replay, timesteps: Array, shared: Shared) -> None:
        plan, theirs, some = replay.plan, replay.theirs, timesteps
        self._shared, self._arithmetic = shared, replay.arithmetic
        self._states = np.ascontiguousarray(replay.states[some])
        self._before = states_before(replay.states, plan, replay.arithmetic, some)
        self._used = plan.used[some]
        self._gates = {name: gate[some] for name, gate in theirs.gates.items()}
        numbers = (some + 1)[:, np.newaxis, np.newaxis]
        known = replay.known[some]
        self._judged = known & ((numbers == 1) | replay.known[some - 1])
        self._told = plan.origin[some] == numbers
        x = replay.arithmetic.round(plan.x[some])
        h = self._before if plan.h_factor is None else self._before * plan.h_factor[some]
        masks = [None if m is None else m[:, some] for m in (plan.x_masks, plan.h_masks)]
        self._operands = {
            carried: _share(operands(x, h if carried else np.zeros_like(h), *masks), shared)
            for carried in (True, False)
        }
        self._states_are_outputs = theirs.h is None
        self._copies = self._of_copies = None
        # A state that is read from its own output is a copy of it.
        if theirs.output is not None and not (self._states_are_outputs and self._told.all()):
            own = np.take_along_axis(replay.states, np.maximum(plan.origin[some], 1) - 1, axis=0)
            self._copies = Bounded.exact(np.where(plan.origin[some] == 0, 0, own))
            self._of_copies = ratio_and_error(theirs.output[some], self._copies)
        self._of_final = None
        if theirs.state is not None:
            last = known & (numbers == len(replay.known))
            state = np.broadcast_to(theirs.state, last.shape)
            ratio, error = ratio_and_error(state, Bounded.exact(self._states))
            self._of_final = np.where(last, ratio, 0), np.where(last, error, 0)

    def verdict(self, model: StepModel) -> Verdict:
        """Judge the steps, each restarted from the state before it."""
        made = self.step(model)
        expected: dict[str, Bounded] = {g: getattr(made, g) for g in GATES if g in self._gates}
        verdicts = {g: ratio_and_error(self._gates[g], own) for g, own in expected.items()}
        h = _where(self._used, made.h, Bounded.exact(self._before))
        ratio, error = ratio_and_error(self._states, h)
        of_states = np.where(self._judged, ratio, 0), np.where(self._judged, error, 0)
        if self._copies is not None and self._of_copies is not None:
            if not self._states_are_outputs:
                verdicts["output"], expected["output"] = self._of_copies, self._copies
            else:  # what is said to be expected is an output then
                of_states = (
                    np.maximum(of_states[0], self._of_copies[0]),
                    np.maximum(of_states[1], self._of_copies[1]),
                )
                h = _where(self._told, h, self._copies)
        if self._of_final is not None:
            verdicts[FINAL], expected[FINAL] = self._of_final, Bounded.exact(self._states)
        verdicts["h"] = of_states
        return Verdict(
            {name: ratio for name, (ratio, _) in verdicts.items()},
            {name: error for name, (_, error) in verdicts.items()},
            {**expected, "h": h},
        )

    def step(self, model: StepModel) -> BoundedStep:
        """Compute the steps, each from the state before it, and from their own gates if given."""
        gates = self._gates
        own = (gates["z"], gates["candidate"]) if {"z", "candidate"} <= gates.keys() else None
        with np.errstate(over="ignore", invalid="ignore"):
            return bounded_step(
                self._operands[model.carried],
                model.weights,
                model.recurrence,
                self._arithmetic,
                complement=model.complement,
                r=gates.get("r"),
                z_and_candidate=own,
                shared=self._shared,
            )


def _share(given: Operands, shared: Shared) -> Operands:
    """Return operands of which those of the same numbers are the same arrays."""
    x_z, x_r, x_h = map(shared.array, given.x_gates)
    h_z, h_r, h_h = map(shared.array, given.h_gates)
    return Operands((x_z, x_r, x_h), shared.array(given.h_prev), (h_z, h_r, h_h))


def _where(condition: Array, chosen: Bounded, other: Bounded) -> Bounded:
    if condition.all():
        return chosen
    return Bounded(*(np.where(condition, *both) for both in zip(chosen, other, strict=True)))


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
    replay = Replay(plan or schedule(attempt, call), theirs, arithmetic)
    model = StepModel.of(attempt, arithmetic)
    return Verdict.joined([replay.part(some).verdict(model) for some in replay.parts()])


def ratio_and_error(actual: Array, expected: Bounded) -> tuple[Array, Array]:
    """Return |error| / bound, and |error|: 0 where both are NaN, infinite where only one is."""
    error = absolute_error(actual, expected.value)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(error == 0, 0, error / expected.bound)
    return np.where(np.isnan(ratio), np.inf, ratio), error
