"""Floating arrays from bytes; bfloat16, which has no NumPy dtype of its own, is widened here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.part import FilePart

Array = NDArray[Any]

# What NumPy and HDF5 store bfloat16 as, the dtype of ml_dtypes.
BFLOAT16 = np.dtype("V2")
# The floating dtypes → how NumPy reads them.
FLOATS = {"float16": "<f2", "bfloat16": "<u2", "float32": "<f4", "float64": "<f8"}


def check_size(part: FilePart, dtype: str, shape: tuple[int, ...], size: int) -> None:
    """Refuse an array of one of `FLOATS` that takes `size` bytes, unless its shape asks for them.

    Raises
    ------
    MalformedFileError
        It takes more or fewer.
    """
    itemsize = np.dtype(FLOATS[dtype]).itemsize
    if math.prod(shape) * itemsize != size:
        raise part.error(
            f"it is {dtype} of shape {shape} and takes {size:,} bytes, expected {itemsize} bytes "
            "an element"
        )


def float_array(part: FilePart, dtype: str, shape: tuple[int, ...]) -> Array:
    """Return the array of one of `FLOATS` that a part of a file is; bfloat16 in float32.

    Raises
    ------
    MalformedFileError
        A size is not positive, or the part is longer or shorter than the array.
    """
    if min(shape, default=1) < 1:
        raise part.error(f"its shape is {shape}, expected positive sizes")
    check_size(part, dtype, shape, len(part))
    array = np.frombuffer(part.data, FLOATS[dtype]).reshape(shape)
    return from_bfloat16(array) if dtype == "bfloat16" else array


def from_bfloat16(bits: NDArray[Any]) -> NDArray[np.float32]:
    """Return the exact float32 values of bfloat16 bit patterns.

    Parameters
    ----------
    bits : any shape, uint16 or two bytes of type void (as HDF5 stores it), little-endian

    Examples
    --------
    >>> from_bfloat16(np.array([0x3F80, 0xC040], np.uint16))
    array([ 1., -3.], dtype=float32)
    """
    words = np.ascontiguousarray(bits).view("<u2").astype(np.uint32)
    return (words << np.uint32(16)).view(np.float32).reshape(np.shape(bits))
