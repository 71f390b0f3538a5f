"""Which arrays are the kernel, which the recurrent kernel, which the bias: by their sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.given import Given
from gru_ref.debugging.doctor.packings import split_rows

Array = NDArray[Any]
Role = str  # "kernel", "recurrent", "bias" or "joint"

# How many vectors of `units` a bias has: none, one row, one and the recurrent one of h, two rows.
_BIASES = (0, 3, 4, 6)


class Assignment(NamedTuple):
    """The pieces of each part, (2, ...) each: values and quantisation steps."""

    words: str
    kernel: tuple[Array, ...]
    recurrent: tuple[Array, ...]
    bias: tuple[Array, ...]


def assignments(given: Sequence[Given], features: int, units: int) -> list[Assignment]:
    """Return every way to deal the arrays out; none where their sizes are not a GRU's."""
    pieces = [_squeezed(np.stack([one.value, one.step])) for one in given]
    if len(pieces) == 1 and pieces[0].ndim == 2:
        return list(_flat(pieces[0], features, units))
    found = []
    for roles in _roles([piece[0].size for piece in pieces], features, units):
        parts = {
            role: tuple(piece for piece, own in zip(pieces, roles, strict=True) if own == role)
            for role in ("kernel", "recurrent", "bias", "joint")
        }
        found += list(_dealt(parts, features, units))
    return found


def could_be(sizes: Sequence[int], features: int, units: int) -> bool:
    """Whether arrays of so many numbers each may be the parts of a GRU.

    Examples
    --------
    >>> could_be([36, 48, 24], features=3, units=4), could_be([36, 48, 7], features=3, units=4)
    (True, False)
    """
    kernels = 3 * units * (features + units)
    flat = len(sizes) == 1 and sizes[0] in [kernels + count * units for count in _BIASES]
    return flat or bool(_roles(sizes, features, units))


def _squeezed(piece: Array) -> Array:
    """Drop the axes of size 1: of directions, of layers."""
    return piece.reshape(2, *(size for size in piece.shape[1:] if size != 1))


def _flat(piece: Array, features: int, units: int) -> Iterator[Assignment]:
    """Yield the readings of one buffer: both kernels, then the biases."""
    kernel, recurrent = 3 * features * units, 3 * units * units
    rest = piece.shape[1] - kernel - recurrent
    if rest in [count * units for count in _BIASES]:
        parts = np.split(piece, [kernel, kernel + recurrent], axis=1)
        yield Assignment("one buffer", (parts[0],), (parts[1],), (parts[2],) if rest else ())


def _dealt(parts: dict[Role, tuple[Array, ...]], features: int, units: int) -> Iterator[Assignment]:
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
    return [roles for roles in found if _regular(roles)]


def _regular(roles: Sequence[Role]) -> bool:
    """Whether the kernels' roles come in blocks, or repeat themselves gate by gate."""
    kernels = tuple(role for role in roles if role != "bias")
    changes = sum(a != b for a, b in itertools.pairwise(kernels))
    return changes < len(set(kernels)) or kernels == kernels[: len(kernels) // 3] * 3
