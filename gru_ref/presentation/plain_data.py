"""Data as JSON can hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain_data(value: Any) -> Any:
    """Return `value` as JSON can hold it: NaN and infinities as None, anything unknown as repr.

    Examples
    --------
    >>> plain_data({"shape": (2, 3), "error": float("inf"), "worst": np.float32(0.5), 1: {3}})
    {'shape': [2, 3], 'error': None, 'worst': 0.5, '1': '{3}'}
    """
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return repr(value)
