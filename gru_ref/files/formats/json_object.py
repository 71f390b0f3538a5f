"""JSON objects of a file: of a limited length, and nothing but an object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gru_ref.files.formats.part import file_size, open_file
from gru_ref.files.limits import JSON_LEVELS, Budget


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
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else reason
        raise budget.error(place, f"it is no JSON: {reason}") from None
    if not isinstance(value, dict):
        raise budget.error(place, "it is no JSON object")
    _check_levels(value, place, budget)
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


def _check_levels(value: Any, place: str, budget: Budget) -> None:
    """Refuse JSON whose levels would exhaust the recursion of whoever walks it."""
    levels = [iter([value])]  # what is left of each list or object on the way down
    while levels:
        for inner in levels[-1]:
            if inner and isinstance(inner, (dict, list)):
                break
        else:
            levels.pop()
            continue
        if len(levels) > JSON_LEVELS:
            raise budget.error(
                place, f"its JSON is nested {len(levels)} deep, expected {JSON_LEVELS} at most"
            )
        levels.append(iter(inner.values() if isinstance(inner, dict) else inner))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name comes twice")
    return names
