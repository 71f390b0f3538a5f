"""FloatFormat: the dtypes in which an implementation computes, and the size of its roundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown

Array = NDArray[Any]

# dtype → its unit roundoff, from the coarsest on; and what underflows
ROUNDOFFS = {"bfloat16": 2.0**-8, "float16": 2.0**-11, "float32": 2.0**-24, "float64": 2.0**-53}
DTYPES = tuple(ROUNDOFFS)
_UNDERFLOW = {
    "float16": 2.0**-24, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022,
}  # fmt: skip
_OF_REFERENCE = ROUNDOFFS["float64"]


@dataclass(frozen=True)
class FloatFormat:
    """The arithmetic of an implementation, which determines the bounds of its rounding.

    Parameters
    ----------
    dtype : "float16", "bfloat16", "float32" or "float64"
        The dtype of its arrays and of every operation.
    accumulator : str, optional
        The dtype in which matrix products are summed: by default `dtype`, or float32 for a half
        type, as in TensorFlow since 2.16 and PyTorch on a CPU. It has to be given for an
        implementation that rounds a half type after every term, as Keras 2 up to TensorFlow 2.15
        does with float16.
    activation_ulps : float
        The error of an activation, in units of u · max(1, |y|).
    kernel_scale, recurrent_kernel_scale : float or (3 * units,)
        The step size of quantised weights, such as int8: the distance between two values that can
        be stored, one number or one for each column. 0 if the weights are not quantised.

    Raises
    ------
    ValueError
        A dtype is unknown, or a number negative.
    """

    dtype: str = "float32"
    accumulator: str | None = None
    activation_ulps: float = 4.0
    kernel_scale: Any = 0.0
    recurrent_kernel_scale: Any = 0.0

    def __post_init__(self) -> None:
        for name in ("dtype", "accumulator"):
            value = getattr(self, name)
            if value not in DTYPES and not (name == "accumulator" and value is None):
                raise ValueError(f"{name} is {shown(value)}, expected one of {', '.join(DTYPES)}")
        for name in ("activation_ulps", "kernel_scale", "recurrent_kernel_scale"):
            value = getattr(self, name)
            if not np.all(np.isfinite(value)) or np.any(np.asarray(value) < 0):
                raise ValueError(f"{name} is {shown(value)}, expected a number of at least 0")

    @property
    def roundoff(self) -> float:
        """The relative error of one operation."""
        return ROUNDOFFS[self.dtype] + _OF_REFERENCE

    @property
    def underflow(self) -> float:
        """The absolute error of one operation whose result is too small for the dtype."""
        return _UNDERFLOW[self.dtype]

    @property
    def summing_dtype(self) -> str:
        """The dtype in which matrix products are summed."""
        wide = "float32" if self.dtype in ("float16", "bfloat16") else self.dtype
        return self.accumulator or wide

    def sum_error(self, count: int, size: Array) -> Array:
        """Return the error bound of a sum of `count` terms; `size` is the sum of their magnitudes.

        Raises
        ------
        ValueError
            There is no bound for so many terms in the dtype in which they are summed.
        """
        summing_dtype = self.summing_dtype
        summing = ROUNDOFFS[summing_dtype] + _OF_REFERENCE
        if (count + 2) * summing >= 1:  # everything would be inside an infinite bound
            raise ValueError(
                f"accumulator is {summing_dtype}, expected a finer one: rounding sums of {count} "
                "terms in it has no bound"
            )
        bound = _gamma(count + 2, summing) * size + (count + 2) * self.underflow
        if summing_dtype != self.dtype:
            bound = bound + _gamma(4, self.roundoff) * size  # the products as stored, bias, parts
        return np.asarray(bound)

    def round(self, array: Array) -> Array:
        """Return the array in float64, rounded as the implementation stores it."""
        wide = np.asarray(array, np.float64)
        if self.dtype == "float64":
            return wide
        if self.dtype != "bfloat16":
            return wide.astype(self.dtype).astype(np.float64)
        # The nearest bfloat16, ties to even: float32 without its last sixteen bits.
        bits = wide.astype(np.float32).view(np.uint32).astype(np.uint64)
        even = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
        nearest = even.astype(np.uint32).view(np.float32).astype(np.float64)
        return np.where(np.isfinite(wide), nearest, wide)


def _gamma(count: int, roundoff: float) -> float:
    """Return γ, what `count` roundings in a row can amount to."""
    return count * roundoff / (1 - count * roundoff)
