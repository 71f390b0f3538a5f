"""How the three blocks of a kernel may lie in an array, or in several.

A block is one gate's (rows, units): rows are features in the kernel, units in the recurrent kernel.
Memory is described by the order of three axes, the slowest first: i the rows, g the gates, o the
units. Keras's (rows, 3 * units) is i g o; the transposed (3 * units, rows) is g o i.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

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
        Values, then quantisation steps, of the three gates in the order in which they lie.
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
        "f" or "u": what the rows are called.
    """
    counts = [piece[0].size // (rows * units) for piece in pieces]
    found = []
    for order, words in WORDS.items():
        shapes = [_sizes(order, rows, count, units) for count in counts]
        if not all(map(_fits, pieces, shapes)):
            continue
        if len(pieces) == 3 and order not in ("gio", "goi"):
            continue  # of single blocks the place of the gates says nothing
        word = words.format(r=letter)
        together = order.index("g") > order.index("o")
        blocks = [_blocks(piece, order, shape) for piece, shape in zip(pieces, shapes, strict=True)]
        read = np.concatenate(blocks, axis=1)
        found.append(Packing(word, together, read))
        if order in ("igo", "goi") and not (len(pieces) == 1 and pieces[0].ndim == 2):
            found.append(Packing(_TURNED.format(word=word), together, _turned(read, order)))
    return _different(found)


def _sizes(order: str, rows: int, gates: int, units: int) -> tuple[int, ...]:
    sizes = {"i": rows, "g": gates, "o": units}
    return tuple(sizes[axis] for axis in order)


def _fits(piece: Array, sizes: Sequence[int]) -> bool:
    return can_merge(piece.shape[1:], sizes)


def can_merge(shape: Sequence[int], sizes: Sequence[int]) -> bool:
    """Whether an array of axes `sizes` takes `shape` when neighbours are merged.

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


def _turned(blocks: Array, order: str) -> Array:
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


def _different(found: Sequence[Packing]) -> list[Packing]:
    """Drop the packings that read the same as an earlier one: of a single row or unit."""
    kept: list[Packing] = []
    for one in found:
        if not any(np.array_equal(one.blocks, other.blocks) for other in kept):
            kept.append(one)
    return kept


def split_rows(piece: Array, first: int, second: int) -> Iterator[tuple[Array, Array]]:
    """Yield the two parts of an array whose one axis holds `first` rows, then `second`."""
    for axis, size in enumerate(piece.shape[1:], start=1):
        if size == first + second:
            head, tail = np.split(piece, [first], axis=axis)
            yield head, tail
