"""What the configs of several layers have in common: how they begin, and what a loop says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.keras.config import GRUConfig
from gru_ref.keras.serialization import objects

_LOOP = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


def layer_part(
    config: GRUConfig,
    dtype: str,
    name: str,
    trainable: bool,
    layer_arguments: Mapping[str, Any],
    activity_regularizer: Any = None,
) -> dict[str, Any]:
    """Return what the config of any layer of the release begins with."""
    behaviour = config.behaviour
    result: dict[str, Any] = {"name": name, "trainable": trainable}
    result["dtype"] = objects.dtype(dtype, behaviour)
    batch_shape = _batch_input_shape(layer_arguments)
    if behaviour.config_has_keras_2_keys and batch_shape is not None:
        result["batch_input_shape"] = batch_shape
        if behaviour.batch_shape_before_dtype:
            result["dtype"] = result.pop("dtype")
    if behaviour.activity_regularizer_stands_first and activity_regularizer is not None:
        result["activity_regularizer"] = activity_regularizer
    if behaviour.dynamic_in_config and layer_arguments.get("dynamic"):
        result["dynamic"] = True
    return result


def loop_part(config: GRUConfig) -> dict[str, Any]:
    """Return what the config of an RNN or a GRU says of its loop."""
    result = {key: getattr(config, key) for key in _LOOP}
    if config.behaviour.config_has_keras_2_keys:
        result["time_major"] = config.time_major
    if config.zero_output_for_mask or not config.behaviour.config_has_keras_2_keys:
        result["zero_output_for_mask"] = config.zero_output_for_mask
    return result


def _batch_input_shape(arguments: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    """Return the batch_input_shape that Keras 2 derives from its older spellings."""
    if arguments.get("batch_input_shape") is not None:
        return tuple(arguments["batch_input_shape"])
    batch = arguments.get("batch_size")
    if arguments.get("input_shape") is not None:
        return (batch, *arguments["input_shape"])
    if arguments.get("input_dim") is not None:
        return (batch, arguments.get("input_length"), arguments["input_dim"])
    return None
