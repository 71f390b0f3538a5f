"""Layers of Keras 1: its names of the arguments, in Keras 2's words, and its arrays.

`gru_ref.files.interpretation.keras_1` reads its GRU alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru_ref.errors import shown
from gru_ref.files.interpretation.found import Array
from gru_ref.files.interpretation.keras_1 import regularizer
from gru_ref.files.writers.keras3_model.report import NotCarriedError

# Arguments that Keras 2 no longer has: any of them shows a config of Keras 1.
_ONLY = frozenset((
    "W_constraint", "W_regularizer", "border_mode", "concat_axis", "consume_less", "dim_ordering",
    "init", "inner_activation", "inner_init", "mode", "nb_filter", "p", "pool_length", "sigma",
))  # fmt: skip
_NAMES: Mapping[str, str] = {
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "depthwise_init": "depthwise_initializer",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "length": "size",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pointwise_init": "pointwise_initializer",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}
_OF_CLASS: Mapping[str, Mapping[str, str]] = {
    "Embedding": {
        "W_constraint": "embeddings_constraint",
        "W_regularizer": "embeddings_regularizer",
        "init": "embeddings_initializer",
        "output_dim": "output_dim",
    },
    "PReLU": {"init": "alpha_initializer"},
}
# What acts in training alone, or is no argument of the layer any more.
_GONE = frozenset(("forget_bias_init", "weights", "activity_regularizer"))
_MERGES: Mapping[str, str] = {
    "ave": "Average",
    "concat": "Concatenate",
    "dot": "Dot",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}
# Of an LSTM's twelve arrays W, U, b of i, c, f, o → those of Keras 2's i, f, c, o.
_LSTM_ORDER = (0, 6, 3, 9)
_GRU_ORDER = (0, 3, 6)


def is_config(config: Mapping[str, Any]) -> bool:
    """Return whether a layer's config is written in Keras 1's words."""
    return bool(_ONLY & config.keys()) or ("output_dim" in config and "input_dim" not in config)


def keras_2_layer(class_name: str, config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return class and config of a layer in Keras 2's words.

    Raises
    ------
    NotCarriedError
        Keras 2 has no such layer.

    Source
    ------
    keras/legacy/interfaces.py (2.0 to 2.2), and the layers of Keras 1.2.2.

    Examples
    --------
    >>> keras_2_layer("Dense", {"output_dim": 3, "init": "uniform", "bias": True})
    ('Dense', {'units': 3, 'kernel_initializer': 'uniform', 'use_bias': True})
    """
    if class_name == "Merge":
        return _merge(config)
    names = {**_NAMES, **_OF_CLASS.get(class_name, {})}
    new = {
        names.get(name, name): _constraint(regularizer(value))
        for name, value in config.items()
        if name not in _GONE and name not in ("nb_row", "nb_col", "kernel_dim1", "dim_ordering")
    }
    if {"nb_row", "nb_col"} <= config.keys():
        new["kernel_size"] = [config["nb_row"], config["nb_col"]]
    if "dim_ordering" in config:
        orders = {"tf": "channels_last", "th": "channels_first"}
        new["data_format"] = orders.get(str(config["dim_ordering"]))
    if class_name == "BatchNormalization" and new.pop("mode", 0) != 0:
        raise NotCarriedError(f"mode={shown(config['mode'])}", "Keras 3 normalizes as mode=0 does")
    if class_name == "Embedding" and new.pop("dropout", 0):
        new.pop("dropout", None)  # it acts in training alone
    if class_name == "GRU":
        new.update(reset_after=False)
    return class_name, new


def _constraint(value: Any) -> Any:
    """Return a constraint's dict in Keras 2's words; anything else as it is.

    Examples
    --------
    >>> _constraint({"name": "MaxNorm", "m": 2, "axis": 0})
    {'class_name': 'MaxNorm', 'config': {'max_value': 2, 'axis': 0}}
    """
    names = {"m": "max_value", "axis": "axis"}
    known = ["MaxNorm", "NonNeg", "UnitNorm"]
    if not isinstance(value, Mapping) or value.get("name") not in known:
        return value
    config = {names[key]: inner for key, inner in value.items() if key in names}
    return {"class_name": value["name"], "config": config}


def _merge(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    mode = config.get("mode")
    if not isinstance(mode, str) or mode not in _MERGES or config.get("mode_type", "raw") != "raw":
        raise NotCarriedError(f"Merge of mode {shown(mode)}", "Keras 3 has no layer that does this")
    new: dict[str, Any] = {"name": config.get("name")}
    if mode == "concat":
        new["axis"] = config.get("concat_axis", -1)
    if mode == "dot":
        new["axes"] = config.get("dot_axes", -1)
    return _MERGES[mode], new


def roles(class_name: str, config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the arrays of a recurrent layer that keeps one for each gate; None for any other."""
    gates = {"GRU": "zrh", "LSTM": "icfo"}.get(class_name)
    if gates is None or config.get("consume_less") == "gpu":
        return None
    return tuple(f"{letter}_{gate}" for gate in gates for letter in "WUb")


def join_gates(arrays: Sequence[Array]) -> list[Array]:
    """Return kernel, recurrent_kernel and bias of the nine or twelve arrays of Keras 1.

    Source
    ------
    preprocess_weights_for_loading in tf_keras/src/saving/legacy/hdf5_format.py (2.21).
    """
    order = _LSTM_ORDER if len(arrays) == 12 else _GRU_ORDER
    return [np.concatenate([arrays[k + at] for at in order], axis=-1) for k in range(3)]


def convolution_kernel(kernel: Array, rank: int, config: Mapping[str, Any]) -> Array:
    """Return the kernel of a convolution in Keras 2's order of axes.

    Parameters
    ----------
    kernel : rank + 2 axes; 4 axes for Convolution1D
    rank : int
        How many axes the convolution goes along.
    config : mapping
        In Keras 2's words.

    Source
    ------
    preprocess_weights_for_loading in tf_keras/src/saving/legacy/hdf5_format.py (2.21).
    """
    if rank == 1 and kernel.ndim == 4:
        size = config.get("kernel_size")
        size = size[0] if isinstance(size, list) else size
        if kernel.shape[:2] != (size, 1) or kernel.shape[3] != config.get("filters"):
            kernel = kernel.transpose(2, 3, 1, 0)  # (filters, input, length, 1) until Keras 1.0
        return kernel[:, 0]
    if config.get("data_format") == "channels_first" and kernel.ndim == rank + 2:
        return kernel.transpose(*range(2, rank + 2), 1, 0)
    return kernel
