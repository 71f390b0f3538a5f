"""Tests of the same sizes that see more: random numbers, no two of the same kind equal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.lint.sizes import Sizes, proof_of
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.debugging.mistakes.table import MISTAKES
from gru_ref.debugging.mistakes.topics import INITIAL_STATE, MASKS, TOPICS
from gru_ref.files.probe import draw

Array = NDArray[Any]

# Tries, and by how much the weights are larger: unbounded activations need smaller ones.
_SCALES = (1.0, 1.0, 0.5, 2.0, 0.25, 0.0625)
# Of inputs where the weights are given.
_INPUT_SCALES = (1.0, 4.0, 0.25)
# What shows by so many tolerances shows in a looser test too: no further try is made.
_MARGIN = 10.0


class DrawnTest(NamedTuple):
    """A drawn test, and its result for every mistake that can be made in it.

    Parameters
    ----------
    name : str
        What it has besides inputs: "state and mask", "state" or "inputs alone".
    attempt : Attempt
        In float64.
    makeable : frozenset of str
        The mistakes that can be made in it.
    seen : dict
        The mistakes that it sees → the difference in units of the tolerance.
    """

    name: str
    attempt: Attempt
    makeable: frozenset[str]
    seen: dict[str, float]

    @property
    def margin(self) -> float:
        """The smallest difference of a mistake that it sees, in units of the tolerance."""
        return min(self.seen.values(), default=0.0)


class Better(NamedTuple):
    """Tests of the same layer and sizes.

    Parameters
    ----------
    chosen : tuple of DrawnTest
        No other drawn test sees a mistake that these do not see. Nearly always it is one test:
        there is a second if a mask or an initial state hides a mistake.
    makeable : frozenset of str
        The mistakes that can be made in any of them.
    generic : Attempt
        The first drawn test, with an initial state and a mask, whatever is ignored.
    """

    chosen: tuple[DrawnTest, ...]
    makeable: frozenset[str]
    generic: Attempt

    @property
    def seen(self) -> frozenset[str]:
        """The mistakes that one of them sees."""
        return frozenset(name for one in self.chosen for name in one.seen)


def better(given: Vectors, ignored: frozenset[str] = frozenset()) -> Better:
    """Return drawn tests of the layer and sizes of `given` that see the most mistakes.

    Of the mistakes in `ignored`, none counts. A test has no mask where all mistakes about masks are
    ignored: its port takes none; and so with the initial state.
    """
    left_out = {topic for topic in (MASKS, INITIAL_STATE) if ignored.issuperset(TOPICS[topic])}
    bits = np.random.PCG64(0)
    tried: list[DrawnTest] = []
    generic: Attempt | None = None
    for scale in _SCALES:
        for name, attempt in _draw(given.attempt, scale, bits):
            generic = generic or attempt
            (call,) = attempt.calls
            has = {MASKS: call.mask is not None, INITIAL_STATE: call.initial_state is not None}
            if any(has[topic] for topic in left_out):
                continue
            tried.append(_judge(name, attempt, given, ignored))
            found = _best(tried, generic)
            unseen = found.makeable - found.seen
            if all(proof_of(mistake, given.attempt) for mistake in unseen):
                if min(one.margin for one in found.chosen) >= _MARGIN:
                    return found
                break  # this draw sees everything: perhaps another shows it more clearly
    return found


def generic_attempt(like: Attempt) -> Attempt:
    """Return a call of the layer and sizes of `like` whose weights and arguments are all drawn."""
    return next(_draw(like, 1.0, np.random.PCG64(0)))[1]


def witness_calls(given: Vectors) -> dict[str, Call]:
    """Return calls of the layer of `given`, with its own weights, that see the most mistakes.

    The weights stay, so the inputs alone are drawn, at a few scales: weights that are large
    saturate the gates, and small ones let no input through.

    Returns
    -------
    dict
        "inputs", "mask", "state" and "state_and_mask" → the call that has these.
    """
    bits = np.random.PCG64(0)
    most, found = -1, dict[str, Call]()
    for scale in _INPUT_SCALES:
        state, mask, x = _arguments(given.attempt, scale, bits)
        fullest = Call(x, state, mask)
        seen = _judge("", replace(given.attempt, calls=(fullest,)), given, frozenset()).seen
        if len(seen) <= most:
            break
        most = len(seen)
        found = {
            "inputs": Call(x),
            "mask": Call(x, None, mask),
            "state": Call(x, state),
            "state_and_mask": fullest,
        }
    return found


def _best(tried: Sequence[DrawnTest], generic: Attempt) -> Better:
    makeable = frozenset[str]().union(*(one.makeable for one in tried))
    return Better(_cover(tried), makeable, generic)


def _judge(name: str, attempt: Attempt, given: Vectors, ignored: frozenset[str]) -> DrawnTest:
    """Return a drawn test with all that it sees at the tolerance of the given one."""
    vectors = Vectors.of(attempt, given.atol, given.rtol)
    counted = (mistake for mistake in MISTAKES if mistake.name not in ignored)
    makeable = [mistake for mistake in counted if vectors.applies(mistake)]
    shown = {mistake.name: vectors.error_of(mistake) for mistake in makeable}
    seen = {name: one.tolerances for name, one in shown.items() if one.seen}
    return DrawnTest(name, attempt, frozenset(shown), seen)


def _cover(tried: Sequence[DrawnTest]) -> tuple[DrawnTest, ...]:
    """Return few candidates that together see what any of them sees."""
    chosen: list[DrawnTest] = []
    seen: set[str] = set()
    while True:
        best = max(tried, key=lambda one: (len(set(one.seen) - seen), one.margin))
        if not set(best.seen) - seen:
            return tuple(chosen) or (best,)
        chosen.append(best)
        seen |= set(best.seen)


def _draw(like: Attempt, scale: float, bits: np.random.PCG64) -> Iterator[tuple[str, Attempt]]:
    """Yield tests of the sizes of another."""
    _, _, features, units = Sizes.of(like)
    sizes = {"kernel": features, "recurrent_kernel": units, "bias": 1}
    weights = {
        name: draw(bits, *array.shape) * scale * 2.0 ** round(math.log2(2 / math.sqrt(sizes[name])))
        for name, array in like.weights.named().items()
    }
    start, mask, x = _arguments(like, 1.0, bits)
    calls = {
        "state and mask": Call(x, start, mask),
        "state": Call(x, start),
        "inputs alone": Call(x),
    }
    for name, call in calls.items():
        yield name, replace(like, weights=GRUWeights(**weights), calls=(call,))


def _arguments(like: Attempt, scale: float, bits: np.random.PCG64) -> tuple[Array, Array, Array]:
    """Return an initial state, a mask, and inputs, these times `scale`, of the sizes of `like`."""
    batch, timesteps, features, units = Sizes.of(like)
    x, start = draw(bits, batch, timesteps, features) * scale, draw(bits, batch, units)
    mask = _mask(batch, timesteps, backwards=like.config.go_backwards)
    if like.config.time_major:
        x, mask = x.swapaxes(0, 1), mask.T
    return start, mask, x


def _mask(batch: int, timesteps: int, *, backwards: bool) -> Array:
    """Return a mask of no two rows alike, as far as that goes; the first of several uses all.

    The first row that is masked lacks the last timestep of the processing order, which the last
    output shows.
    """
    mask = np.ones((batch, timesteps), bool)
    for number, row in enumerate(range(min(1, batch - 1), batch)):
        mask[row, -1 - number % timesteps] = False
    return mask[:, ::-1] if backwards else mask
