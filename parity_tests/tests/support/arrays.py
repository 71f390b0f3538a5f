"""Lists of arrays, compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def check_same_arrays(actual: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    """Check that two lists hold the same arrays, in dtype, shape and every number."""
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
