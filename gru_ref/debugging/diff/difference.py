"""The result of a diff: the first number that differs, and the mistakes that would explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from gru_ref.debugging.bounds.float_format import FloatFormat


class FirstDifference(NamedTuple):
    """The first number outside its bound.

    Parameters
    ----------
    timestep : int or None
        In the input; None if only a final state is known.
    position : int or None
        In processing order.
    batch, unit : int
    what : str
        "z", "r", "candidate", "h", "output" (a copy of a state, or zero), "final state", or,
        if both are given, "last output".
    theirs, expected, bound, ratio : float
        ratio is |theirs − expected| / bound.
    outside, numbers : int
        How many numbers of this timestep are outside, of how many.
    """

    timestep: int | None
    position: int | None
    batch: int
    unit: int
    what: str
    theirs: float
    expected: float
    bound: float
    ratio: float
    outside: int
    numbers: int


class Hypothesis(NamedTuple):
    """A mistake, and the error that remains if it was made.

    Parameters
    ----------
    name, meaning : str
        As in `gru_ref.debugging.mistakes.table.MISTAKES`.
    ratio : float
        The largest |error| / bound that remains; at most 1 explains everything.
    error : float
        The largest error that remains.
    """

    name: str
    meaning: str
    ratio: float
    error: float

    @property
    def explains(self) -> bool:
        """Whether every number is inside its bound if this mistake was made."""
        return self.ratio <= 1


class Remainder(NamedTuple):
    """The error of the states alone, in the terms of `Hypothesis`, if no mistake was made."""

    ratio: float
    error: float


@dataclass(frozen=True)
class Difference:
    """The result of `diff`.

    Parameters
    ----------
    worst : float
        The largest |error| / bound without any mistake; at most 1 if the numbers agree.
    error : float
        The largest error without any mistake: of one step, or of the final state.
    left : Remainder
        The same for the states alone, to compare the hypotheses with: they are judged without the
        given gates.
    first : FirstDifference or None
        None if they agree.
    hypotheses : tuple of Hypothesis
        Those that explain everything first, then by the remaining error; empty if they agree.
    unknown : tuple of str
        What the given arrays cannot show.
    arithmetic : FloatFormat
        The arithmetic for which the bounds hold.
    """

    worst: float
    error: float
    left: Remainder
    first: FirstDifference | None
    hypotheses: tuple[Hypothesis, ...]
    unknown: tuple[str, ...]
    arithmetic: FloatFormat

    @property
    def equal(self) -> bool:
        """Whether every number is inside its bound."""
        return self.first is None

    @property
    def explanations(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that explain everything: none, one, or several with the same effect."""
        return tuple(hypothesis for hypothesis in self.hypotheses if hypothesis.explains)

    def as_data(self) -> dict[str, Any]:
        """Return everything as plain data: numbers, texts, lists and dicts."""
        return {
            "equal": self.equal,
            "worst_ratio": self.worst,
            "largest_error": self.error,
            "states_alone": self.left._asdict(),
            "dtype": self.arithmetic.dtype,
            "first": None if self.first is None else self.first._asdict(),
            "hypotheses": [{**h._asdict(), "explains": h.explains} for h in self.hypotheses],
            "unknown": list(self.unknown),
        }
