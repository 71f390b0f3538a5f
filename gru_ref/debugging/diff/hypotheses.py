"""The difference that would remain under each mistake that can be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.final_state import ends, final_state
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.shared import Shared
from gru_ref.debugging.bounds.step_bounds import Bounded
from gru_ref.debugging.bounds.step_replay import (
    ForeignSteps,
    Replay,
    ReplayPart,
    StepModel,
    Verdict,
    ratio_and_error,
    schedule,
    states_before,
    verdict,
)
from gru_ref.debugging.diff.difference import Hypothesis
from gru_ref.debugging.diff.dropout_search import first_rows, input_masks
from gru_ref.debugging.mistakes.gru_run import Attempt
from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES, Mistake
from gru_ref.debugging.progress import Progress

Array = NDArray[Any]

DROPOUT = BY_NAME["dropout left on"]
# How many numbers of a state every mistake is judged on at least; and how many timesteps.
_SAMPLE, _LEAST = 1 << 17, 2
# Of a final state: how far off, in bounds of the right layer, one need not look more closely.
_FAR = 1000.0


@dataclass
class _Judgement:
    """A mistake in the course of being judged."""

    mistake: Mistake
    model: StepModel | None
    replay: Replay
    parts: Sequence[Array]
    sampled: int  # how many of the parts are the sample
    ratio: float = 0.0
    error: float = 0.0
    done: bool = False

    def add(self, found: Verdict) -> None:
        """Add the verdict on some timesteps."""
        self.ratio = max(self.ratio, found.worst)
        self.error = max(self.error, found.largest_error)


class SequenceHypotheses:
    """The errors that remain in the states under every mistake that can be made.

    All mistakes are judged on one part of the sequence before any is judged on the next, so that
    they share what they have in common without keeping it for long. The first parts are a sample of
    a long sequence: timesteps at even distances, the first that differs and the worst. A mistake
    that the sample refutes is judged no further, and its errors are those of the sample; so the
    errors of those that are refuted can be compared.

    Parameters
    ----------
    right : Attempt
        In float64, the layer as it is, with return_sequences.
    replay : Replay
        Of the states, without gates, by the schedule of `right` and its call.
    found : Verdict
        The verdict on the states without any mistake. Where they agree, dropout masks are not
        searched, and a mistake is judged no further once any part refutes it.

    Attributes
    ----------
    timesteps : int
        How many are judged under every mistake that they do not refute.
    """

    def __init__(self, right: Attempt, replay: Replay, found: Verdict) -> None:
        self._right, self._replay, self._found = right, replay, found
        self._differs = found.worst > 1
        shared = Shared()
        self._judged = [
            self._judgement(one, shared)
            for one in applicable(right)
            if self._differs or one is not DROPOUT
        ]
        self.timesteps = 0

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """Every mistake that is judged to the end, or refuted."""
        return [
            Hypothesis(one.mistake.name, one.mistake.meaning, one.ratio, one.error, not one.done)
            for one in self._judged
            if one.done or one.ratio > 1
        ]

    @property
    def untried(self) -> tuple[str, ...]:
        """The names of the mistakes that are neither judged to the end nor refuted."""
        return tuple(one.mistake.name for one in self._judged if not one.done and one.ratio <= 1)

    def run(self, progress: Progress) -> None:
        """Judge every mistake."""
        own, _ = self._order(self._replay)
        rounds = max(len(one.parts) for one in self._judged)
        for number in range(rounds):
            progress("mistakes", number, rounds)
            self._judge_part(number)
            self.timesteps = sum(map(len, own[: number + 1]))
        for one in self._judged:
            if one.mistake is DROPOUT:
                progress("dropout masks", 0, 0)
                one.add(_with_dropout(self._right, self._replay, self._found))
                one.done = True

    def _judge_part(self, number: int) -> None:
        shared = Shared()
        parts: dict[Replay, ReplayPart] = {}
        for one in self._judged:
            settled = one.ratio > 1 and (not self._differs or number >= one.sampled)
            if one.model is None or one.done or settled:
                continue
            if one.replay not in parts:
                parts[one.replay] = one.replay.part(one.parts[number], shared)
            one.add(parts[one.replay].verdict(one.model))
            one.done = number == len(one.parts) - 1

    def _order(self, replay: Replay) -> tuple[list[Array], int]:
        """Return the parts in the order in which they are judged, and how many are the sample."""
        every = np.arange(replay.timesteps)
        size = max(_LEAST, _SAMPLE // replay.plan.used[0].size)
        if len(every) <= size:
            parts = replay.parts()
            return parts, len(parts)
        worst = np.maximum.reduce([ratio.max(axis=(1, 2)) for ratio in self._found.ratio.values()])
        even = np.linspace(0, len(every) - 1, size).astype(int)
        chosen = np.isin(every, [*even, np.argmax(worst > 1), np.argmax(worst)])
        sample = replay.parts(every[chosen])
        return sample + replay.parts(every[~chosen]), len(sample)

    def _judgement(self, mistake: Mistake, shared: Shared) -> _Judgement:
        if mistake is DROPOUT:  # its masks are searched, not computed
            return _Judgement(mistake, None, self._replay, (), 0)
        model, replay = self._model(mistake, shared)
        return _Judgement(mistake, model, replay, *self._order(replay))

    def _model(self, mistake: Mistake, shared: Shared) -> tuple[StepModel, Replay]:
        """Return what is computed if a mistake was made, and the steps that it is judged by."""
        right, theirs, arithmetic = self._right, self._replay.theirs, self._replay.arithmetic
        wrong = mistake.make(right)
        model = StepModel.of(wrong, arithmetic, shared)
        call, seen = wrong.calls[0], theirs
        if wrong.flipped:
            seen = _map_arrays(theirs, lambda array: array[::-1])
        if wrong.batch_is_time:
            call = call._replace(x=call.x.swapaxes(0, 1))
            seen = _map_arrays(theirs, lambda array: array.swapaxes(0, 1))
            timesteps, batch = self._replay.plan.used.shape[:2]
            if timesteps != batch:  # theirs is not of their rows then
                seen = seen._replace(state=None)
        if call is not right.calls[0] or wrong.config is not right.config:
            return model, Replay(schedule(wrong, call), seen, arithmetic)
        if seen is not theirs:
            return model, Replay(self._replay.plan, seen, arithmetic)
        return model, self._replay


def applicable(right: Attempt) -> list[Mistake]:
    """Return the mistakes that can be made in an attempt."""
    return [mistake for mistake in MISTAKES if mistake.applies(right)]


def final_hypotheses(
    right: Attempt, theirs: Array, bound: Array, a: FloatFormat
) -> Iterator[Hypothesis]:
    """Yield the errors that remain under every mistake in a final state, and in a last output.

    Parameters
    ----------
    right : Attempt
        In float64, the layer as it is, without return_sequences.
    theirs, bound : (1 or 2, batch, units)
        The bound without any mistake.
    a : FloatFormat
    """
    for mistake in applicable(right):
        yield _final_hypothesis(mistake, right, theirs, bound, a)


def _with_dropout(right: Attempt, replay: Replay, found: Verdict) -> Verdict:
    """Return the verdict with the masks that fit their states best.

    A search is long, so a few rows are searched first: if no mask explains those, none explains
    everything.
    """
    plan, theirs, arithmetic = replay.plan, replay.theirs, replay.arithmetic
    outside = (found.ratio["h"] > 1).any(axis=(1, 2))
    if not 0 < right.config.dropout < 1 or not outside.any():
        return found
    before = states_before(replay.states, plan, arithmetic)
    every: Array = np.asarray(plan.used.any(axis=2))  # (T, B)
    for rows in (first_rows(every, int(outside.argmax())), every):
        masks = input_masks(right, plan, before, replay.states, rows)
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
