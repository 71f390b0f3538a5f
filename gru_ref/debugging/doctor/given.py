"""The arrays as they were handed over: names, numbers in float64, and how far each may be off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.precision import coarsest, stored_in
from gru_ref.errors import shown

Array = NDArray[Any]

_SCALE, _ZERO = "_scale", "_zero_point"
_HALVES = {"bfloat16", "float16"}


class Given(NamedTuple):
    """One array.

    Parameters
    ----------
    name : str
    value : float64
    step : float64, the shape of `value`
        The distance of two quantised values; zeros for floating arrays.
    precision : str
        A name of `gru_ref.debugging.doctor.precision.PRECISIONS`: the coarsest that holds the
        values.
    """

    name: str
    value: Array
    step: Array
    precision: str


def arrays_of(arrays: Any, bits: str | None = None) -> list[Given]:
    """Return the arrays of a mapping or a sequence.

    Parameters
    ----------
    arrays : mapping of names to arrays, sequence of arrays, or one array
        Integer arrays are quantised weights: NAME with NAME_scale, and perhaps NAME_zero_point,
        beside it; in a sequence, a pair (array, scale). Text and empty arrays are passed by.
    bits : "bfloat16" or "float16", optional
        What uint16 arrays, or arrays of two raw bytes, are the bits of.

    Raises
    ------
    TypeError, ValueError
        A value is no array of numbers, or holds NaN or infinity, or a scale is missing.
    """
    if bits is not None and bits not in _HALVES:
        raise ValueError(f"bits is {shown(bits)}, expected 'bfloat16' or 'float16'")
    made = [_given(name, value, scale, zero, bits) for name, value, scale, zero in _named(arrays)]
    found = [given for given in made if given.value.size]
    if not found:
        raise ValueError(f"arrays is {shown(arrays)}, expected the arrays of a GRU")
    return found


def _named(arrays: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield name, array, scale and zero point."""
    if isinstance(arrays, np.ndarray):
        arrays = [arrays]
    if isinstance(arrays, Mapping):
        for name, value in arrays.items():
            stem = next(
                (name.removesuffix(end) for end in (_SCALE, _ZERO) if str(name).endswith(end)), name
            )
            if stem != name and stem in arrays:
                continue
            if isinstance(value, (np.ndarray, list, tuple)) or hasattr(value, "__array__"):
                scale, zero = arrays.get(f"{name}{_SCALE}"), arrays.get(f"{name}{_ZERO}", 0)
                if not _is_text(value):
                    yield str(name), value, scale, zero
    elif isinstance(arrays, Sequence) and not isinstance(arrays, (str, bytes)):
        for place, value in enumerate(arrays):
            if isinstance(value, tuple) and len(value) == 2:
                yield f"array {place}", value[0], value[1], 0
            else:
                yield f"array {place}", value, None, 0
    else:
        raise TypeError(f"arrays is {shown(arrays)}, expected a mapping or a sequence of arrays")


def _is_text(value: Any) -> bool:
    """Whether a value is an attribute that a layout keeps beside its arrays, or a single number."""
    array = np.asarray(value)
    return array.dtype.kind in "USOb" or array.ndim == 0


def _given(name: str, value: Any, scale: Any, zero: Any, bits: str | None) -> Given:
    dtype = np.asarray(value).dtype
    if scale is None and dtype.kind in "iu" and dtype != np.uint16:
        raise ValueError(
            f"{name} has dtype {dtype}, expected floating numbers, or "
            f"{name}{_SCALE} beside it, or a pair (array, scale)"
        )
    array = numbers(value, name, bits, quantised=scale is not None)
    if scale is None:
        return Given(name, array, np.zeros(array.shape), stored_in(array))
    factor = _scale(np.asarray(scale, np.float64), array.shape, name)
    offset = _scale(np.asarray(zero, np.float64), array.shape, name)
    return Given(name, (array - offset) * factor, np.broadcast_to(factor, array.shape), "float32")


def _scale(factor: Array, shape: tuple[int, ...], name: str) -> Array:
    """Return a scale, or one for each row, so that it multiplies the array."""
    if factor.ndim == 1 and factor.size > 1 and shape and factor.size == shape[0] != shape[-1]:
        factor = factor.reshape(-1, *(1,) * (len(shape) - 1))
    try:
        return np.broadcast_to(factor, shape)
    except ValueError:
        raise ValueError(
            f"{name}{_SCALE} has shape {factor.shape}, expected a number or one for each row of "
            f"{shape}"
        ) from None


def numbers(value: Any, name: str, bits: str | None = None, *, quantised: bool = False) -> Array:
    """Return an array in float64, whatever it came in: half types, their bits, integers.

    Raises
    ------
    TypeError, ValueError
        It is no array of finite numbers.
    """
    array = np.asarray(value)
    if array.dtype.kind == "V" and array.dtype.name != "bfloat16" and array.dtype.itemsize == 2:
        array = array.view(np.uint16)
    if array.dtype == np.uint16 and not quantised:
        if bits is None:
            raise ValueError(
                f"{name} has dtype {np.asarray(value).dtype}, expected bits='bfloat16' or "
                "bits='float16' to say what its two bytes are"
            )
        array = (
            array.view(np.float16)
            if bits == "float16"
            else (array.astype(np.uint32) << 16).view(np.float32)
        )
    if array.dtype.kind in "iu" and not quantised:
        raise ValueError(f"{name} has dtype {array.dtype}, expected floating numbers")
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(f"{name} is {shown(value)}, expected an array of numbers")
    made: Array = array.astype(np.float64)
    if not np.isfinite(made).all():
        raise ValueError(f"{name} holds NaN or infinity, expected finite numbers")
    return made


def weights_precision(given: Sequence[Given]) -> str:
    """Return the coarsest precision that one of the arrays is stored in, short numbers apart."""
    names = [one.precision for one in given if one.value.size > 1 and one.value.any()]
    return coarsest(names or ["float32"])


def quantised(given: Sequence[Given]) -> bool:
    """Whether one of the arrays is of integers with a scale."""
    return any(one.step.any() for one in given)
