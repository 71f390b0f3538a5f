"""The rounding of the half types, defined in this one place.

Notes
-----
float16 and bfloat16 are rounded to the nearest number, ties to even unless noted otherwise:

- at the start of a call: the input, the weights, the initial state
- after every single operation (each +, −, ∘, /, exp, tanh, …), by NumPy itself for float16 and by
  ml_dtypes for bfloat16
- once in a matrix product, after a sum in float32: `product`. bfloat16 is truncated there, not
  rounded. Older kernels round float16 after every term: `product_by_term`
- after every term in the sum of a softmax, but for the sum of eight in float32: `softmax_sum`

Weights and a recorded state may be stored in another dtype than the one used for computation:
`gru_ref.keras.identifiers.POLICIES`.

Source
------
Measured on a CPU with TensorFlow 2.1 to 2.21, for these kernels: MatMul (matmul_op_impl.h,
FloatToBFloat16 of framework/bfloat16.h) and Eigen's functors. oneDNN, which TensorFlow uses by
default on a CPU with AVX512-VNNI or bfloat16 instructions unless TF_ENABLE_ONEDNN_OPTS=0, rounds
bfloat16 differently, and so does a GPU: docs/decisions/0014.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Product = Callable[[Array, Array], Array]

_HALF = ("float16", "bfloat16")
# Eigen adds this many numbers at once, and in this many sums side by side.
_PACKET, _SUMS = 8, 4


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the dtype with this name; bfloat16 comes from the package ml_dtypes.

    Raises
    ------
    ModuleNotFoundError
        The name is bfloat16, and ml_dtypes is not installed.

    Examples
    --------
    >>> numpy_dtype("float16")
    dtype('float16')
    """
    if name != "bfloat16":
        return np.dtype(name)
    try:
        dtype: np.dtype[Any] = np.dtype(importlib.import_module("ml_dtypes").bfloat16)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "ml_dtypes is not installed, expected it for bfloat16: pip install 'gru-ref[half]'"
        ) from error
    return dtype


def dtype_kind(dtype: np.dtype[Any]) -> str:
    """Return ``dtype.kind``, but "f" for bfloat16, whose kind in NumPy is void.

    longdouble is "g": TensorFlow has no such dtype, and refuses it.
    """
    if dtype.char == "g":
        return "g"
    if dtype.kind == "V" and dtype.name == "bfloat16":  # a dtype's name takes a while
        return "f"
    return dtype.kind


def is_half(dtype: np.dtype[Any]) -> bool:
    """Return whether the dtype is float16 or bfloat16."""
    return dtype.itemsize == 2 and dtype.name in _HALF


def product(a: Array, b: Array) -> Array:
    """Return a @ b, rounded once as TensorFlow does.

    Equation
    --------
    Σ a b in float32, then the nearest float16, or the next bfloat16 towards zero.

    Parameters
    ----------
    a : (…, n), b : (n, m), of one dtype
        In float32 and float64 this is NumPy's own product.

    Examples
    --------
    >>> a = np.array([[1, 2**-10, 2**-11]], "float16")
    >>> product(a, np.ones((3, 1), "float16")) == 1 + 2**-10 + 2**-10  # a tie, to even
    array([[ True]])
    """
    if not (is_half(a.dtype) and a.dtype == b.dtype):
        return np.asarray(a @ b)
    wide = np.asarray(a.astype(np.float32) @ b.astype(np.float32))
    if a.dtype == np.float16:
        return wide.astype(np.float16)
    kept = (wide.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    return kept.view(a.dtype)


def product_by_term(a: Array, b: Array) -> Array:
    """Return a @ b, with float16 rounded after every term, as TensorFlow does up to 2.15.

    Parameters
    ----------
    a : (…, n), b : (n, m), of one dtype
    """
    if not a.dtype == b.dtype == np.float16:
        return product(a, b)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.zeros((*a.shape[:-1], b.shape[1]), np.float16)
        for term in range(b.shape[0]):
            total = total + a[..., term, np.newaxis] * b[term]
    return total


def elementary(function: np.ufunc, x: Array) -> Array:
    """Return exp, tanh or a similar function of every number, the same on every processor.

    float16 is computed in float64, then rounded to float32, in which Eigen computes, and to
    float16: NumPy's own float16 functions round differently on a processor with AVX-512.
    """
    if x.dtype != np.float16:
        return np.asarray(function(x))
    with np.errstate(over="ignore"):
        return np.asarray(function(x.astype(np.float64)).astype(np.float32).astype(np.float16))


def reduce_sum(
    x: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Array:
    """Return the sums along axes as TensorFlow's reductions compute them: a half type in float32.

    float16 may differ by an ULP or so: Eigen sums it in packets, whose size depends on the CPU.
    """
    if not is_half(x.dtype):
        return np.asarray(x.sum(axis=axis, keepdims=keepdims))
    wide = np.sum(x, axis=axis, keepdims=keepdims, dtype=np.float32)
    return np.asarray(wide).astype(x.dtype)


def softmax_sum(x: Array) -> Array:
    """Return the sums along the last axis, which is kept with size 1, as softmax computes them.

    Equation
    --------
    Of a half type, with every + rounded: packets of eight numbers are added place by place, those
    that come in whole groups of four in four sums, which are then added in order, and those behind
    them after that. The eight sums are added in float32 and rounded once; the numbers behind the
    last packet, added one by one, come last.

    Source
    ------
    InnerMostDimReducer of Eigen's TensorReduction.h, with the packets of AVX: bit-equal to
    TensorFlow 2.21 for 7 to 300 numbers in float16 and bfloat16.
    """
    if not is_half(x.dtype):
        return np.asarray(np.sum(x, axis=-1, keepdims=True))
    count = x.shape[-1] // _PACKET
    fours = count // _SUMS * _SUMS
    packets = x[..., : count * _PACKET].reshape(*x.shape[:-1], count, _PACKET)
    sums = [_add_in_order(packets[..., first:fours:_SUMS, :]) for first in range(_SUMS)]
    lanes = _add_in_order(np.concatenate([np.stack(sums, -2), packets[..., fours:, :]], -2))
    rest = _add_in_order(x[..., count * _PACKET :, np.newaxis])
    wide = np.sum(lanes, axis=-1, keepdims=True, dtype=np.float32)
    return np.asarray(wide.astype(x.dtype) + rest)


def _add_in_order(x: Array) -> Array:
    """Return the sums along the last axis but one, rounded after every term."""
    added = np.zeros((*x.shape[:-2], x.shape[-1]), x.dtype)
    for place in range(x.shape[-2]):
        added = added + x[..., place, :]
    return added
