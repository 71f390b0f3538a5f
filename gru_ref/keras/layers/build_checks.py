"""What a layer is built for: input shapes, the arrays of set_weights, and its build config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.core.weights import CUDNN_BIAS
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]


def weight_arrays(
    weights: Any, shapes: Mapping[str, tuple[int, ...]], config: GRUConfig
) -> dict[str, Array]:
    """Return copies of the arrays passed to ``set_weights``, by name.

    They are in the config's variable_dtype.

    Raises
    ------
    TypeError
        `weights` is not a list, or one is not of numbers that TensorFlow casts.
    ValueError
        A count or shape differs. In Keras 2: one is not an array.
    AttributeError
        In Keras 3: one is not an array.
    """
    check_count(
        weights,
        [f"{name} {shape}" for name, shape in shapes.items()],
        "build((batch, timesteps, features))",
    )
    made = {}
    for (name, shape), value in zip(shapes.items(), weights, strict=True):
        if not hasattr(value, "__array__"):
            error = config.behaviour.weight_type_error
            raise error(f"{name} is {shown(value)}, expected an array of shape {shape}")
        given = np.asarray(value)
        if dtype_kind(given.dtype) not in "fiub":
            raise TypeError(f"{name} has dtype {given.dtype}, expected {config.variable_dtype}")
        array = given.astype(config.variable_dtype)
        if array.shape != shape:
            hint = CUDNN_BIAS if name == "bias" and array.shape == (6 * config.units,) else ""
            raise ValueError(f"{name} has shape {array.shape}, expected {shape}{hint}")
        made[name] = array
    return made


def check_count(weights: Any, expected: Sequence[str], build: str) -> None:
    """Check that there is one array for every weight.

    Parameters
    ----------
    weights : list of array
    expected : sequence of str
        The name and the shape of every weight; none before the layer is built.
    build : str
        How the layer is built.

    Raises
    ------
    TypeError
        `weights` is not a list.
    ValueError
        There are more or fewer arrays than weights.
    """
    if not isinstance(weights, (list, tuple, np.ndarray)):
        raise TypeError(f"weights is {shown(weights)}, expected a list of arrays")
    if len(weights) != len(expected):
        names = ", ".join(expected) or f"the layer is not built, {build} first"
        raise ValueError(
            f"weights is a list of {len(weights)} arrays, expected {len(expected)}: {names}"
        )


def three_sizes(input_shape: Any, config: GRUConfig) -> tuple[int | None, ...]:
    """Return ``(batch, timesteps, features)``, or ``(timesteps, batch, features)`` for time_major.

    Raises
    ------
    TypeError
        `input_shape` is not a sequence.
    IndexError
        Fewer than two sizes; in Keras 2 a list, which stands for several shapes there.
    ValueError
        Any other number of sizes.
    """
    message = f"input_shape is {shown(input_shape)}, expected {config.input_axes}"
    if isinstance(input_shape, list) and config.behaviour.list_is_several_shapes:
        raise IndexError(f"{message}: a tuple, for Keras 2 takes a list as several shapes")
    try:
        shape = tuple(input_shape)
    except TypeError:
        raise TypeError(message) from None
    if len(shape) != 3:
        raise (IndexError if len(shape) < 2 else ValueError)(message)
    return shape


def known_features(shape: tuple[int | None, ...], config: GRUConfig) -> int:
    """Return the features of an input shape; raise if they are not known."""
    features: Any = shape[2]
    if not isinstance(features, (int, np.integer)) or features < 0:
        error = config.behaviour.wrong_type_error
        raise error(
            f"input_shape is {shown(shape)}, expected features that are a size, not "
            f"{shown(features)}"
        )
    return int(features)


def call_build_config(shape: tuple[int, ...], initial_state: Any) -> dict[str, Any]:
    """Return the build config of a layer that was built by a call with an initial state.

    Source
    ------
    Layer.get_build_config in keras/src/layers/layer.py (3.15.1).
    """

    def shapes(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(shapes(item) for item in value)
        return tuple(np.asarray(value).shape)

    given = {"sequences_shape": shape, "initial_state_shape": shapes(initial_state)}
    return {"shapes_dict": given}
