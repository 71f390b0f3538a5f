"""The half types on file: bfloat16 has no NumPy dtype of its own and is decoded here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


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
