"""JSON objects of a file: of a limited length, and nothing but an object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gru_ref.files.formats.part import file_size, open_file
from gru_ref.files.limits import Budget

_LEVELS_OF_LAYER = 4  # a layer, its config, and a list of layers in it


def parse_object(
    text: str | bytes, place: str, budget: Budget, *, unique: bool = False
) -> dict[str, Any]:
    """Return the JSON object that `text` is.

    Parameters
    ----------
    text : str or bytes
    place : str
        For the messages.
    budget : Budget
    unique : bool
        Whether to refuse a name that comes twice in an object; by default the last one counts.

    Raises
    ------
    MalformedFileError
        It is none, or beyond the limits.
    """
    budget.check_json(len(text), place)
    try:
        value = json.loads(text, object_pairs_hook=_unique if unique else None)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise budget.error(place, f"it is no JSON: {reason}") from None
    if not isinstance(value, dict):
        raise budget.error(place, "it is no JSON object")
    _check_depth(value, place, budget)
    return value


def read_object(path: Path, place: str, budget: Budget) -> dict[str, Any]:
    """Return the JSON object that a file is.

    Raises
    ------
    MalformedFileError
        As `parse_object`; or the file cannot be opened.
    """
    with open_file(path, budget, place) as stream:
        size = file_size(stream)
        budget.check_json(size, place)
        return parse_object(stream.read(size), place, budget)


def _check_depth(value: Any, place: str, budget: Budget) -> None:
    """Refuse JSON deeper than layers within layers may be: whoever walks it recurses."""
    depth, level = 0, [value]
    while level:
        budget.check_depth(depth // _LEVELS_OF_LAYER, place)
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for values in inner for one in values if isinstance(one, (dict, list))]
        depth += 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name comes twice")
    return names
