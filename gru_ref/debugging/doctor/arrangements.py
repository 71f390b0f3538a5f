"""The ways in which arrays may hold a GRU's weights: which array is which part, in which layout.

A block is the (rows, units) of one gate: rows are features in the kernel, units in the recurrent
kernel. Memory is described by the order of three axes, slowest first: i the rows, g the gates, o
the units. Keras's (rows, 3 * units) is i g o; the transposed (3 * units, rows) is g o i.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor.evidence import UnknownArray
from gru_ref.debugging.doctor.precision import Array

# Memory order → how the report writes it, r for the rows.
WORDS = {
    "igo": "({r}, 3u)",
    "iog": "({r}, u·3), a unit's gates together",
    "gio": "(3, {r}, u)",
    "goi": "(3u, {r})",
    "ogi": "(u·3, {r}), a unit's gates together",
    "oig": "(u, {r}, 3), a unit's gates together",
}
_TURNED = "{word}, each gate transposed in place"


class Packing(NamedTuple):
    """One way to read the arrays of a kernel.

    Parameters
    ----------
    words : str
    gates_together : bool
        Whether the gates of a unit are neighbours.
    blocks : (2, 3, rows, units)
        Values, then quantisation steps, of the three gates in the order of the arrays.
    """

    words: str
    gates_together: bool
    blocks: Array


def packings(pieces: Sequence[Array], rows: int, units: int, letter: str) -> list[Packing]:
    """Return every way to read the pieces of one kernel.

    Parameters
    ----------
    pieces : arrays of (2, ...)
        Together 3 * rows * units values, and as many steps; each holds whole blocks.
    rows, units : int
    letter : str
        "f" or "u": the letter for the rows.
    """
    counts = [piece[0].size // (rows * units) for piece in pieces]
    found = []
    for order, words in WORDS.items():
        shapes = [_sizes(order, rows, count, units) for count in counts]
        if not all(map(_can_reshape, pieces, shapes)):
            continue
        if len(pieces) == 3 and order not in ("gio", "goi"):
            continue  # of single blocks the place of the gates says nothing
        word = words.format(r=letter)
        together = order.index("g") > order.index("o")
        blocks = [_blocks(piece, order, shape) for piece, shape in zip(pieces, shapes, strict=True)]
        read = np.concatenate(blocks, axis=1)
        found.append(Packing(word, together, read))
        if order in ("igo", "goi") and not (len(pieces) == 1 and pieces[0].ndim == 2):
            found.append(
                Packing(_TURNED.format(word=word), together, _transpose_in_place(read, order))
            )
    return _distinct(found)


def _sizes(order: str, rows: int, gates: int, units: int) -> tuple[int, ...]:
    sizes = {"i": rows, "g": gates, "o": units}
    return tuple(sizes[axis] for axis in order)


def _can_reshape(piece: Array, sizes: Sequence[int]) -> bool:
    return can_merge(piece.shape[1:], sizes)


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


# Memory order of two rows r, gates g and units o → how the report writes it.
_TWO_ROWS = {
    "rgo": "two rows",
    "gro": "two rows, gate by gate",
    "gor": "(3u, 2): two rows as columns",
    "rog": "two rows, a unit's gates together",
}
_ONE_ROW = {"go": "one row", "og": "one row, a unit's gates together"}


class BiasVectors(NamedTuple):
    """The vectors of a bias, in the order of the arrays.

    Parameters
    ----------
    words : str
    gates_together : bool or None
        Whether the gates of a unit are neighbours; None if that makes no difference.
    rows : (2, 3, units), or (2, 2, 3, units)
        Values and quantisation steps of the three gates, for one row or for each of two.
    extra : (2, units) or None
        A vector in addition to one row: the recurrent bias of the candidate.
    """

    words: str
    gates_together: bool | None
    rows: Array | None
    extra: Array | None = None


class BiasReading(NamedTuple):
    """One reading of a bias: the bias of each gate, (2, units) each; None for no bias.

    Parameters
    ----------
    words : str
    z, r : the sum of all biases of the gate
    h : the bias added to the input's product
    h_recurrent : the bias added to the state's product, inside the product with r
    two_rows : (2, 3 * units) or None
        The values of both rows in Keras's order, if they are separate.
    """

    words: str
    z: Array | None
    r: Array | None
    h: Array | None
    h_recurrent: Array | None
    two_rows: Array | None = None


_NOTHING = (None, None, None, None)


def bias_vectors(pieces: Sequence[Array], units: int) -> list[BiasVectors]:
    """Return every way to read bias arrays with a total of 0, 3, 4 or 6 times `units` values."""
    if not pieces:
        return [BiasVectors("none", None, None)]
    count = sum(piece[0].size for piece in pieces) // units
    if count == 3:
        return [
            BiasVectors(words, together, one) for words, together, one in _one_row(pieces, units)
        ]
    if count == 6:
        return list(_two_rows(pieces, units))
    return list(_four_vectors(pieces, units))


def _one_row(pieces: Sequence[Array], units: int) -> Iterator[tuple[str, bool, Array]]:
    """Yield the readings of one row."""
    if len(pieces) > 1:
        yield _ONE_ROW["go"], False, _concatenate(pieces, units)
        return
    shape = pieces[0].shape[1:]
    if can_merge(shape, (3, units)):
        yield _ONE_ROW["go"], False, pieces[0].reshape(2, 3, units)
    if can_merge(shape, (units, 3)):
        yield _ONE_ROW["og"], True, pieces[0].reshape(2, units, 3).swapaxes(1, 2)


def _two_rows(pieces: Sequence[Array], units: int) -> Iterator[BiasVectors]:
    sizes = {"r": 2, "g": 3, "o": units}
    whole = len(pieces) == 1
    for order, words in _TWO_ROWS.items():
        axes = [1 + order.index(axis) for axis in "rgo"]
        lengths = tuple(sizes[axis] for axis in order)
        together = order == "rog"
        if whole:
            piece = pieces[0]
            if not can_merge(piece.shape[1:], lengths) or (order == "gor" and piece.ndim == 2):
                continue
            read = piece.reshape(2, *lengths)
        elif len(pieces) == 2 and order == "gro":
            continue  # each piece is a row
        elif order == "gor" or (together and len(pieces) > 2):
            continue
        else:
            read = np.concatenate([piece.reshape(2, -1) for piece in pieces], axis=1)
            read = read.reshape(2, *lengths)
        yield BiasVectors(words, together, read.transpose(0, *axes))


def _four_vectors(pieces: Sequence[Array], units: int) -> Iterator[BiasVectors]:
    """Yield the readings of four vectors: which is the one beside the row of three."""
    whole = next((piece for piece in pieces if piece[0].size == 3 * units), None)
    if whole is not None:
        (extra,) = (piece.reshape(2, units) for piece in pieces if piece[0].size == units)
        for words, together, row in _one_row([whole], units):
            yield BiasVectors(f"{words} and the recurrent one of h", together, row, extra)
        return
    four = _concatenate(pieces, units)
    for place in range(3, -1, -1):
        row = np.delete(four, place, axis=1)
        words = f"four vectors, the recurrent one of h in place {place + 1}"
        yield BiasVectors(words, False, row, four[:, place])


def _concatenate(pieces: Sequence[Array], units: int) -> Array:
    return np.concatenate([piece.reshape(2, -1, units) for piece in pieces], axis=1)


def bias_readings(
    found: BiasVectors, places: tuple[int, int, int], *, reset_after: bool
) -> list[BiasReading]:
    """Return the possible biases of the gates; `places` has the positions of z, r, h in a row."""
    rows, extra = found.rows, found.extra
    if rows is None:
        return [BiasReading("none", *_NOTHING)]
    if rows.ndim == 4:
        first, second = rows[:, 0], rows[:, 1]
        both = _add(first, second)
        made = [
            _bias_reading("", both, first, second, places),
            _bias_reading(", the recurrent one first", both, second, first, places),
            _bias_reading(", added", both, both, None, places),
            _bias_reading(", the first alone", first, first, None, places),
            _bias_reading(", the second alone", second, second, None, places),
        ]
        if not reset_after:
            made = made[2:]
    elif extra is not None:
        joined = rows[:, places[2]]
        z, r = (rows[:, place] for place in places[:2])
        made = [
            BiasReading("", z, r, joined, extra),
            BiasReading(", swapped with the input one", z, r, extra, joined),
            BiasReading(", added", z, r, _add(joined, extra), None),
            BiasReading(", which is ignored", z, r, joined, None),
        ]
        if not reset_after:
            made = made[2:]
    else:
        made = [_bias_reading("", rows, rows, None, places)]
        if reset_after:
            z, r, h = (rows[:, place] for place in places)
            made.append(BiasReading(", as recurrent bias", z, r, None, h))
    return [one._replace(words=found.words + one.words) for one in made] + [
        BiasReading("ignored", *_NOTHING)
    ]


def _bias_reading(
    words: str, sums: Array, inside: Array, recurrent: Array | None, places: tuple[int, int, int]
) -> BiasReading:
    z, r, h = places
    if recurrent is None:
        return BiasReading(words, sums[:, z], sums[:, r], inside[:, h], None)
    two_rows = np.stack([row[0][list(places)].reshape(-1) for row in (inside, recurrent)])
    return BiasReading(words, sums[:, z], sums[:, r], inside[:, h], recurrent[:, h], two_rows)


def _add(a: Array, b: Array) -> Array:
    """Return the sum of values, and the steps of two quantised values joined."""
    made: Array = np.stack([a[0] + b[0], np.hypot(a[1], b[1])])
    return made


Role = str  # "kernel", "recurrent", "bias" or "joint"

# How many vectors of `units` a bias has: none, one row, one and the recurrent one of h, two rows.
_BIASES = (0, 3, 4, 6)


class Assignment(NamedTuple):
    """The pieces of each part, (2, ...) each: values and quantisation steps."""

    words: str
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
        yield Assignment("one buffer", (parts[0],), (parts[1],), (parts[2],) if rest else ())


def _deal(parts: dict[Role, tuple[Array, ...]], features: int, units: int) -> Iterator[Assignment]:
    joint = parts["joint"]
    if not joint:
        yield Assignment("", parts["kernel"], parts["recurrent"], parts["bias"])
        return
    for words, first, second in (
        ("input rows above the state's", features, units),
        ("the state's rows above the input's", units, features),
    ):
        halves = [list(split_rows(piece, first, second)) for piece in joint]
        for choice in zip(*halves, strict=False):
            above, below = zip(*choice, strict=True)
            kernel, recurrent = (above, below) if first == features else (below, above)
            yield Assignment(words, tuple(kernel), tuple(recurrent), parts["bias"])


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
