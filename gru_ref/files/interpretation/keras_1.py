"""Keras 1: its names of the arguments, and its nine arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru_ref.files.interpretation.found import Array

_NAMES = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}


def is_config(config: Mapping[str, Any]) -> bool:
    """Return whether a GRU's config is written in Keras 1's words."""
    return "output_dim" in config and "units" not in config


def to_keras_2(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config in Keras 2's words, with what Keras 1 had no argument for.

    Source
    ------
    GRU.get_config in keras/layers/recurrent.py (1.2.2); files of 1.0.8, 1.1.2 and 1.2.2 were read.

    Examples
    --------
    >>> to_keras_2({"output_dim": 5, "inner_activation": "hard_sigmoid"})["units"]
    5
    """
    renamed = {_NAMES.get(name, name): regularizer(value) for name, value in config.items()}
    return {**renamed, "use_bias": True, "return_state": False, "reset_after": False}


def regularizer(value: Any) -> Any:
    """Return a regularizer's dict in Keras 2's words; anything else as it is.

    Examples
    --------
    >>> regularizer({"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5})
    {'class_name': 'L1L2', 'config': {'l1': 0.0, 'l2': 0.5}}
    """
    if not isinstance(value, Mapping) or value.keys() != {"name", "l1", "l2"}:
        return value
    return {"class_name": "L1L2", "config": {"l1": value["l1"], "l2": value["l2"]}}


def are_nine(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Return whether nine arrays have the shapes of W, U, b for each of z, r, h.

    Examples
    --------
    >>> are_nine([(6, 5), (5, 5), (5,)] * 3), are_nine([(6, 5), (5, 5), (5,)] * 2)
    (True, False)
    """
    return len(shapes) == 9 and count_gates(shapes) == 3


def count_gates(shapes: Sequence[tuple[int, ...]]) -> int:
    """Return how many times W, U, b of the same shapes follow each other, from the first on.

    Examples
    --------
    >>> count_gates([(6, 5), (5, 5), (5,)] * 4), count_gates([(6, 5), (5, 10)])
    (4, 0)
    """
    units = shapes[2] if len(shapes) > 2 else ()
    if len(units) != 1 or list(shapes[:3]) != [(*shapes[0][:1], *units), 2 * units, units]:
        return 0
    count = 1
    while shapes[3 * count : 3 * count + 3] == shapes[:3]:
        count += 1
    return count


def join_arrays(arrays: Sequence[Array]) -> list[Array]:
    """Return kernel, recurrent_kernel and bias of Keras 1's W, U, b for each of z, r, h.

    Parameters
    ----------
    arrays : nine
        W_z (features, units), U_z (units, units), b_z (units,), then the same of r and h.
    """
    return [np.concatenate(arrays[k::3], axis=-1) for k in range(3)]
