"""The configs of layers that hold others: how each release writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gru_ref.errors import shown
from gru_ref.keras.ledger import Behaviour, resolve
from gru_ref.keras.serialization import objects


class Configured(Protocol):
    """A layer that has a config."""

    @property
    def build_config(self) -> dict[str, Any] | None:
        """The shapes that it was built for."""
        ...

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        ...


def serialize(layer: Configured, behaviour: Behaviour) -> dict[str, Any]:
    """Return the dict that the release writes for a layer inside another layer's config.

    Source
    ------
    serialize_keras_object of Keras 2.12, tf_keras 2.21 and Keras 3.15.1.
    """
    name, config = type(layer).__name__, layer.get_config()
    result = objects.serialized_object(behaviour, "keras.layers", name, config)
    if behaviour.build_config_in_config and layer.build_config is not None:
        result["build_config"] = layer.build_config
    return result


def build(layer: Any, build_config: Any, argument: str) -> None:
    """Build a layer as its build_config says; {} and None say nothing.

    Raises
    ------
    ValueError
        It is not a dict, or has no shape of the input.
    """
    if not build_config:
        return
    shape = None
    if isinstance(build_config, Mapping):
        shapes = build_config.get("shapes_dict")
        shape = build_config.get("input_shape")
        if shape is None and isinstance(shapes, Mapping):
            shape = shapes.get("sequences_shape")
    if not isinstance(shape, (list, tuple)):
        raise ValueError(
            f"build_config of {argument} is {shown(build_config)}, expected an input_shape, or a "
            "shapes_dict with sequences_shape"
        )
    layer.build(tuple(shape))
    layer._build_config = dict(build_config)


def outer_arguments(config: Mapping[str, Any], *nested: str) -> dict[str, Any]:
    """Return the arguments in a config other than the inner layers.

    Raises
    ------
    TypeError
        `config` is not a dict.
    KeyError
        The first of `nested` is missing.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"config is {shown(config)}, expected a dict of get_config()")
    if nested[0] not in config:
        raise KeyError(f"config has the keys {shown(list(config))}, expected {nested[0]!r} in it")
    return {key: value for key, value in config.items() if key not in nested}


def read_layer(
    written: Any,
    classes: Mapping[str, Any],
    argument: str,
    keras_version: str | None,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return the layer that a serialized dict stands for, built if the release builds it.

    Parameters
    ----------
    written : dict
        With class_name and config, and build_config if the layer was built.
    classes : mapping
        The accepted classes, by name.
    argument : str
        For messages.
    custom_objects : mapping, optional
        As `gru_ref.GRU.from_config` takes it; the user's own classes of layers too.

    Raises
    ------
    ValueError
        It is not such a dict, or of another class, or its build_config has no shape.
    """
    name = str(written.get("class_name")) if isinstance(written, Mapping) else ""
    if name not in classes or not isinstance(written.get("config"), Mapping):
        raise ValueError(
            f"{argument} is {shown(written)}, expected a serialized {' or '.join(classes)}"
        )
    made = classes[name].from_config(
        written["config"], keras_version=keras_version, custom_objects=custom_objects
    )
    build_config = written.get("build_config")
    if build_config is not None and resolve(made.keras_version).from_config_builds:
        build(made, build_config, argument)
    return made
