"""Conversion of Keras's own config dicts to the arguments of `gru_ref.GRU`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.errors import shown
from gru_ref.keras.activations.layers import OBJECT_KEYS
from gru_ref.keras.config import KINDS, GRUConfig
from gru_ref.keras.identifiers import KERAS_PACKAGES
from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.serialization import custom_objects, objects

# Keras's order of keys; both generations share these.
_SHARED = (
    "units", "activation", "recurrent_activation", "use_bias", "kernel_initializer",
    "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
    "bias_regularizer", "activity_regularizer", "kernel_constraint", "recurrent_constraint",
    "bias_constraint", "dropout", "recurrent_dropout",
)  # fmt: skip
ACTIVATIONS = ("activation", "recurrent_activation")
LOOP = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")

# The keys and the dtype policies that one generation alone writes.
_SIGNS = {
    "2": ("time_major", "implementation", "batch_input_shape", "dynamic"),
    "3": ("seed", "use_cudnn"),
}
_POLICIES = {"Policy": "2", "DTypePolicy": "3", "FloatDTypePolicy": "3"}

# What Keras 2.6 to 2.12 write for an activation, and Keras 3.2 to 3.6 for an initializer, and
# cannot read.
_UNREADABLE = {"log_softmax_v2": "log_softmax", "IdentityInitializer": "Identity"}


def layer_part(
    config: GRUConfig,
    dtype: str,
    name: str,
    trainable: bool,
    layer_arguments: Mapping[str, Any],
    activity_regularizer: Any = None,
) -> dict[str, Any]:
    """Return the first entries of the config of any layer of the release."""
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
    """Return the entries for the loop in the config of an RNN or a GRU."""
    result = {key: getattr(config, key) for key in LOOP}
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


def layer_config(
    config: GRUConfig,
    name: str,
    trainable: bool,
    layer_arguments: Mapping[str, Any],
    rng_type: str,
    *,
    for_cell: bool = False,
) -> dict[str, Any]:
    """Return the dict of ``get_config()`` of a GRU or its cell: keys, values and order of Keras.

    A name that Keras would number ("gru_1", "re_lu_2") has no number. Seeds that were not given
    are None, as in every Keras, even if Keras has drawn one.

    Raises
    ------
    TypeError, ValueError
        A callable has neither a name nor get_config(): Keras cannot serialize it either.

    Source
    ------
    GRU.get_config, RNN.get_config and Layer.get_config (tf_keras 2.21, Keras 3.15.1).
    """
    argument = "activity_regularizer"
    written = {
        key: written_argument(config, key) for key in _SHARED if not (for_cell and key == argument)
    }
    result = layer_part(
        config, config.dtype, name, trainable, layer_arguments, written.get(argument)
    )
    if config.behaviour.rng_type_in_config and rng_type != "legacy_stateful":
        result["rng_type"] = rng_type
    if not for_cell:
        result |= loop_part(config)
    result |= written
    if config.behaviour.implementation_in_config:
        result["implementation"] = config.implementation
    result["reset_after"] = config.reset_after
    if not config.behaviour.config_has_keras_2_keys:
        result["seed"] = config.seed
    return result


def written_argument(config: GRUConfig, argument: str) -> Any:
    """Return the value that the release writes for one argument."""
    value = getattr(config, argument)
    if argument in ACTIVATIONS:
        return objects.activation(value, config.behaviour, argument)
    if argument not in config.identifiers:
        return value
    found = config.identifiers[argument]
    return objects.identifier(value, found, config.behaviour, argument)


def generation_of(config: Mapping[str, Any]) -> str:
    """Return "2" or "3", the generation that wrote `config`, by its keys.

    If no key tells, it is "2", the default of gru_ref: both generations run such a layer alike.

    Raises
    ------
    TypeError
        `config` is not a dict.
    ValueError
        There are keys of both generations, or of neither while an activation is hard_sigmoid, which
        is a different function in each.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"config is {shown(config)}, expected a dict of get_config()")
    signs = _signs(config)
    if signs["2"] and signs["3"]:
        raise ValueError(
            f"config has the keys {', '.join(signs['2'])} of Keras 2 and {', '.join(signs['3'])} "
            "of Keras 3, expected those of one generation: give keras_version"
        )
    if signs["2"] or signs["3"]:
        return "2" if signs["2"] else "3"
    for argument in ACTIVATIONS:
        value = config.get(argument)
        if "hard_sigmoid" in (value, value.get("config") if isinstance(value, Mapping) else None):
            raise ValueError(
                f"config has {argument} {shown(value)} and no key of one generation alone, "
                "expected one (time_major and implementation, or seed): its slope is 0.2 in "
                "Keras 2 and 1/6 in Keras 3; give keras_version"
            )
    return "2"


def shows_generation(config: Mapping[str, Any]) -> bool:
    """Return whether a key of `config` is one that a single generation writes."""
    return any(_signs(config).values())


def _signs(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the keys in `config` that each generation alone writes."""
    signs = {
        generation: [key for key in keys if key in config] for generation, keys in _SIGNS.items()
    }
    dtype = config.get("dtype")
    if isinstance(dtype, Mapping) and dtype.get("class_name") in _POLICIES:
        signs[_POLICIES[dtype["class_name"]]].append("dtype")
    return signs


def constructor_arguments(
    config: Mapping[str, Any],
    behaviour: Behaviour,
    custom: Mapping[str, Any] | None = None,
    *,
    for_cell: bool = False,
) -> dict[str, Any]:
    """Return the arguments of `gru_ref.GRU`, or of its cell, for a config that a release wrote.

    Parameters
    ----------
    custom : mapping, optional
        As `gru_ref.keras.serialization.custom_objects.deserialize` takes it.

    Raises
    ------
    TypeError
        `config` is not a dict, or a class in `custom` has no from_config.
    ValueError
        A serialized object in it is not one of Keras's own, or has unknown keys.

    Warns
    -----
    KerasQuirkWarning
        The release reads the config as another layer than the one that wrote it.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"config is {shown(config)}, expected a dict of get_config()")
    arguments = {}
    for key, value in config.items():
        taken = None
        if custom and (key in ACTIVATIONS or key.rpartition("_")[2] in KINDS):
            taken = custom_objects.deserialize(value, custom, behaviour, key)
        arguments[key] = _read(value, key) if taken is None else taken
    zero = not for_cell and arguments.get("implementation") == 0
    if zero and behaviour.from_config_implementation_0_is_1:
        arguments["implementation"] = 1
        behaviour.warn("from_config_implementation_0_is_1")
    return arguments


def _read(value: Any, argument: str) -> Any:
    """Return a value of a config: tuples as such, serialized objects checked."""
    if argument in ACTIVATIONS and isinstance(value, str):
        return _UNREADABLE.get(value, value)
    if not isinstance(value, Mapping):
        return value
    if value.get("class_name") == "__tuple__":
        return tuple(_read(item, argument) for item in value["items"])
    if "class_name" not in value:
        return {key: _read(item, argument) for key, item in value.items()}
    if unknown := [key for key in value if key not in OBJECT_KEYS]:
        raise ValueError(
            f"{argument} is {shown(value)}, expected no {unknown[0]!r}: a serialized object has "
            f"the keys {', '.join(sorted(OBJECT_KEYS))}"
        )
    class_name, registered = str(value["class_name"]), value.get("registered_name")
    package = str(value.get("module") or "keras").partition(".")[0]
    if (
        package not in (*KERAS_PACKAGES, "builtins")
        or ">" in class_name
        or registered not in (None, class_name if class_name in custom_objects.NAMED else None)
    ):
        raise ValueError(
            f"{argument} is {shown(value)}, expected an object of Keras's own, or custom_objects="
            f"{{{class_name!r}: …}} with the class that makes this one"
        )
    read = {key: _read(item, argument) for key, item in value.items()}
    return read | {"class_name": _UNREADABLE.get(class_name, class_name)}
