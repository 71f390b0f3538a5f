"""A layer that a graph runs several times is there several times: found once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from gru_ref.files.interpretation.found import Found


def once(found: list[Found]) -> list[Found]:
    """Return every GRU once, at its first place, under a path of its own.

    Two with the same arrays and the same known arguments are one layer that is called twice.
    """
    layers: dict[tuple[object, ...], Found] = {}
    for one in found:
        arrays = (one.kernel, one.recurrent_kernel, one.bias)
        key = (
            *(None if array is None else (array.shape, array.tobytes()) for array in arrays),
            *sorted(one.already_known.items()),
        )
        layers.setdefault(key, one)
    often = Counter(one.path for one in layers.values())
    return [
        one if often[one.path] == 1 else replace(one, path=f"{one.path} ({i})")
        for i, one in enumerate(layers.values())
    ]
