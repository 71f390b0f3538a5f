"""Readings as arrays of numbers: what is alike among them is found once, whatever is tried."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.space import Row

Array = NDArray[Any]


class Shared(NamedTuple):
    """The different ones of many triples of a kernel's block, a recurrent one's and a bias.

    Parameters
    ----------
    triples : (different, 3)
    back : (readings,)
        Which of them each reading has.
    """

    triples: Array
    back: Array


class Before(NamedTuple):
    """The readings that have one block as the candidate's recurrent one.

    Parameters
    ----------
    block : int
    readings : indices
    gates : indices
        The different triples of r that they have, places in `Numbered.r`.
    places : (readings,)
        Which of `gates` each has.
    """

    block: int
    readings: Array
    gates: Array
    places: Array


class Numbered:
    """Readings of one reset form.

    Parameters
    ----------
    rows : sequence of Row
        One at least, all of one reset form.

    Attributes
    ----------
    W_h, R_h, b_h, c_h : (readings,)
        What makes the candidate: a number of a block of the kernel, of the recurrent kernel, and of
        the biases beside their products.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.reset_after = rows[0].reset_after
        self._numbers = np.array([row[:10] for row in rows])
        self.W_h, self.R_h, self.b_h, self.c_h = self._numbers[:, [2, 5, 8, 9]].T

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, places: Array) -> Numbered:
        """Return some of the readings."""
        return Numbered([self.rows[place] for place in places])

    @cached_property
    def z(self) -> Shared:
        """What makes the gate z."""
        return _shared(self._numbers[:, [0, 3, 6]])

    @cached_property
    def r(self) -> Shared:
        """What makes the gate r."""
        return _shared(self._numbers[:, [1, 4, 7]])

    @cached_property
    def by_recurrent(self) -> list[Before]:
        """The readings by their recurrent block of h."""
        found = []
        for block in np.unique(self.R_h).tolist():
            readings = np.flatnonzero(self.R_h == block)
            gates, places = np.unique(self.r.back[readings], return_inverse=True)
            found.append(Before(block, readings, gates, places.reshape(-1)))
        return found


def _shared(numbers: Array) -> Shared:
    size = int(numbers.max(initial=0)) + 1
    keys = (numbers[:, 0] * size + numbers[:, 1]) * size + numbers[:, 2]
    _, first, back = np.unique(keys, return_index=True, return_inverse=True)
    return Shared(numbers[first], back.reshape(-1))
