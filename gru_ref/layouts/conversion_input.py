"""What is converted: the weights and config of one GRU, and what reading a layout gives back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import kind_of
from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.gru import GRU

Array = NDArray[Any]


class Subject(NamedTuple):
    """The weights and the config of the GRU to convert."""

    weights: GRUWeights
    config: GRUConfig


class Read(NamedTuple):
    """What a layout says: the weights, and the arguments of GRU that follow from it.

    The arguments hold units, reset_after, use_bias, go_backwards, activation,
    recurrent_activation and dtype, and keras_version where an activation needs it. How the layer
    is called (return_sequences, return_state, stateful …) is not part of any layout.
    """

    weights: GRUWeights
    arguments: dict[str, Any]

    def config(self, **more: Any) -> GRUConfig:
        """Return the config that the arguments, and `more` of them, make."""
        return GRUConfig(**{**self.arguments, **more})

    def layer(self, **more: Any) -> GRU:
        """Return a built GRU that holds the weights; `more` are further arguments of GRU."""
        made = GRU(**{**self.arguments, **more})
        features = self.weights.features
        made.build((None, None, features))
        made.set_weights(self.weights.arrays())
        return made


def subject(given: Any) -> Subject:
    """Return the weights and config of a layer, or of a pair (weights, config).

    Parameters
    ----------
    given : gru_ref.GRU, or (GRUWeights or list of arrays, GRUConfig)

    Raises
    ------
    TypeError
        `given` is neither.
    ValueError
        The weights are not of the shapes that the config asks for.
    """
    if isinstance(given, tuple) and len(given) == 2:
        weights, config = given
    elif hasattr(given, "config") and hasattr(given, "get_weights"):
        weights, config = given.get_weights(), given.config
    else:
        raise TypeError(f"layer is {shown(given)}, expected a gru_ref.GRU or (weights, config)")
    if not isinstance(weights, GRUWeights):
        weights = GRUWeights.from_arrays(weights)
    if not isinstance(config, GRUConfig):
        raise TypeError(f"config is {shown(config)}, expected a GRUConfig")
    expected = list(config.weight_shapes(weights.features).values())
    actual = [array.shape for array in weights.arrays()]
    if actual != expected:
        raise ValueError(f"weights have shapes {actual}, expected {expected} for this config")
    return Subject(weights, config)


def check_mapping(mapping: Any) -> None:
    """Check that a layout is a mapping whose keys are names.

    Raises
    ------
    TypeError
    """
    if not isinstance(mapping, Mapping) or not all(isinstance(name, str) for name in mapping):
        raise TypeError(f"layout is {shown(mapping)}, expected a mapping of names to arrays")


def check_keys(
    mapping: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    """Check that a mapping holds the names of a layout and no others.

    Raises
    ------
    TypeError
        It is no mapping of names.
    ValueError
        A name is missing or unknown.
    """
    check_mapping(mapping)
    expected = ", ".join(required) + "".join(f"[, {name}]" for name in optional)
    found = set(mapping)
    if not set(required) <= found or not found <= {*required, *optional}:
        raise ValueError(f"layout has the keys {shown(sorted(found))}, expected {expected}")


def floating(mapping: Mapping[str, Any], name: str, *axes: int | None) -> Array:
    """Return a copy of one array of a mapping, checked to be floating and of the sizes `axes`.

    Raises
    ------
    TypeError
        The dtype is not floating.
    ValueError
        The shape differs; None stands for any size.
    """
    array = np.array(mapping[name])
    if kind_of(array.dtype) != "f":
        raise TypeError(f"{name} has dtype {array.dtype}, expected a floating dtype")
    fits = array.ndim == len(axes) and all(
        size is None or size == actual for size, actual in zip(axes, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in axes)
        raise ValueError(f"{name} has shape {array.shape}, expected ({wanted})")
    return array


def attribute(mapping: Mapping[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    """Return an attribute; a file of arrays may hold it as an array without dimensions.

    Raises
    ------
    ValueError
        It is not among `choices`.
    """
    value = mapping[name]
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} is {shown(value)}, expected {expected}")
    return value


def size(mapping: Mapping[str, Any], name: str) -> int:
    """Return an attribute that is a size; a file of arrays may hold it as an array.

    Raises
    ------
    ValueError
        It is no integer from 1 on.
    """
    value = mapping[name]
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {shown(value)}, expected a size")
    return int(value)
