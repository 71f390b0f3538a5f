"""Whether two activations compute the same, whichever names and releases they come from.

Notes
-----
Two activations are the same where they lie within `SAME` eps of each other, absolute up to 1 and
relative beyond. In the half types every finite number is tried; in float32 and float64 a grid that
reaches from the smallest to the largest numbers, and where activations bend. Measured over all
functions of all releases: what is one function but for its rounding differs by 1 eps at most, and
no two others by less than 10 eps of bfloat16 (sigmoid and hard_sigmoid of Keras 2).

In the half types this leaves out how intermediate results are rounded: the old and the new sigmoid
of TensorFlow are 1 eps apart there, and other runtimes document no rounding at all.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import is_half, numpy_dtype

Array = NDArray[Any]
Activation = Callable[[Array], Array]

SAME = 2.0  # eps of the dtype
_ROW = 8  # softmax and its kin work on rows
_FIRST = slice(32)  # rows


def difference(one: Activation, known: Activation, dtype: str) -> float:
    """Return the worst difference of two activations.

    Parameters
    ----------
    one : callable
        Keras's own, or a user's.
    known : callable
        One of Keras's own: its values are kept.
    dtype : str
        "float16", "bfloat16", "float32" or "float64".

    Returns
    -------
    float
        Absolute up to 1 and relative beyond; infinite where one is finite and the other is not,
        or where `one` cannot be evaluated on (n, 8) arrays.

    Examples
    --------
    >>> from gru_ref.keras.activations.tables import KERAS_2, KERAS_3
    >>> difference(KERAS_2["swish"], KERAS_3["silu"], "float32")
    0.0
    >>> round(difference(KERAS_2["hard_sigmoid"], KERAS_3["hard_sigmoid"], "float32"), 4)
    0.0833
    """
    return _difference(one, known, dtype, slice(None))


def _difference(one: Activation, known: Activation, dtype: str, rows: slice) -> float:
    """Return the worst difference over some rows of the grid."""
    if one is known:
        return 0.0
    try:
        a, b = _values(_Identity(one), dtype), _known_values(_Identity(known), dtype)
    except Exception:  # a user's function may raise anything
        return math.inf
    a, b = a[rows], b[rows]
    with np.errstate(all="ignore"):
        both = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(a[~both], b[~both], equal_nan=True):
            return math.inf
        scale = np.maximum(1, np.maximum(np.abs(a), np.abs(b)))
        return float((np.abs(a - b) / scale)[both].max(initial=0.0))


def tolerance(dtype: str) -> float:
    """Return up to which difference two activations of the dtype are one function."""
    bits = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52}
    return float(SAME * 2.0 ** -bits[dtype])


def same(one: Activation, known: Activation, dtype: str) -> bool:
    """Return whether two activations compute the same, up to `SAME` eps of the dtype."""
    allowed = tolerance(dtype)
    # The first rows show most that differ: no rows differ by more than all of them.
    return all(_difference(one, known, dtype, rows) <= allowed for rows in (_FIRST, slice(None)))


class _Identity:
    """A function, compared by identity: the layer that an activation may be has no hash."""

    def __init__(self, function: Activation) -> None:
        self.function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.function is self.function

    def __hash__(self) -> int:
        return id(self.function)


def _computed(of: _Identity, dtype: str) -> Array:
    """Return the values over the grid, in float64."""
    x = _grid(dtype)
    with np.errstate(all="ignore"):
        y = np.asarray(of.function(x.copy()))
    if y.shape != x.shape:
        raise ValueError
    return y.astype(np.float64)


# One function meets many known ones in turn.
_values = functools.lru_cache(maxsize=2)(_computed)
_known_values = functools.cache(_computed)


@functools.cache
def _grid(dtype: str) -> Array:
    """Return the numbers to be tried, in rows that hold numbers of different sizes."""
    kind = numpy_dtype(dtype)
    if is_half(kind):
        every = np.arange(1 << 16, dtype=np.uint16).view(kind)
        numbers = every[np.isfinite(every.astype(np.float32))]
    else:
        info = np.finfo(kind)
        sizes = np.exp2(np.linspace(info.minexp, info.maxexp - 1, 2001))
        bends = np.linspace(-20, 20, 4001)
        numbers = np.concatenate([[0.0, -0.0], bends, sizes, -sizes]).astype(kind)
        numbers = np.random.default_rng(0).permutation(numbers)
    return numbers[: len(numbers) // _ROW * _ROW].reshape(-1, _ROW)
