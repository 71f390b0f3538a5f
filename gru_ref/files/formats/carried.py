"""What was assumed of a GRU before it was converted, which the new file carries.

An .npz has it as the comment of its zip archive, an .onnx among its metadata, JSON under a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KEY = "gru_ref_assumed"
# Behind the name of an activation that the arrays of the file are multiplied for.
CONVERTED = " of Keras 2"
_MOST = 4096  # bytes


def carried_text(assumed: Mapping[str, Any]) -> str:
    """Return what is assumed as a line of JSON, empty if it is nothing."""
    return json.dumps({KEY: assumed}, sort_keys=True, default=repr) if assumed else ""


def carried_values(text: str | bytes) -> dict[str, Any]:
    """Return what a file carries; nothing if the text is of something else."""
    if len(text) > _MOST:
        return {}
    try:
        return carried_in(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def carried_in(data: Any) -> dict[str, Any]:
    """Return what JSON holds under the key: names and plain values."""
    values = data.get(KEY) if isinstance(data, Mapping) else None
    if not isinstance(values, Mapping):
        return {}
    plain = (str, bool, int, float)
    return {name: value for name, value in values.items() if isinstance(value, plain)}
