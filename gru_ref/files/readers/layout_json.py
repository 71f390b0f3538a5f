"""JSON of arrays by the names of a runtime: a layout of `gru_ref.layouts`, or a state_dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.carried import KEY, carried_in
from gru_ref.files.formats.json_numbers import is_numbers, number_array
from gru_ref.files.formats.json_object import read_object
from gru_ref.files.interpretation import named_grus
from gru_ref.files.interpretation.found import Found
from gru_ref.files.limits import Budget


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU among the arrays of the file, as those of an .npz are told.

    Notes
    -----
    JSON does not say a dtype: numbers are read in float32.

    Raises
    ------
    MalformedFileError
        It is damaged, or arrays do not fit together.
    """
    members = read_object(path, "", budget)
    assumed = carried_in(members)
    arrays = dict(_values({k: v for k, v in members.items() if k != KEY}, "", budget))
    shapes = {name: array.shape for name, array in arrays.items()}
    found = named_grus.found_grus(shapes, arrays.__getitem__, lambda _: False, budget)
    return [replace(one, assumed={**one.assumed, **assumed}) for one in found]


def values(path: Path, budget: Budget) -> dict[str, NDArray[Any]]:
    """Return the arrays and attributes by their names, of nested objects joined by "/"."""
    return dict(_values(read_object(path, "", budget), "", budget))


def _values(
    members: Mapping[str, Any], before: str, budget: Budget
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays and attributes, named by the objects around them."""
    budget.take_objects(len(members), before)
    budget.check_depth(before.count("/"), before)
    for key, value in members.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            yield from _values(value, f"{name}/", budget)
        elif isinstance(value, list) and is_numbers(value):
            yield name, number_array(value, name, budget)
        elif _is_attribute(value):
            yield name, np.array(value)


def _is_attribute(value: Any) -> bool:
    """Return whether it is a flag, a number or a word, or a short list of words."""
    if isinstance(value, list):
        return len(value) < 8 and all(isinstance(one, str) and len(one) < 100 for one in value)
    if isinstance(value, int):
        return abs(value) < 1 << 63
    return isinstance(value, float) or (isinstance(value, str) and len(value) < 100)
