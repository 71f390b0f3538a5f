"""GRUWeights: the three arrays of a Keras GRU, their shapes, and the gates as views."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind, is_half
from gru_ref.errors import shown

Array = NDArray[Any]
Gates = tuple[Array, Array, Array]

CUDNN_BIAS = "; a flat (6 * units,) bias comes from CuDNNGRU, whose kernels differ too"


@dataclass(frozen=True, eq=False)
class GRUWeights:
    """The weights of one GRU, as Keras's ``layer.get_weights()`` returns them.

    Parameters
    ----------
    kernel : (features, 3 * units), floating
        Input weights; the column blocks are the gates z (update), r (reset), h (candidate).
    recurrent_kernel : (units, 3 * units), floating
        Recurrent weights, in the same column blocks.
    bias : (2, 3 * units) or (3 * units,) or None, floating
        For reset_after=True row 0 is the input bias and row 1 the recurrent bias. For
        reset_after=False there is only the input bias. None for use_bias=False.

    Raises
    ------
    TypeError
        An array is not of a floating dtype.
    ValueError
        An array has a wrong shape; the message names it.

    Source
    ------
    tf_keras/src/layers/rnn/gru.py and keras/src/layers/rnn/gru.py, GRUCell.build (2.21, 3.15.1).

    Examples
    --------
    >>> weights = GRUWeights(np.ones((4, 15)), np.ones((5, 15)), np.ones((2, 15)))
    >>> weights.features, weights.units
    (4, 5)
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array | None = None

    def __post_init__(self) -> None:
        for name in ("kernel", "recurrent_kernel", "bias"):
            value = getattr(self, name)
            if value is None and name == "bias":
                continue
            array = np.asarray(value)
            if dtype_kind(array.dtype) != "f":
                raise TypeError(f"{name} has dtype {array.dtype}, expected a floating dtype")
            object.__setattr__(self, name, array)
        shape = self.recurrent_kernel.shape
        if len(shape) != 2 or shape[1] != 3 * shape[0]:
            raise ValueError(f"recurrent_kernel has shape {shape}, expected (units, 3 * units)")
        columns = 3 * self.units
        if self.kernel.ndim != 2 or self.kernel.shape[1] != columns:
            raise ValueError(
                f"kernel has shape {self.kernel.shape}, expected (features, {columns}) beside a "
                f"recurrent_kernel of shape {shape}"
            )
        if self.bias is not None and self.bias.shape not in ((columns,), (2, columns)):
            hint = CUDNN_BIAS if self.bias.shape == (2 * columns,) else ""
            raise ValueError(
                f"bias has shape {self.bias.shape}, expected (2, {columns}) for reset_after=True "
                f"or ({columns},) for reset_after=False{hint}"
            )

    @classmethod
    def from_arrays(cls, arrays: Sequence[Any]) -> GRUWeights:
        """Return the weights in the list of ``layer.get_weights()``: two arrays, three with a bias.

        Raises
        ------
        ValueError
            There are neither two nor three arrays.
        """
        if isinstance(arrays, (str, bytes)) or not 2 <= len(arrays) <= 3:
            raise ValueError(
                f"weights is {shown(arrays)}, expected [kernel, recurrent_kernel] or "
                "[kernel, recurrent_kernel, bias]"
            )
        return cls(*arrays)

    @property
    def features(self) -> int:
        """Size of one input vector."""
        return int(self.kernel.shape[0])

    @property
    def units(self) -> int:
        """Size of the state."""
        return int(self.recurrent_kernel.shape[0])

    def named(self) -> dict[str, Array]:
        """Return the arrays by name, in Keras's order, without the bias if there is none."""
        names = ("kernel", "recurrent_kernel", "bias")
        return dict(zip(names, self.arrays(), strict=False))

    def arrays(self) -> list[Array]:
        """Return the arrays in Keras's order, as ``get_weights()`` does."""
        return [
            array for array in (self.kernel, self.recurrent_kernel, self.bias) if array is not None
        ]

    def astype(self, dtype: Any) -> GRUWeights:
        """Return a copy in `dtype`."""
        return GRUWeights(*(array.astype(dtype) for array in self.arrays()))

    def operands(self, x: Array, h: Array, dtype: np.dtype[Any]) -> tuple[Array, Array, GRUWeights]:
        """Return an input, a state and the weights, in `dtype` if it is a half type.

        For float32 and float64 they are returned unchanged.
        """
        if not is_half(dtype):
            return x, h, self
        given = any(array.dtype != dtype for array in self.arrays())
        weights = self.astype(dtype) if given else self
        return x.astype(dtype, copy=False), h.astype(dtype, copy=False), weights

    @functools.cached_property
    def kernel_gates(self) -> Gates:
        """W_z, W_r, W_h: (features, units) each."""
        return _columns(self.kernel)

    @functools.cached_property
    def recurrent_kernel_gates(self) -> Gates:
        """R_z, R_r, R_h: (units, units) each."""
        return _columns(self.recurrent_kernel)

    @functools.cached_property
    def input_bias_gates(self) -> Gates:
        """b_z, b_r, b_h: (units,) each; zeros without a bias."""
        return _columns(self._bias_rows[0])

    @functools.cached_property
    def recurrent_bias_gates(self) -> Gates:
        """c_z, c_r, c_h: (units,) each; zeros without a recurrent bias."""
        return _columns(self._bias_rows[1])

    @property
    def _bias_rows(self) -> tuple[Array, Array]:
        zeros = np.zeros(3 * self.units, self.kernel.dtype)
        if self.bias is None:
            return zeros, zeros
        return (self.bias[0], self.bias[1]) if self.bias.ndim == 2 else (self.bias, zeros)


def _columns(array: Array) -> Gates:
    """Split the last axis into the blocks of z, r and h."""
    units = array.shape[-1] // 3
    return array[..., :units], array[..., units : 2 * units], array[..., 2 * units :]
