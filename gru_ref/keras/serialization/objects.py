"""Activations, initializers, regularizers and constraints as each Keras release writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.keras.activations import layers, tables
from gru_ref.keras.activations.layers import ActivationLayer
from gru_ref.keras.identifiers import Identifier
from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.serialization import custom_objects
from gru_ref.keras.training import initializers
from gru_ref.keras.training.initial_values import SCALED
from gru_ref.keras.training.initializers import HE_AND_LECUN


def activation(value: Any, behaviour: Behaviour, argument: str) -> Any:
    """Return the value in ``get_config()`` for an activation that the release accepts.

    Parameters
    ----------
    value : None, str, callable or serialized dict

    Returns
    -------
    str or dict

    Raises
    ------
    TypeError, ValueError
        A callable with neither a name nor get_config(), which Keras cannot serialize either.

    Source
    ------
    activations.serialize of TensorFlow 2.1, Keras 2.12 and 2.13, tf_keras 2.21 and Keras 3.15.1.
    """
    if value is None:
        return "linear"
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        value = value["config"]
    elif isinstance(value, Mapping):
        return _layer(layers.layer_of(value, behaviour, argument), behaviour)
    if isinstance(value, str) and value in tables.FLOATX_ONLY_2:
        bare = {"class_name": value, "config": {}}
        return _layer(layers.layer_of(bare, behaviour, argument), behaviour)
    if isinstance(value, str):
        return behaviour.renamed_activations.get(value, value)
    if isinstance(value, ActivationLayer):
        return _layer(value, behaviour)
    names = tables.names(behaviour)
    for name, known in names.items():
        if value is known:
            return behaviour.renamed_activations.get(name, name)
    written = custom_objects.serialize(value, behaviour, argument)
    if not isinstance(written, dict) or written["class_name"] not in ("__lambda__", "function"):
        return written
    if written["class_name"] == "__lambda__" or written["config"] in names:
        return written["config"]
    return written


def identifier(value: Any, found: Identifier | None, behaviour: Behaviour, argument: str) -> Any:
    """Return the value in ``get_config()`` for an initializer, regularizer or constraint.

    Parameters
    ----------
    value
        The argument as the user passed it.
    found : Identifier or None
        The identifier that it resolves to.

    Raises
    ------
    TypeError, ValueError
        A callable with neither a name nor get_config(), which Keras cannot serialize either.

    Source
    ------
    serialize_keras_object of Keras 2.12, 2.13 and 3.15.1, get_config of the classes.
    """
    if value is None or found is None:
        return None
    if isinstance(value, (np.ndarray, np.generic)):
        return serialized_object(behaviour, "builtins", "function", "initialize_fn", "function")
    if found.function is not None:
        return custom_objects.serialize(found.function, behaviour, argument)
    kind = argument.rpartition("_")[2]
    assert found.class_name is not None
    class_name, parameters = found.class_name, dict(found.parameters)
    if kind == "initializer":
        class_name, parameters = _initializer(class_name, parameters, behaviour)
    elif class_name in behaviour.config_penalties_are_float32:
        parameters = {
            name: item if isinstance(item, str) else float(np.float32(item))
            for name, item in parameters.items()
        }
    if class_name in ("L1", "L2") and not behaviour.l1_and_l2_classes:
        class_name, parameters = "L1L2", {"l1": 0.0, "l2": 0.0, **parameters}
    return serialized_object(behaviour, f"keras.{kind}s", class_name, parameters)


def _initializer(
    name: str, given: Mapping[str, Any], behaviour: Behaviour
) -> tuple[str, dict[str, Any]]:
    """Return the class name and the config that the release writes for an initializer."""
    parameters = initializers.default_parameters(name)
    if name in HE_AND_LECUN.values() and behaviour.he_and_lecun_are_functions:
        scaling = zip(("scale", "mode", "distribution"), SCALED[name], strict=True)
        name, parameters = "VarianceScaling", {**dict(scaling), **parameters}
    scaled = name == "VarianceScaling" or name in SCALED
    if scaled and behaviour.initializer_axes_in_config:
        parameters |= {"input_axes": None, "output_axes": None}
    parameters |= {key: item for key, item in given.items() if key in parameters}
    if parameters.get("distribution") == "normal":
        parameters["distribution"] = "truncated_normal"
    if name == "Identity" and not behaviour.identity_gain_in_config:
        parameters = {}
    if "seed" in parameters and behaviour.seed_first_in_config:
        parameters = {"seed": parameters.pop("seed"), **parameters}
    return behaviour.renamed_initializers.get(name, name), parameters


def _layer(layer: ActivationLayer, behaviour: Behaviour) -> dict[str, Any]:
    """Return the dict of an activation layer.

    Keras numbers layers without a name in the order they are made; the first has no number, and
    so has every one here.
    """
    config = {
        "name": layer.name or _snake_case(layer.class_name),
        "trainable": layer.trainable,
        "dtype": dtype(layer.dtype, behaviour),
        **layer.parameters,
    }
    if layer.class_name == "ELU" and behaviour.elu_alpha_stands_second:
        config = {"name": config["name"], **layer.parameters, **config}
    if layer.class_name == "ReLU" and behaviour.relu_config_holds_arrays:
        for name, item in layer.parameters.items():
            config[name] = None if item is None else np.asarray(item, np.float32)
    return serialized_object(behaviour, "keras.layers", layer.class_name, config)


def _snake_case(class_name: str) -> str:
    """Return the name that Keras gives to the first layer of a class.

    Examples
    --------
    >>> _snake_case("LeakyReLU"), _snake_case("ELU")
    ('leaky_re_lu', 'elu')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def dtype(name: str, behaviour: Behaviour) -> Any:
    """Return the value that the release writes for a dtype: its name, or its policy.

    Keras 2 writes only policies that are not a dtype, Keras 3 from 3.4 on all of them.
    """
    if behaviour.dtype_policy_in_config:
        return serialized_object(behaviour, "keras", "DTypePolicy", {"name": name})
    if not (name.startswith("mixed_") and behaviour.mixed_policies_are_written):
        return name
    return serialized_object(behaviour, "keras.mixed_precision", "Policy", {"name": name})


def serialized_object(
    behaviour: Behaviour,
    module: str,
    class_name: str,
    config: Any,
    registered_name: str | None = None,
) -> dict[str, Any]:
    """Return a serialized object; before Keras 2.13 it is its class and its config alone."""
    if not behaviour.serialized_modules:
        return {"class_name": class_name, "config": config}
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered_name,
    }
