"""Keras's own config dicts and live layers, to the arguments of `gru_ref.GRU` and back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.config import KINDS, GRUConfig
from gru_ref.errors import shown
from gru_ref.versions import Behaviour, resolve

# Keras's order of keys; both generations share these.
_SHARED = (
    "units", "activation", "recurrent_activation", "use_bias", "kernel_initializer",
    "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
    "bias_regularizer", "activity_regularizer", "kernel_constraint", "recurrent_constraint",
    "bias_constraint", "dropout", "recurrent_dropout",
)  # fmt: skip
_LOOP = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


def to_keras(
    config: GRUConfig, name: str, trainable: bool, layer_arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the dict of the release's own ``get_config()``: its keys, in its order.

    Values stand as they were given: initializers, regularizers and constraints by name stay names.

    Source
    ------
    GRU.get_config, RNN.get_config and Layer.get_config (tf_keras 2.21, Keras 3.15.1).
    """
    behaviour = config.behaviour
    result: dict[str, Any] = {"name": name, "trainable": trainable}
    batch_shape = _batch_input_shape(layer_arguments)
    if behaviour.config_has_keras_2_keys and batch_shape is not None:
        result["batch_input_shape"] = batch_shape
    result["dtype"] = config.dtype
    if behaviour.dtype_policy_in_config:
        result["dtype"] = {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": config.dtype},
            "registered_name": None,
        }
    if not behaviour.config_has_keras_2_keys and config.activity_regularizer is not None:
        result["activity_regularizer"] = config.activity_regularizer
    if behaviour.config_has_keras_2_keys and layer_arguments.get("dynamic"):
        result["dynamic"] = True
    result.update((key, getattr(config, key)) for key in _LOOP)
    if behaviour.config_has_keras_2_keys:
        result["time_major"] = config.time_major
    if config.zero_output_for_mask or not behaviour.config_has_keras_2_keys:
        result["zero_output_for_mask"] = config.zero_output_for_mask
    result.update((key, getattr(config, key)) for key in _SHARED)
    if behaviour.implementation_in_config:
        result["implementation"] = config.implementation
    result["reset_after"] = config.reset_after
    if not behaviour.config_has_keras_2_keys:
        result["seed"] = config.seed
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


def generation_of(config: Mapping[str, Any]) -> str:
    """Return "2" or "3", the generation that wrote `config`, by its keys.

    Raises
    ------
    ValueError
        The keys of neither generation are there; hard_sigmoid and others would be ambiguous.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"config is {shown(config)}, expected a dict of get_config()")
    if "time_major" in config or "implementation" in config:
        return "2"
    if "seed" in config and "zero_output_for_mask" in config:
        return "3"
    raise ValueError(
        f"config has the keys {shown(sorted(config))}, expected those of one generation "
        "(time_major and implementation, or seed and zero_output_for_mask): give keras_version"
    )


def from_keras(config: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return the arguments of `gru_ref.GRU` for a config that the release wrote.

    Raises
    ------
    TypeError
        `config` is no dict.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"config is {shown(config)}, expected a dict of get_config()")
    arguments = dict(config)
    if behaviour.from_config_implementation_0_is_1 and arguments.get("implementation") == 0:
        arguments["implementation"] = 1
        behaviour.warn("from_config_implementation_0_is_1")
    return arguments


def read_layer(layer: Any, keras_version: str | None) -> tuple[str, dict[str, Any], list[Any], Any]:
    """Return the version, arguments, weights and recorded state of a live Keras GRU.

    Raises
    ------
    TypeError
        `layer` is no Keras layer.
    """
    if not callable(getattr(layer, "get_config", None)) or not callable(
        getattr(layer, "get_weights", None)
    ):
        raise TypeError(f"layer is {shown(layer)}, expected a live Keras GRU layer")
    version = keras_version or _version_of(type(layer))
    arguments = dict(layer.get_config())
    # What get_config drops: Keras 3 both of these, any Keras what it cannot serialize.
    for name in ("implementation", "use_cudnn"):
        value = getattr(layer, name, getattr(getattr(layer, "cell", None), name, None))
        if value is not None:
            arguments[name] = value
    for name in ("activation", "recurrent_activation"):
        if not isinstance(arguments.get(name), str):
            arguments[name] = _as_numpy(getattr(layer, name))
    for kind, module in KINDS.items():
        for name in (name for name in arguments if name.endswith(f"_{kind}")):
            try:
                module.resolve(arguments[name], resolve(version), name)
            except (TypeError, ValueError):
                arguments[name] = getattr(layer, name)
    state = (getattr(layer, "states", None) or [None])[0]
    state = None if state is None else np.array(state)
    return version, arguments, [np.asarray(array) for array in layer.get_weights()], state


def _as_numpy(function: Any) -> Any:
    """Wrap a function on Keras tensors as one on arrays."""

    def activation(x: Any) -> Any:
        return np.asarray(function(x))

    return activation


def _version_of(layer_class: type) -> str:
    """Return ``__version__`` of the Keras that a layer's class, or one of its bases, comes from."""
    for base in layer_class.__mro__:
        package = base.__module__.partition(".")[0]
        if package == "tensorflow":
            return f"tf-{'.'.join(sys.modules['tensorflow'].__version__.split('.')[:2])}"
        if package in ("keras", "tf_keras"):
            return str(sys.modules[package].__version__)
    raise TypeError(f"layer is of {layer_class}, expected a class that derives from Keras's GRU")
