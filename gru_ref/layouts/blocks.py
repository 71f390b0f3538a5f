"""The moves that layouts are made of: reordering gate blocks, joining and splitting bias rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]

KERAS = "zrh"


def split_gates(array: Array) -> list[Array]:
    """Return the blocks of the three gates, which lie along the last axis."""
    return np.split(array, 3, axis=-1)


def join_gates(blocks: Iterable[Array]) -> Array:
    """Return blocks side by side, as `split_gates` takes them apart."""
    return np.concatenate(list(blocks), axis=-1)


def map_gates(change: Callable[[Array], Array], array: Array) -> Array:
    """Return `array` with each gate's block changed."""
    return join_gates(map(change, split_gates(array)))


def named_gates(array: Array, names: Iterable[str], *, transposed: bool = False) -> dict[str, Any]:
    """Return each gate's block under a name of its own, in Keras's order.

    `gru_ref.layouts.reading.read_gates` undoes it.
    """
    return {
        name: np.array(block.T if transposed else block, order="C")
        for name, block in zip(names, split_gates(array), strict=True)
    }


def reorder(array: Array, order: str, old: str = KERAS) -> Array:
    """Return `array` with its last axis in another gate order, from `old`, Keras's by default.

    Examples
    --------
    >>> reorder(np.array([1.0, 2.0, 3.0]), "rzh")
    array([2., 1., 3.])
    """
    blocks = dict(zip(old, split_gates(array), strict=True))
    return join_gates(blocks[gate] for gate in order)


def restore(array: Array, order: str) -> Array:
    """Undo `reorder`: return `array`, whose last axis has the gate order `order`, in Keras's.

    Examples
    --------
    >>> restore(np.array([2.0, 1.0, 3.0]), "rzh")
    array([1., 2., 3.])
    """
    return reorder(array, KERAS, order)


def transposed_kernels(
    weights: GRUWeights, names: tuple[str, str], order: str = KERAS, *, leading: bool = False
) -> dict[str, Any]:
    """Return both kernels as a layout has them; `gru_ref.layouts.reading.read_kernels` undoes it.

    Parameters
    ----------
    weights : GRUWeights
    names : (str, str)
        What the runtime calls them.
    order : str
        The order in which its gates lie.
    leading : bool
        Whether they have an axis of size 1 in front, for the direction.

    Returns
    -------
    dict
        (3 * units, features) and (3 * units, units).
    """
    arrays = (reorder(array, order).T for array in (weights.kernel, weights.recurrent_kernel))
    return {
        name: np.ascontiguousarray(array[np.newaxis] if leading else array)
        for name, array in zip(names, arrays, strict=True)
    }


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
