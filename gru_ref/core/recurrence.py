"""Recurrence: everything that decides the numbers of one GRU beside its weights and its input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_ref.core.rounding import Product, product
from gru_ref.core.smooth_activations import Function, sigmoid, tanh


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
        Whether the reset gate multiplies the recurrent projection, or the state that enters it.
    go_backwards : bool
        The last timestep is processed first.
    time_major : bool
        The two leading axes of inputs, masks and output sequences are (timesteps, batch).
    return_sequences : bool
        The output of every timestep in processing order, not of the last one alone.
    zero_output_for_mask : bool
        A masked timestep puts out zeros, not the output before it.
    dtype : numpy.dtype
        What every operation reads and returns. Half types round as `gru_ref.core.rounding` says.
    product : callable
        The matrix product: (…, n) and (n, m) to (…, m).

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
        object.__setattr__(self, "dtype", np.dtype(self.dtype))
