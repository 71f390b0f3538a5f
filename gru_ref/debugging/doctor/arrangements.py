"""The ways in which arrays may hold a GRU's weights: which array is which part, in which layout.

A block is the (rows, units) of one gate: rows are features in the kernel, units in the recurrent
kernel. Memory is described by the order of three axes, slowest first: i the rows, g the gates, o
the units. Keras's (rows, 3 * units) is i g o; the transposed (3 * units, rows) is g o i.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from gru_ref.debugging.doctor.evidence import UnknownArray
from gru_ref.debugging.doctor.precision import Array

# The memory orders of a kernel, and those of a bias whose two rows r are separate.
_KERNEL_ORDERS = ("igo", "iog", "gio", "goi", "ogi", "oig")
_TWO_ROW_ORDERS = ("rgo", "gro", "gor", "rog")


class KernelLayout(NamedTuple):
    """The layout of a kernel.

    Parameters
    ----------
    order : str
        The order of its axes in memory.
    transposed_in_place : bool
        Each gate's block was transposed in memory and kept its shape.
    """

    order: str
    transposed_in_place: bool = False

    @property
    def gates_together(self) -> bool:
        """Whether the gates of a unit are neighbours."""
        return self.order.index("g") > self.order.index("o")


class Packing(NamedTuple):
    """One way to read the arrays of a kernel.

    Parameters
    ----------
    layout : KernelLayout
    blocks : (2, 3, rows, units)
        Values, then quantisation steps, of the three gates in the order of the arrays.
    """

    layout: KernelLayout
    blocks: Array


def packings(pieces: Sequence[Array], rows: int, units: int) -> list[Packing]:
    """Return every way to read the pieces of one kernel.

    Parameters
    ----------
    pieces : arrays of (2, ...)
        Together 3 * rows * units values, and as many steps; each holds whole blocks.
    rows, units : int
    """
    counts = [piece[0].size // (rows * units) for piece in pieces]
    found = []
    for order in _KERNEL_ORDERS:
        shapes = [_sizes(order, rows, count, units) for count in counts]
        if not all(map(can_merge, (piece.shape[1:] for piece in pieces), shapes)):
            continue
        if len(pieces) == 3 and order not in ("gio", "goi"):
            continue  # of single blocks the place of the gates says nothing
        blocks = [_blocks(piece, order, shape) for piece, shape in zip(pieces, shapes, strict=True)]
        read = np.concatenate(blocks, axis=1)
        found.append(Packing(KernelLayout(order), read))
        if order in ("igo", "goi") and not (len(pieces) == 1 and pieces[0].ndim == 2):
            in_place = _transpose_in_place(read, order)
            found.append(Packing(KernelLayout(order, transposed_in_place=True), in_place))
    return _distinct(found)


def _sizes(order: str, rows: int, gates: int, units: int) -> tuple[int, ...]:
    sizes = {"i": rows, "g": gates, "o": units}
    return tuple(sizes[axis] for axis in order)


def can_merge(shape: Sequence[int], sizes: Sequence[int]) -> bool:
    """Return whether an array with axes of `sizes` takes `shape` when neighbours are merged.

    Examples
    --------
    >>> can_merge((4, 15), (4, 3, 5)), can_merge((15, 4), (4, 3, 5)), can_merge((1, 60), (4, 3, 5))
    (True, False, True)
    """
    ends = set(itertools.accumulate(sizes, initial=1, func=int.__mul__))
    wanted = itertools.accumulate(shape, initial=1, func=int.__mul__)
    return math.prod(shape) == math.prod(sizes) and all(end in ends for end in wanted)


def _blocks(piece: Array, order: str, sizes: tuple[int, ...]) -> Array:
    """Return (2, gates, rows, units)."""
    axes = [1 + order.index(axis) for axis in "gio"]
    return piece.reshape(2, *sizes).transpose(0, *axes)


def _transpose_in_place(blocks: Array, order: str) -> Array:
    """Return the blocks as they are if each was transposed in memory and kept its shape.

    It is what Keras's CuDNNGRU does; a square block is simply transposed.
    """
    pairs, gates, rows, units = blocks.shape
    if order == "igo":  # a gate's (rows, units) holds the memory of (units, rows)
        return blocks.reshape(pairs, gates, units, rows).swapaxes(2, 3)
    memory = np.ascontiguousarray(
        blocks.swapaxes(2, 3)
    )  # (units, rows) holds that of (rows, units)
    return memory.reshape(pairs, gates, rows, units)


def _distinct(found: Sequence[Packing]) -> list[Packing]:
    """Drop the packings that read the same as an earlier one: of a single row or unit."""
    kept: list[Packing] = []
    for one in found:
        if not any(np.array_equal(one.blocks, other.blocks) for other in kept):
            kept.append(one)
    return kept


def split_rows(piece: Array, first: int, second: int) -> Iterator[tuple[Array, Array]]:
    """Yield the two parts of an array, one axis of which holds `first` rows, then `second`."""
    for axis, size in enumerate(piece.shape[1:], start=1):
        if size == first + second:
            head, tail = np.split(piece, [first], axis=axis)
            yield head, tail


# What enters the gates of what a bias holds, and where.
BiasUse = Literal[
    "no bias",
    "ignored",
    "as it lies",
    "the other row first",
    "rows added",
    "first row alone",
    "second row alone",
    "swapped with the vector",
    "vector added",
    "vector ignored",
    "recurrent",
]


class BiasLayout(NamedTuple):
    """The layout of a bias, and its use.

    Parameters
    ----------
    use : BiasUse
    order : str
        The order of its axes in memory: the rows r, if there are two, the gates g, the units o.
        Empty for four vectors, and if nothing is used.
    vector : int or None
        The place, from 1, that the recurrent bias of h has among four vectors; 0 if it is an array
        of its own beside one row.
    """

    use: BiasUse
    order: str = ""
    vector: int | None = None

    @property
    def gates_together(self) -> bool:
        """Whether the gates of a unit are neighbours."""
        return self.order.find("g") > self.order.find("o")


class BiasVectors(NamedTuple):
    """The vectors of a bias, in the order of the arrays.

    Parameters
    ----------
    layout : BiasLayout
        With the use "as it lies", or "no bias".
    rows : (2, 3, units), or (2, 2, 3, units)
        Values and quantisation steps of the three gates, for one row or for each of two.
    extra : (2, units) or None
        A vector in addition to one row: the recurrent bias of the candidate.
    """

    layout: BiasLayout
    rows: Array | None
    extra: Array | None = None


class BiasReading(NamedTuple):
    """One reading of a bias: the bias of each gate, (2, units) each; None for no bias.

    Parameters
    ----------
    layout : BiasLayout
    z, r : the sum of all biases of the gate
    h : the bias added to the input's product
    h_recurrent : the bias added to the state's product, inside the product with r
    two_rows : (2, 3 * units) or None
        The values of both rows in Keras's order, if they are separate.
    """

    layout: BiasLayout
    z: Array | None
    r: Array | None
    h: Array | None
    h_recurrent: Array | None
    two_rows: Array | None = None


_NOTHING = (None, None, None, None)


def bias_vectors(pieces: Sequence[Array], units: int) -> list[BiasVectors]:
    """Return every way to read bias arrays with a total of 0, 3, 4 or 6 times `units` values."""
    if not pieces:
        return [BiasVectors(BiasLayout("no bias"), None)]
    count = sum(piece[0].size for piece in pieces) // units
    if count == 3:
        return list(_one_row(pieces, units))
    if count == 6:
        return list(_two_rows(pieces, units))
    return list(_four_vectors(pieces, units))


def _one_row(pieces: Sequence[Array], units: int) -> Iterator[BiasVectors]:
    """Yield the readings of one row."""
    by_gates, by_units = BiasLayout("as it lies", "go"), BiasLayout("as it lies", "og")
    if len(pieces) > 1:
        yield BiasVectors(by_gates, _concatenate(pieces, units))
        return
    shape = pieces[0].shape[1:]
    if can_merge(shape, (3, units)):
        yield BiasVectors(by_gates, pieces[0].reshape(2, 3, units))
    if can_merge(shape, (units, 3)):
        yield BiasVectors(by_units, pieces[0].reshape(2, units, 3).swapaxes(1, 2))


def _two_rows(pieces: Sequence[Array], units: int) -> Iterator[BiasVectors]:
    sizes = {"r": 2, "g": 3, "o": units}
    whole = len(pieces) == 1
    for order in _TWO_ROW_ORDERS:
        axes = [1 + order.index(axis) for axis in "rgo"]
        lengths = tuple(sizes[axis] for axis in order)
        if whole:
            piece = pieces[0]
            if not can_merge(piece.shape[1:], lengths) or (order == "gor" and piece.ndim == 2):
                continue
            read = piece.reshape(2, *lengths)
        elif len(pieces) == 2 and order == "gro":
            continue  # each piece is a row
        elif order == "gor" or (order == "rog" and len(pieces) > 2):
            continue
        else:
            read = np.concatenate([piece.reshape(2, -1) for piece in pieces], axis=1)
            read = read.reshape(2, *lengths)
        yield BiasVectors(BiasLayout("as it lies", order), read.transpose(0, *axes))


def _four_vectors(pieces: Sequence[Array], units: int) -> Iterator[BiasVectors]:
    """Yield the readings of four vectors: which is the one beside the row of three."""
    whole = next((piece for piece in pieces if piece[0].size == 3 * units), None)
    if whole is not None:
        (extra,) = (piece.reshape(2, units) for piece in pieces if piece[0].size == units)
        for one in _one_row([whole], units):
            yield BiasVectors(one.layout._replace(vector=0), one.rows, extra)
        return
    four = _concatenate(pieces, units)
    for place in range(3, -1, -1):
        layout = BiasLayout("as it lies", vector=place + 1)
        yield BiasVectors(layout, np.delete(four, place, axis=1), four[:, place])


def _concatenate(pieces: Sequence[Array], units: int) -> Array:
    return np.concatenate([piece.reshape(2, -1, units) for piece in pieces], axis=1)


def bias_readings(
    found: BiasVectors, places: tuple[int, int, int], *, reset_after: bool
) -> list[BiasReading]:
    """Return the possible biases of the gates; `places` has the positions of z, r, h in a row."""
    rows, extra = found.rows, found.extra
    if rows is None:
        return [BiasReading(found.layout, *_NOTHING)]

    z, r, h = places
    made: list[tuple[BiasUse, Array, Array | None, Array | None]]
    separate: dict[BiasUse, tuple[Array, Array]] = {}
    if rows.ndim == 4:
        first, second = rows[:, 0], rows[:, 1]
        both = _add(first, second)
        separate = {"as it lies": (first, second), "the other row first": (second, first)}
        made = [
            ("as it lies", both, first[:, h], second[:, h]),
            ("the other row first", both, second[:, h], first[:, h]),
            ("rows added", both, both[:, h], None),
            ("first row alone", first, first[:, h], None),
            ("second row alone", second, second[:, h], None),
        ]
    elif extra is not None:
        made = [
            ("as it lies", rows, rows[:, h], extra),
            ("swapped with the vector", rows, extra, rows[:, h]),
            ("vector added", rows, _add(rows[:, h], extra), None),
            ("vector ignored", rows, rows[:, h], None),
        ]
    else:
        made = [("as it lies", rows, rows[:, h], None), ("recurrent", rows, None, rows[:, h])]
    readings = []
    for use, sums, inside, recurrent in made:
        if reset_after or recurrent is None:
            layout = found.layout._replace(use=use)
            one = BiasReading(layout, sums[:, z], sums[:, r], inside, recurrent)
            if use in separate:
                in_order = [row[0][[z, r, h]].reshape(-1) for row in separate[use]]
                one = one._replace(two_rows=np.stack(in_order))
            readings.append(one)
    return [*readings, BiasReading(BiasLayout("ignored"), *_NOTHING)]


def _add(a: Array, b: Array) -> Array:
    """Return the sum of values, and the steps of two quantised values joined."""
    made: Array = np.stack([a[0] + b[0], np.hypot(a[1], b[1])])
    return made


Role = str  # "kernel", "recurrent", "bias" or "joint"
# What the kernels lie in: arrays of their own, one buffer of everything, or arrays that they share,
# with the rows of the input or of the state first.
Holder = Literal["arrays", "buffer", "input first", "state first"]

# How many vectors of `units` a bias has: none, one row, one and the recurrent one of h, two rows.
_BIASES = (0, 3, 4, 6)


class Assignment(NamedTuple):
    """The pieces of each part, (2, ...) each: values and quantisation steps."""

    holder: Holder
    kernel: tuple[Array, ...]
    recurrent: tuple[Array, ...]
    bias: tuple[Array, ...]


def assignments(given: Sequence[UnknownArray], features: int, units: int) -> list[Assignment]:
    """Return every way to assign the arrays to parts; none if their sizes are not a GRU's."""
    pieces = [_squeeze(np.stack([one.value, one.step])) for one in given]
    if len(pieces) == 1 and pieces[0].ndim == 2:
        return list(_buffer(pieces[0], features, units))
    found = []
    for roles in _roles([piece[0].size for piece in pieces], features, units):
        parts = {
            role: tuple(piece for piece, own in zip(pieces, roles, strict=True) if own == role)
            for role in ("kernel", "recurrent", "bias", "joint")
        }
        found += list(_deal(parts, features, units))
    return found


def are_gru_sizes(sizes: Sequence[int], features: int, units: int) -> bool:
    """Return whether arrays with these numbers of elements may be the parts of a GRU.

    Examples
    --------
    >>> (
    ...     are_gru_sizes([36, 48, 24], features=3, units=4),
    ...     are_gru_sizes([36, 48, 7], features=3, units=4),
    ... )
    (True, False)
    """
    kernels = 3 * units * (features + units)
    flat = len(sizes) == 1 and sizes[0] in [kernels + count * units for count in _BIASES]
    return flat or bool(_roles(sizes, features, units))


def _squeeze(piece: Array) -> Array:
    """Drop the axes of size 1: of directions, of layers."""
    return piece.reshape(2, *(size for size in piece.shape[1:] if size != 1))


def _buffer(piece: Array, features: int, units: int) -> Iterator[Assignment]:
    """Yield the readings of one buffer: both kernels, then the biases."""
    kernel, recurrent = 3 * features * units, 3 * units * units
    rest = piece.shape[1] - kernel - recurrent
    if rest in [count * units for count in _BIASES]:
        parts = np.split(piece, [kernel, kernel + recurrent], axis=1)
        yield Assignment("buffer", (parts[0],), (parts[1],), (parts[2],) if rest else ())


def _deal(parts: dict[Role, tuple[Array, ...]], features: int, units: int) -> Iterator[Assignment]:
    joint = parts["joint"]
    if not joint:
        yield Assignment("arrays", parts["kernel"], parts["recurrent"], parts["bias"])
        return
    holders: tuple[tuple[Holder, int, int], ...] = (
        ("input first", features, units),
        ("state first", units, features),
    )
    for holder, first, second in holders:
        halves = [list(split_rows(piece, first, second)) for piece in joint]
        for choice in zip(*halves, strict=False):
            above, below = zip(*choice, strict=True)
            kernel, recurrent = (above, below) if first == features else (below, above)
            yield Assignment(holder, tuple(kernel), tuple(recurrent), parts["bias"])


def _roles(sizes: Sequence[int], features: int, units: int) -> list[tuple[Role, ...]]:
    """Return the roles that arrays of these sizes can have together."""
    kernel, recurrent = features * units, units * units
    block = {"kernel": kernel, "recurrent": recurrent, "joint": kernel + recurrent}
    found: list[tuple[Role, ...]] = []

    def deal(so_far: tuple[Role, ...], blocks: dict[Role, int], biases: int) -> None:
        if len(so_far) == len(sizes):
            whole = (blocks["kernel"] == blocks["recurrent"] == 3 and not blocks["joint"]) or (
                blocks["joint"] == 3 and not blocks["kernel"] and not blocks["recurrent"]
            )
            if whole and biases in _BIASES:
                found.append(so_far)
            return
        size = sizes[len(so_far)]
        for role, one in block.items():
            count = size // one
            if size == count * one and count >= 1 and blocks[role] + count <= 3:
                deal((*so_far, role), {**blocks, role: blocks[role] + count}, biases)
        if size % units == 0 and biases + size // units <= max(_BIASES):
            deal((*so_far, "bias"), blocks, biases + size // units)

    deal((), {"kernel": 0, "recurrent": 0, "joint": 0}, 0)
    # Alike arrays, one a gate, are told apart by where they stand.
    return [roles for roles in found if _is_regular(roles)]


def _is_regular(roles: Sequence[Role]) -> bool:
    """Whether the kernels' roles come in blocks, or repeat themselves gate by gate."""
    kernels = tuple(role for role in roles if role != "bias")
    changes = sum(a != b for a, b in itertools.pairwise(kernels))
    return changes < len(set(kernels)) or kernels == kernels[: len(kernels) // 3] * 3
