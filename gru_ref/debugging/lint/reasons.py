"""Proved reasons why a test does not see a mistake: it sees it with other numbers in one part."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gru_ref.core.loop import Moment
from gru_ref.debugging.lint.properties import TestPart, parts_of
from gru_ref.debugging.lint.sizes import proof_of
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.gru_run import Attempt
from gru_ref.debugging.mistakes.table import Mistake

SATURATED, TOO_LITTLE = "most gates are saturated", "it changes too little"
NOT_FINITE = "no output is a finite number"
# A gate this near to 0 or 1 does not tell what drives it; and how many of them are most.
_NEAR, _MOST = 1e-3, 0.5
_DRIVES = ("inputs", "kernel", "recurrent kernel", "bias")


class Reason(NamedTuple):
    """The reason why a mistake does not show.

    Parameters
    ----------
    causes : tuple of tuples of str
        The causes that hide it together. It shows if everything that any one of them names is
        changed.
    instead : float or None
        The error that it then causes, with other numbers there; None if no test of the same sizes
        was found that shows it.
    proved : bool
        It is proved that no test of the same sizes shows it: the cause is the proof.
    """

    causes: tuple[tuple[str, ...], ...]
    instead: float | None
    proved: bool = False


class Reasons:
    """The reasons why a test does not see mistakes.

    The search is for the smallest sets of parts that let the test see a mistake once they have
    generic numbers. For each such part, the reason names the strongest property that hides the
    mistake again for any numbers.

    Parameters
    ----------
    given : Vectors
        The test.
    generic : Attempt
        An attempt with the same layer and sizes, whose numbers have no property.
    """

    def __init__(self, given: Vectors, generic: Attempt) -> None:
        self._given = given
        self._generic = generic
        config = replace(generic.config, return_sequences=True)
        self._every = replace(generic, config=config)
        self._saturated = is_saturated(given.attempt)
        self._parts = [
            part
            for part in parts_of(given.attempt)
            if part.held(given.attempt, self._every) or (self._saturated and part.name in _DRIVES)
        ]
        self._repaired = functools.cache(self._repair)

    def reason(self, mistake: Mistake) -> Reason:
        """Return the reason why the test does not see a mistake; it must not see it."""
        if proof := proof_of(mistake.name, self._given.attempt):
            return Reason(((proof,),), None, proved=True)
        # A mask may hide all else: nothing is looked for if it shows neither with one nor without.
        unmasked = [part for part in self._parts if part.name != "mask"]
        if any(self._repaired(*some).error_of(mistake).seen for some in (self._parts, unmasked)):
            for count in range(1, len(self._parts) + 1):
                if reason := self._of_some(mistake, count):
                    return reason
        other = self._like(self._generic).error_of(mistake)
        if not any(np.isfinite(array).any() for array in self._given.right):
            what = NOT_FINITE
        else:
            what = SATURATED if self._saturated else TOO_LITTLE
        return Reason(((what,),), other.error if other.seen else None)

    def _of_some(self, mistake: Mistake, count: int) -> Reason | None:
        """Return what hides a mistake in any `count` of the parts; None if nothing in so few."""
        causes, instead = [], 0.0
        for parts in itertools.combinations(self._parts, count):
            repaired = self._repaired(*parts)
            shown = repaired.error_of(mistake)
            if shown.seen:
                names = [self._property(mistake, part, repaired.attempt) for part in parts]
                causes.append(tuple(dict.fromkeys(names)))
                instead = instead or shown.error
        return Reason(tuple(dict.fromkeys(causes)), instead) if causes else None

    def _property(self, mistake: Mistake, part: TestPart, repaired: Attempt) -> str:
        """Return the strongest property of one part that hides the mistake, all others repaired."""
        held = part.held(self._given.attempt, self._every)
        value = part.get(self._every)
        for one in held:
            projected = None if value is None else one.project(value)
            if not self._like(part.put(repaired, projected)).error_of(mistake).seen:
                return one.sentence
        return held[0].sentence if held else SATURATED

    def _repair(self, *parts: TestPart) -> Vectors:
        """Return the test with some parts of the generic one."""
        attempt = self._given.attempt
        for part in parts:
            attempt = part.put(attempt, part.get(self._every))
        return self._like(attempt)

    def _like(self, attempt: Attempt) -> Vectors:
        """Return another call, compared as the test compares."""
        return Vectors.of(attempt, self._given.atol, self._given.rtol)


def is_saturated(attempt: Attempt) -> bool:
    """Return whether most of z and r are close to 0 or 1."""
    record: list[Moment] = []
    with np.errstate(all="ignore"):
        attempt.calls[-1].run(attempt.weights, attempt.config, record=record)
        gates = np.array([[moment.steps[0].z, moment.steps[0].r] for moment in record])
        return bool((np.minimum(abs(gates), abs(1 - gates)) < _NEAR).mean() > _MOST)
