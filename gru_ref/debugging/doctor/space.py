"""The hypotheses: the block of each gate, the formula, and the activations.

Each block and vector is kept once, however many readings use it, so readings with the same numbers
are one row of the space: no input can tell them apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gru_ref.debugging.doctor.arrangements import (
    Assignment,
    BiasLayout,
    BiasReading,
    BiasVectors,
    Holder,
    KernelLayout,
    Packing,
    assignments,
    bias_readings,
    bias_vectors,
    packings,
)
from gru_ref.debugging.doctor.evidence import UnknownArray
from gru_ref.debugging.doctor.precision import Array, Precision
from gru_ref.errors import shown
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.tables import KERAS_2, KERAS_3, Function
from gru_ref.layouts.conversion_input import keras_name

# Softmax and its kin mix the units, so no output could be judged on its own.
_MIXING = ("softmax", "log_softmax", "Softmax", "sparsemax")
_TANH, _SIGMOID = tables.tanh, tables.sigmoid
_HARD_2, _HARD_3 = KERAS_2["hard_sigmoid"], KERAS_3["hard_sigmoid"]

# What nearly every GRU has; then what is met; then what Keras can be given.
COMMON_GATES: tuple[Function, ...] = (_SIGMOID, _HARD_2, _HARD_3)
COMMON_CANDIDATES: tuple[Function, ...] = (_TANH,)
USUAL: tuple[Function, ...] = (
    _TANH,
    _SIGMOID,
    _HARD_2,
    _HARD_3,
    *(KERAS_2[name] for name in ("linear", "relu", "softsign", "elu")),
    KERAS_3["hard_tanh"],
)
ALL: tuple[Function, ...] = tuple(
    dict.fromkeys(
        [
            *USUAL,
            *(
                function
                for table in (KERAS_2, KERAS_3)
                for name, function in table.items()
                if name not in _MIXING
            ),
        ]
    )
)
# Where negating what enters the gate gives 1 − gate.
SYMMETRIC: frozenset[Function] = frozenset(COMMON_GATES)


def function_name(function: Function) -> str:
    """Return Keras's name of a function; for hard_sigmoid with its generation.

    Examples
    --------
    >>> function_name(_TANH), function_name(_HARD_3)
    ('tanh', 'hard_sigmoid of Keras 3')
    """
    return keras_name(function).replace("'", "")


def named_functions(given: Any, argument: str) -> tuple[Function, ...] | None:
    """Return the functions that the user's names stand for; None if there are no names.

    hard_sigmoid, which the two generations define differently, stands for both functions.

    Raises
    ------
    ValueError
        No Keras has an elementwise function of that name.

    Examples
    --------
    >>> [function_name(function) for function in named_functions("hard_sigmoid", "activation")]
    ['hard_sigmoid of Keras 2', 'hard_sigmoid of Keras 3']
    """
    if given is None:
        return None
    names: Sequence[Any] = [given] if isinstance(given, str) else list(given)
    found: list[Function] = []
    for name in names:
        functions = [
            table[name] for table in (KERAS_2, KERAS_3) if name in table and name not in _MIXING
        ]
        if not functions:
            raise ValueError(
                f"{argument} is {shown(name)}, expected an activation of Keras that works element "
                "by element"
            )
        found += functions
    return tuple(dict.fromkeys(found))


ORDERS = tuple("".join(order) for order in itertools.permutations("zrh"))


class ArrayLayout(NamedTuple):
    """How one reading takes the arrays.

    Parameters
    ----------
    holder : Holder
        What the kernels lie in.
    kernel, recurrent_kernel : KernelLayout
    orders : (str, str, str)
        The gate order of kernel, recurrent kernel and bias.
    bias : BiasLayout
    """

    holder: Holder
    kernel: KernelLayout
    recurrent_kernel: KernelLayout
    orders: tuple[str, str, str]
    bias: BiasLayout

    @property
    def is_of_one_order(self) -> bool:
        """Whether one gate order holds for all arrays."""
        return len(set(self.orders)) == 1


class SpaceRow(NamedTuple):
    """One reading: indices into the tables of a `Space`, and the formula.

    For reset_after=False the whole bias of h is `b_h`, and `c_h` is the vector of zeros.
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
class ArrayTable:
    """A table of arrays, in which equal arrays are kept once."""

    items: list[Array] = field(default_factory=list)
    places: dict[bytes, int] = field(default_factory=dict)

    def place(self, item: Array) -> int:
        """Return the index of an array, which is added if it is new."""
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
        Values and quantisation steps of every block that some reading uses for a gate.
    recurrents : list of (2, units, units)
    biases : list of (2, units)
        The first one is zeros.
    rows : mapping of SpaceRow to list of ArrayLayout
        Every reading with all the layouts that give it.
    split : mapping of SpaceRow to (2, 3 * units)
        The two bias rows of a reading with separate rows, in Keras's order.
    """

    features: int
    units: int
    kernels: list[Array]
    recurrents: list[Array]
    biases: list[Array]
    rows: dict[SpaceRow, list[ArrayLayout]]
    split: dict[SpaceRow, Array]


def space(
    given: Sequence[UnknownArray], features: int, units: int, *, mixed: bool = False
) -> Space:
    """Return the space of a set of arrays, without rows if their sizes are not a GRU's.

    Parameters
    ----------
    mixed : bool
        Each part may have its own gate order; otherwise one order holds for all.
    """
    kernels, recurrents, biases = ArrayTable(), ArrayTable(), ArrayTable()
    biases.place(np.zeros((2, units)))
    rows: dict[SpaceRow, list[ArrayLayout]] = {}
    split: dict[SpaceRow, Array] = {}
    for dealt in assignments(given, features, units):
        for kernel, recurrent, bias in _combinations(dealt, features, units, biases):
            placed = (
                [kernels.place(block) for block in kernel.blocks.swapaxes(0, 1)],
                [recurrents.place(block) for block in recurrent.blocks.swapaxes(0, 1)],
            )
            for orders in _orders(mixed):
                for row, entering in _rows(placed, bias, orders):
                    if entering.two_rows is not None:
                        split.setdefault(row, entering.two_rows)
                    layout = ArrayLayout(
                        dealt.holder, kernel.layout, recurrent.layout, orders, entering.layout
                    )
                    known = rows.setdefault(row, [])
                    if layout not in known:
                        known.append(layout)
    return Space(features, units, kernels.items, recurrents.items, biases.items, rows, split)


class _Bias:
    """One reading of the bias arrays; what enters which gate is found once for each order."""

    def __init__(self, found: BiasVectors, table: ArrayTable) -> None:
        self.layout = found.layout
        self._found, self._table = found, table
        self._entering: dict[tuple[str, bool], list[tuple[list[int], BiasReading]]] = {}

    def entering(self, order: str, *, reset_after: bool) -> list[tuple[list[int], BiasReading]]:
        """Return what may enter the gates, and the numbers of b_z, b_r, b_h and c_h."""
        key = order, reset_after
        if key not in self._entering:
            z, r, h = (order.index(gate) for gate in "zrh")
            self._entering[key] = [
                ([0 if one is None else self._table.place(one) for one in entering[1:5]], entering)
                for entering in bias_readings(self._found, (z, r, h), reset_after=reset_after)
            ]
        return self._entering[key]


def _combinations(
    dealt: Assignment, features: int, units: int, table: ArrayTable
) -> Iterator[tuple[Packing, Packing, _Bias]]:
    """Yield the readings of each part that go together."""
    for kernel, recurrent, bias in itertools.product(
        packings(dealt.kernel, features, units),
        packings(dealt.recurrent, units, units),
        [_Bias(found, table) for found in bias_vectors(dealt.bias, units)],
    ):
        together = {kernel.layout.gates_together, recurrent.layout.gates_together}
        if bias.layout.use != "no bias":
            together.add(bias.layout.gates_together)
        if len(together) == 1:
            yield kernel, recurrent, bias


def _orders(mixed: bool) -> list[tuple[str, str, str]]:
    """Return the gate orders of kernel, recurrent kernel and bias."""
    same = [(order, order, order) for order in ORDERS]
    if not mixed:
        return same
    every = itertools.product(ORDERS, ORDERS, ORDERS)
    return [three for three in every if three not in same]


def _rows(
    placed: tuple[list[int], list[int]], bias: _Bias, orders: tuple[str, str, str]
) -> Iterator[tuple[SpaceRow, BiasReading]]:
    """Yield the readings of one bias beside two kernels in a given order."""
    blocks = [
        part[order.index(gate)]
        for part, order in zip(placed, orders, strict=False)
        for gate in "zrh"
    ]
    for reset_after in (True, False):
        for numbers, entering in bias.entering(orders[2], reset_after=reset_after):
            yield SpaceRow._make([*blocks, *numbers, reset_after]), entering


class Triples(NamedTuple):
    """The distinct triples of a kernel block, a recurrent block and a bias vector.

    Parameters
    ----------
    triples : (distinct, 3)
    back : (readings,)
        The index of each reading's triple.
    """

    triples: Array
    back: Array


class RecurrentGroup(NamedTuple):
    """The readings that share one recurrent block of the candidate.

    Parameters
    ----------
    block : int
    readings : indices
    gates : indices
        Their distinct triples of r, as indices into `RowNumbers.r`.
    places : (readings,)
        The index into `gates` of each.
    """

    block: int
    readings: Array
    gates: Array
    places: Array


class RowNumbers:
    """Readings of one reset form.

    Parameters
    ----------
    rows : sequence of SpaceRow
        At least one, all of the same reset form.

    Attributes
    ----------
    W_h, R_h, b_h, c_h : (readings,)
        The candidate's parameters: indices of its kernel block, recurrent block, and the biases
        added to the two products.
    """

    def __init__(self, rows: Sequence[SpaceRow]) -> None:
        self.rows = rows
        self.reset_after = rows[0].reset_after
        self._numbers = np.array([row[:10] for row in rows])
        self.W_h, self.R_h, self.b_h, self.c_h = self._numbers[:, [2, 5, 8, 9]].T

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, places: Array) -> RowNumbers:
        """Return some of the readings."""
        return RowNumbers([self.rows[place] for place in places])

    @cached_property
    def z(self) -> Triples:
        """The parameters of the gate z."""
        return _triples(self._numbers[:, [0, 3, 6]])

    @cached_property
    def r(self) -> Triples:
        """The parameters of the gate r."""
        return _triples(self._numbers[:, [1, 4, 7]])

    @cached_property
    def by_recurrent(self) -> list[RecurrentGroup]:
        """The readings, grouped by their recurrent block of h."""
        found = []
        for block in np.unique(self.R_h).tolist():
            readings = np.flatnonzero(self.R_h == block)
            gates, places = np.unique(self.r.back[readings], return_inverse=True)
            found.append(RecurrentGroup(block, readings, gates, places.reshape(-1)))
        return found


def _triples(numbers: Array) -> Triples:
    size = int(numbers.max(initial=0)) + 1
    keys = (numbers[:, 0] * size + numbers[:, 1]) * size + numbers[:, 2]
    _, first, back = np.unique(keys, return_index=True, return_inverse=True)
    return Triples(numbers[first], back.reshape(-1))


class Candidate(NamedTuple):
    """A reading of the arrays, of time and of the formula.

    Parameters
    ----------
    row : SpaceRow
    alignment : int
        An index into the evidence's alignments.
    gates, candidate : the two activations
    complement : bool
        z is the share of the candidate, not of the old state.
    reset : the activation of r, if it is not that of z
    """

    row: SpaceRow
    alignment: int
    gates: Function
    candidate: Function
    complement: bool
    reset: Function | None = None


class Fit(NamedTuple):
    """The distance of a candidate from the outputs, in standard deviations of rounding.

    Parameters
    ----------
    candidate : Candidate
    largest, typical : float
        The largest residual and the root mean square.
    outputs : int
        The number of outputs that were compared.
    reach : float
        The root mean square of the errors that the margin allows.
    outside : tuple of int
        Timesteps, in processing order, with an output outside the margin.
    """

    candidate: Candidate
    largest: float
    typical: float
    outputs: int
    reach: float
    outside: tuple[int, ...]

    @classmethod
    def from_residuals(
        cls,
        candidate: Candidate,
        residuals: Array,
        deviation: Array,
        margin: Precision,
        first: int = 0,
    ) -> Fit:
        """Return the fit of a candidate.

        Parameters
        ----------
        residuals : (timesteps, batch, units)
        deviation : array
            The standard deviations of the same outputs.
        margin : Precision
        first : int
            The number of the first of these timesteps.
        """
        with np.errstate(all="ignore"):
            worst = residuals.max(axis=(1, 2))
            outside = first + np.flatnonzero(~(worst <= margin.largest))
            typical, spread = (float(np.sqrt((part**2).mean())) for part in (residuals, deviation))
        return cls(
            candidate,
            float(worst.max()),
            typical,
            residuals.size,
            margin.largest * spread,
            tuple(outside.tolist()),
        )
