"""The axes of pictures: round labels, and the steps of a sequence, of which some are masked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_TICKS = 5  # labels at most, so that they stay apart on a phone


class Tick(NamedTuple):
    """A label of an axis, and where it is, in per cent."""

    at: float
    text: str


class Span(NamedTuple):
    """A part of an axis: where it begins and how long it is, in per cent."""

    start: float
    length: float


@dataclass(frozen=True, eq=False)
class StepAxis:
    """The steps from left to right, in processing order.

    Parameters
    ----------
    timestep : (timesteps,), int
        The index of each in the input.
    used : (timesteps,), bool
        False where the step is masked.
    block : int
        How many steps share a place. Such a place is masked if all of its steps are.
    """

    timestep: Array
    used: Array
    block: int = 1

    def with_blocks(self, block: int) -> StepAxis:
        """Return the axis with `block` steps at each place."""
        return replace(self, block=block)

    @property
    def label(self) -> str:
        """What the axis shows."""
        backwards = len(self.timestep) > 1 and self.timestep[0] > self.timestep[-1]
        return "timestep of the input" + (", the last one first" if backwards else "")

    @property
    def ticks(self) -> list[Tick]:
        """The labels, in the middle of their steps."""
        return cell_ticks(self.timestep, self.block)

    @property
    def masked(self) -> list[Span]:
        """The runs of masked places."""
        padded = np.pad(self.used, (0, -len(self.used) % self.block))
        return list(spans(np.all(~padded.reshape(-1, self.block), axis=1)))


def cell_ticks(labels: Array, block: int = 1) -> list[Tick]:
    """Return round ones of the labels of cells, in the middle of the cells.

    Examples
    --------
    >>> [tick.text for tick in cell_ticks(np.arange(40)[::-1])]
    ['30', '20', '10', '0']
    """
    length = -(-len(labels) // block) * block
    step = max(1, int(_round_step(len(labels), _TICKS)))
    places = np.flatnonzero(labels % step == 0).tolist()
    return [Tick(100 * (place + 0.5) / length, str(labels[place])) for place in places]


def value_ticks(low: float, high: float) -> list[Tick]:
    """Return round numbers between two, in per cent from the second.

    Examples
    --------
    >>> [tick.text for tick in value_ticks(-0.07, 1.04)]
    ['0', '0.5', '1']
    """
    step = _round_step(high - low, 3)
    numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
    return [
        Tick(100 * (high - number * step) / (high - low), number_text(number * step))
        for number in numbers
    ]


def number_text(value: float) -> str:
    """Return a number in few letters."""
    return f"{value:.3g}".replace("-", "−")


def spans(flags: Array) -> Iterator[Span]:
    """Yield every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    share = 100 / len(flags)
    for first, end in edges.reshape(-1, 2).tolist():
        yield Span(first * share, (end - first) * share)


def _round_step(length: float, most: int) -> float:
    """Return 1, 2 or 5 times a power of ten that divides `length` into `most` parts or fewer."""
    least = length / most
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999)
