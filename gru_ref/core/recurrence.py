"""Recurrence: everything that determines one GRU's numbers besides its weights and input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_ref.core.rounding import Product, dtype_kind, numpy_dtype, product
from gru_ref.core.smooth_activations import Function, sigmoid, tanh
from gru_ref.errors import shown


@dataclass(frozen=True)
class Recurrence:
    """The functions, the reset form, the direction and the dtype of one GRU.

    Parameters
    ----------
    activation : callable
        φ, of the candidate: an array to one of the same shape and dtype.
    recurrent_activation : callable
        ρ, of the gates z and r.
    reset_after : bool
        True: the reset gate multiplies the recurrent projection; False: the state that enters it.
    go_backwards : bool
        The last timestep is processed first.
    time_major : bool
        The two leading axes of inputs, masks and output sequences are (timesteps, batch).
    return_sequences : bool
        The output of every timestep is returned, in processing order, not only the last.
    zero_output_for_mask : bool
        The output at a masked timestep is zero, not the previous output.
    dtype : numpy.dtype or str
        The dtype of every operation: float16, bfloat16, float32 or float64.
        `gru_ref.core.rounding` describes how half types round.
    product : callable
        The matrix product: (…, n) and (n, m) to (…, m).

    Raises
    ------
    TypeError
        A function is not callable, or dtype is not a floating one.
    ModuleNotFoundError
        dtype is "bfloat16", and ml_dtypes is not installed.

    Examples
    --------
    >>> Recurrence().activation(np.zeros(1, "float32")), Recurrence(dtype="float16").dtype
    (array([0.], dtype=float32), dtype('float16'))
    """

    activation: Function = tanh
    recurrent_activation: Function = sigmoid
    reset_after: bool = True
    go_backwards: bool = False
    time_major: bool = False
    return_sequences: bool = False
    zero_output_for_mask: bool = False
    dtype: Any = "float32"
    product: Product = product

    def __post_init__(self) -> None:
        for name in ("activation", "recurrent_activation", "product"):
            function = getattr(self, name)
            if not callable(function):
                raise TypeError(f"{name} is {shown(function)}, expected a function of arrays")
        message = f"dtype is {shown(self.dtype)}, expected float16, bfloat16, float32 or float64"
        try:
            dtype = numpy_dtype(self.dtype) if isinstance(self.dtype, str) else np.dtype(self.dtype)
        except TypeError:
            raise TypeError(message) from None
        if dtype_kind(dtype) != "f":
            raise TypeError(message)
        object.__setattr__(self, "dtype", dtype)
