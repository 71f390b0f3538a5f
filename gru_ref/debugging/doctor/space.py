"""The readings of a set of arrays: which block of numbers is which gate's, and in which formula.

Blocks and vectors are kept once each, however many readings use them, so that readings which are
the same numbers are one row of the space: no input can tell them apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.assignments import Assignment, assignments
from gru_ref.debugging.doctor.biases import Entering, Vectors, readings, vectors
from gru_ref.debugging.doctor.given import Given
from gru_ref.debugging.doctor.packings import Packing, packings

Array = NDArray[Any]

ORDERS = tuple("".join(order) for order in itertools.permutations("zrh"))


class Words(NamedTuple):
    """How one reading takes the arrays."""

    kernel: str
    recurrent_kernel: str
    gates: str
    bias: str


class Row(NamedTuple):
    """One reading: places in the tables of a `Space`, and the formula.

    For reset_after=False all of the bias of h is `b_h`, and `c_h` is the vector of zeros.
    """

    W_z: int
    W_r: int
    W_h: int
    R_z: int
    R_r: int
    R_h: int
    b_z: int
    b_r: int
    b_h: int
    c_h: int
    reset_after: bool


@dataclass
class Table:
    """Arrays by their number, equal ones kept once."""

    items: list[Array] = field(default_factory=list)
    places: dict[bytes, int] = field(default_factory=dict)

    def place(self, item: Array) -> int:
        """Return the number of an array; of a new one the next."""
        key = np.ascontiguousarray(item).tobytes()
        if key not in self.places:
            self.places[key] = len(self.items)
            self.items.append(np.ascontiguousarray(item))
        return self.places[key]


@dataclass(frozen=True)
class Space:
    """All readings of a set of arrays.

    Parameters
    ----------
    kernels : list of (2, features, units)
        Values and quantisation steps of every block that some reading takes for a gate's.
    recurrents : list of (2, units, units)
    biases : list of (2, units)
        The first one is zeros.
    rows : mapping of Row to list of Words
        Every reading with all the ways to say it.
    split : mapping of Row to (2, 3 * units)
        The two bias rows of a reading that keeps them apart, in Keras's order.
    """

    features: int
    units: int
    kernels: list[Array]
    recurrents: list[Array]
    biases: list[Array]
    rows: dict[Row, list[Words]]
    split: dict[Row, Array]


def space(given: Sequence[Given], features: int, units: int, *, mixed: bool = False) -> Space:
    """Return the space of a set of arrays; without rows where their sizes are not a GRU's.

    Parameters
    ----------
    mixed : bool
        Let each part have a gate order of its own; otherwise one order holds for all.
    """
    kernels, recurrents, biases = Table(), Table(), Table()
    biases.place(np.zeros((2, units)))
    rows: dict[Row, list[Words]] = {}
    split: dict[Row, Array] = {}
    for dealt in assignments(given, features, units):
        for kernel, recurrent, bias in _combinations(dealt, features, units, biases):
            placed = (
                [kernels.place(block) for block in kernel.blocks.swapaxes(0, 1)],
                [recurrents.place(block) for block in recurrent.blocks.swapaxes(0, 1)],
            )
            for orders in _orders(mixed):
                for row, entering in _read(placed, bias, orders):
                    if entering.two_rows is not None:
                        split.setdefault(row, entering.two_rows)
                    said = Words(
                        _joined(kernel.words, dealt.words),
                        recurrent.words,
                        _order_words(orders),
                        entering.words,
                    )
                    known = rows.setdefault(row, [])
                    if said not in known:
                        known.append(said)
    return Space(features, units, kernels.items, recurrents.items, biases.items, rows, split)


class _Bias:
    """One reading of the bias arrays; what enters which gate is found once for each order."""

    def __init__(self, found: Vectors, table: Table) -> None:
        self.gates_together = found.gates_together
        self._found, self._table = found, table
        self._entering: dict[tuple[str, bool], list[tuple[list[int], Entering]]] = {}

    def entering(self, order: str, *, reset_after: bool) -> list[tuple[list[int], Entering]]:
        """Return what may enter the gates, and the numbers of b_z, b_r, b_h and c_h."""
        key = order, reset_after
        if key not in self._entering:
            z, r, h = (order.index(gate) for gate in "zrh")
            self._entering[key] = [
                ([0 if one is None else self._table.place(one) for one in entering[1:5]], entering)
                for entering in readings(self._found, (z, r, h), reset_after=reset_after)
            ]
        return self._entering[key]


def _combinations(
    dealt: Assignment, features: int, units: int, table: Table
) -> Iterator[tuple[Packing, Packing, _Bias]]:
    """Yield the readings of each part that go together."""
    for kernel, recurrent, bias in itertools.product(
        packings(dealt.kernel, features, units, "f"),
        packings(dealt.recurrent, units, units, "u"),
        [_Bias(found, table) for found in vectors(dealt.bias, units)],
    ):
        alike = kernel.gates_together == recurrent.gates_together
        if alike and bias.gates_together in (None, kernel.gates_together):
            yield kernel, recurrent, bias


def _orders(mixed: bool) -> list[tuple[str, str, str]]:
    """Return the gate orders of kernel, recurrent kernel and bias."""
    same = [(order, order, order) for order in ORDERS]
    if not mixed:
        return same
    every = itertools.product(ORDERS, ORDERS, ORDERS)
    return [three for three in every if three not in same]


def _read(
    placed: tuple[list[int], list[int]], bias: _Bias, orders: tuple[str, str, str]
) -> Iterator[tuple[Row, Entering]]:
    """Yield the readings of one bias beside two kernels in a given order."""
    blocks = [
        part[order.index(gate)]
        for part, order in zip(placed, orders, strict=False)
        for gate in "zrh"
    ]
    for reset_after in (True, False):
        for numbers, entering in bias.entering(orders[2], reset_after=reset_after):
            yield Row._make([*blocks, *numbers, reset_after]), entering


def _joined(*words: str) -> str:
    return ", ".join(filter(None, words))


def _order_words(orders: tuple[str, str, str]) -> str:
    kernel, recurrent, bias = orders
    if kernel == recurrent == bias:
        return kernel
    return f"kernel {kernel}, recurrent kernel {recurrent}, bias {bias}"
