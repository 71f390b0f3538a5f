"""Arrays of numbers in JSON: lists within lists, counted and checked before they are arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.files.limits import Budget

_RANK = 4
_NUMBER = 8  # bytes


def is_numbers(value: Any) -> bool:
    """Return whether a JSON value may be an array: a number, or a list that begins with one."""
    for _ in range(_RANK + 1):
        if not isinstance(value, list):
            return type(value) in (int, float)
        if not value:
            return False
        value = value[0]
    return False


def number_array(value: Any, place: str, budget: Budget) -> NDArray[Any]:
    """Return the array that lists of numbers are, in float32.

    Parameters
    ----------
    value : list
        As ``json.loads`` returns it.
    place : str
        For the messages.
    budget : Budget

    Raises
    ------
    MalformedFileError
        It holds something else than numbers, its rows differ in length, or it takes too much.
    """
    shape: list[int] = []
    level = [value]
    while isinstance(level[0], list):
        sizes = {len(one) if isinstance(one, list) else -1 for one in level}
        if len(sizes) != 1 or 0 in sizes or len(shape) == _RANK:
            raise budget.error(
                place, f"it is {shown(value)}, expected rows of one length, {_RANK} levels at most"
            )
        shape.append(sizes.pop())
        budget.take_bytes(len(level) * shape[-1] * _NUMBER, place)
        level = [number for one in level for number in one]
    if not {type(number) for number in level} <= {int, float}:
        raise budget.error(place, f"it is {shown(value)}, expected numbers alone")
    try:
        with np.errstate(over="ignore"):
            return np.array(level, np.float64).astype(np.float32).reshape(shape)
    except OverflowError:
        raise budget.error(place, "a number in it is too large for a float") from None
