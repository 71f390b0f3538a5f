"""How bias arrays may be read: which vectors there are, and which of them enters where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.packings import can_merge

Array = NDArray[Any]

# Memory order of two rows r, gates g and units o → how the report writes it.
_TWO_ROWS = {
    "rgo": "two rows",
    "gro": "two rows, gate by gate",
    "gor": "(3u, 2): two rows as columns",
    "rog": "two rows, a unit's gates together",
}
_ONE_ROW = {"go": "one row", "og": "one row, a unit's gates together"}


class Vectors(NamedTuple):
    """The vectors of a bias in the order in which they lie.

    Parameters
    ----------
    words : str
    gates_together : bool or None
        Whether the gates of a unit are neighbours; None: there is no telling.
    rows : (2, 3, units), or (2, 2, 3, units)
        Values and quantisation steps of the three gates; for two rows of each.
    extra : (2, units) or None
        A vector beside one row: the recurrent bias of the candidate.
    """

    words: str
    gates_together: bool | None
    rows: Array | None
    extra: Array | None = None


class Entering(NamedTuple):
    """One reading of a bias: what enters each gate, (2, units) each; None is nothing.

    Parameters
    ----------
    words : str
    z, r : sums of all that enters
    h : beside the input's product
    h_recurrent : beside the state's product, inside what r multiplies
    two_rows : (2, 3 * units) or None
        The values of both rows in Keras's order, where they are kept apart.
    """

    words: str
    z: Array | None
    r: Array | None
    h: Array | None
    h_recurrent: Array | None
    two_rows: Array | None = None


_NOTHING = (None, None, None, None)


def vectors(pieces: Sequence[Array], units: int) -> list[Vectors]:
    """Return every way to read bias arrays of together 0, 3, 4 or 6 times `units` values."""
    if not pieces:
        return [Vectors("none", None, None)]
    count = sum(piece[0].size for piece in pieces) // units
    if count == 3:
        return [Vectors(words, together, one) for words, together, one in _rows(pieces, units)]
    if count == 6:
        return list(_two_rows(pieces, units))
    return list(_with_extra(pieces, units))


def _rows(pieces: Sequence[Array], units: int) -> Iterator[tuple[str, bool, Array]]:
    """Yield the readings of one row."""
    if len(pieces) > 1:
        yield _ONE_ROW["go"], False, _joined(pieces, units)
        return
    shape = pieces[0].shape[1:]
    if can_merge(shape, (3, units)):
        yield _ONE_ROW["go"], False, pieces[0].reshape(2, 3, units)
    if can_merge(shape, (units, 3)):
        yield _ONE_ROW["og"], True, pieces[0].reshape(2, units, 3).swapaxes(1, 2)


def _two_rows(pieces: Sequence[Array], units: int) -> Iterator[Vectors]:
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
        yield Vectors(words, together, read.transpose(0, *axes))


def _with_extra(pieces: Sequence[Array], units: int) -> Iterator[Vectors]:
    """Yield the readings of four vectors: which is the one beside the row of three."""
    whole = next((piece for piece in pieces if piece[0].size == 3 * units), None)
    if whole is not None:
        (extra,) = (piece.reshape(2, units) for piece in pieces if piece[0].size == units)
        for words, together, row in _rows([whole], units):
            yield Vectors(f"{words} and the recurrent one of h", together, row, extra)
        return
    four = _joined(pieces, units)
    for place in range(3, -1, -1):
        row = np.delete(four, place, axis=1)
        words = f"four vectors, the recurrent one of h in place {place + 1}"
        yield Vectors(words, False, row, four[:, place])


def _joined(pieces: Sequence[Array], units: int) -> Array:
    return np.concatenate([piece.reshape(2, -1, units) for piece in pieces], axis=1)


def readings(found: Vectors, places: tuple[int, int, int], *, reset_after: bool) -> list[Entering]:
    """Return what may enter the gates; `places` says where z, r and h lie in a row."""
    rows, extra = found.rows, found.extra
    if rows is None:
        return [Entering("none", *_NOTHING)]
    if rows.ndim == 4:
        first, second = rows[:, 0], rows[:, 1]
        both = _sum(first, second)
        made = [
            _entering("", both, first, second, places),
            _entering(", the recurrent one first", both, second, first, places),
            _entering(", added", both, both, None, places),
            _entering(", the first alone", first, first, None, places),
            _entering(", the second alone", second, second, None, places),
        ]
        if not reset_after:
            made = made[2:]
    elif extra is not None:
        joined = rows[:, places[2]]
        z, r = (rows[:, place] for place in places[:2])
        made = [
            Entering("", z, r, joined, extra),
            Entering(", swapped with the input one", z, r, extra, joined),
            Entering(", added", z, r, _sum(joined, extra), None),
            Entering(", which is ignored", z, r, joined, None),
        ]
        if not reset_after:
            made = made[2:]
    else:
        made = [_entering("", rows, rows, None, places)]
        if reset_after:
            z, r, h = (rows[:, place] for place in places)
            made.append(Entering(", as recurrent bias", z, r, None, h))
    return [one._replace(words=found.words + one.words) for one in made] + [
        Entering("ignored", *_NOTHING)
    ]


def _entering(
    words: str, sums: Array, inside: Array, recurrent: Array | None, places: tuple[int, int, int]
) -> Entering:
    z, r, h = places
    if recurrent is None:
        return Entering(words, sums[:, z], sums[:, r], inside[:, h], None)
    two_rows = np.stack([row[0][list(places)].reshape(-1) for row in (inside, recurrent)])
    return Entering(words, sums[:, z], sums[:, r], inside[:, h], recurrent[:, h], two_rows)


def _sum(a: Array, b: Array) -> Array:
    """Return the sum of values, and the steps of two quantised values joined."""
    made: Array = np.stack([a[0] + b[0], np.hypot(a[1], b[1])])
    return made
