"""The moves that layouts are made of: reordering gate blocks, joining and splitting bias rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]

KERAS = "zrh"


def reorder(array: Array, order: str) -> Array:
    """Return `array` with its last axis in another gate order, from Keras's z, r, h.

    Examples
    --------
    >>> reorder(np.array([1.0, 2.0, 3.0]), "rzh")
    array([2., 1., 3.])
    """
    return _permute(array, [KERAS.index(gate) for gate in order])


def restore(array: Array, order: str) -> Array:
    """Undo `reorder`: return `array`, whose last axis has the gate order `order`, in Keras's.

    Examples
    --------
    >>> restore(np.array([2.0, 1.0, 3.0]), "rzh")
    array([1., 2., 3.])
    """
    return _permute(array, [order.index(gate) for gate in KERAS])


def _permute(array: Array, permutation: list[int]) -> Array:
    blocks = np.split(array, 3, axis=-1)
    return np.concatenate([blocks[index] for index in permutation], axis=-1)


def transposed_kernels(weights: GRUWeights, order: str = KERAS) -> tuple[Array, Array]:
    """Return (3 * units, features) and (3 * units, units), the gates in `order`."""
    kernel, recurrent_kernel = (
        np.ascontiguousarray(reorder(array, order).T)
        for array in (weights.kernel, weights.recurrent_kernel)
    )
    return kernel, recurrent_kernel


def bias_rows(weights: GRUWeights) -> tuple[Array, Array]:
    """Return the input and the recurrent bias, (3 * units,) each; zeros where there is none."""
    return (
        np.concatenate(weights.input_bias_gates),
        np.concatenate(weights.recurrent_bias_gates),
    )


def merged_bias(weights: GRUWeights) -> tuple[Array, Array]:
    """Return the bias as runtimes keep it that add the rows of z and r when they are made.

    Returns
    -------
    joined : (3 * units,)
        z and r: the sum of both rows, rounded once. h: the input bias.
    recurrent_h : (units,)
        The recurrent bias of h.
    """
    input_bias, recurrent_bias = bias_rows(weights)
    units = weights.units
    joined = input_bias.copy()
    joined[: 2 * units] += recurrent_bias[: 2 * units]
    return joined, recurrent_bias[2 * units :].copy()


def split_bias(joined: Array, recurrent_h: Array) -> Array:
    """Return (2, 3 * units) rows for a merged bias: the canonical split.

    All of z and r goes to the input row, and the recurrent row of z and r is zero: of all the
    pairs with this sum the one that merges to the same bits again.
    """
    units = recurrent_h.shape[0]
    return np.stack([joined, np.concatenate([np.zeros(2 * units, joined.dtype), recurrent_h])])
