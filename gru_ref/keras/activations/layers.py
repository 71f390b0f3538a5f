"""Activations given as the dict of a Keras layer: ReLU, LeakyReLU, ELU, Softmax and others.

A config holds such a layer as ``{"class_name": "LeakyReLU", "config": {"alpha": 0.1, …}}``. Keras 3
takes any layer's dict; gru_ref takes the layers whose output is a function of each unit, or of each
row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.piecewise_activations import clip
from gru_ref.core.rounding import elementary, numpy_dtype
from gru_ref.core.smooth_activations import elu, softmax
from gru_ref.errors import shown
from gru_ref.keras.identifiers import POLICIES, dtype_name
from gru_ref.keras.ledger import Behaviour

Array = NDArray[Any]

# The keys of a serialized object; the last two say nothing about an activation.
OBJECT_KEYS = frozenset(
    {"class_name", "config", "module", "registered_name", "build_config", "shared_object_id"}
)

# Parameters that the release refuses below zero, and those that need not be one number.
_NOT_NEGATIVE = ("max_value", "negative_slope", "threshold", "theta")
_NOT_A_NUMBER = {"max_value": (type(None),), "axis": (list, tuple)}


@dataclass(frozen=True)
class ActivationLayer:
    """An activation layer: its class, all its parameters, and the attributes of any layer."""

    class_name: str
    parameters: Mapping[str, Any]
    name: str | None
    trainable: bool
    dtype: str
    casts: bool

    def __call__(self, x: Array) -> Array:
        """Return the layer's output in the dtype of `x`, computed in its own where it casts.

        Source
        ------
        call of the five layers in tf_keras/src/layers/activation (2.21) and
        keras/src/layers/activations (3.15.1).
        """
        with np.errstate(all="ignore"):
            dtype = numpy_dtype(POLICIES[self.dtype][0])
            output = self._output(x.astype(dtype) if self.casts else x)
        return output.astype(x.dtype, copy=False)

    def _output(self, x: Array) -> Array:
        """Return the layer's output in the dtype of `x`."""
        values = self.parameters
        if self.class_name == "ReLU":
            return _relu(x, values["max_value"], values["negative_slope"], values["threshold"])
        if self.class_name == "ThresholdedReLU":
            return np.asarray(x * (x > x.dtype.type(values["theta"])).astype(x.dtype))
        if self.class_name == "Softmax":
            axis = values["axis"]
            axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
            if axis in (-1, x.ndim - 1):
                return softmax(x)
            powers = elementary(np.exp, x - x.max(axis, keepdims=True))
            return np.asarray(powers / powers.sum(axis, keepdims=True))
        (slope,) = values.values()
        if self.class_name == "ELU":
            y = elu(x)
            return y if slope == 1 else np.where(x > 0, y, x.dtype.type(slope) * y)
        # TensorFlow keeps the slope of leaky_relu in float32.
        return np.where(x > 0, x, x.dtype.type(np.float32(slope)) * x)


def _relu(x: Array, max_value: Any, negative_slope: Any, threshold: Any) -> Array:
    """Return x above the threshold, up to max_value, and a line of that slope below it."""

    def rounded(value: Any) -> Any:
        """Return a constant that Keras makes in float32, in the dtype of `x`."""
        return x.dtype.type(np.float32(value))

    if max_value is None and threshold == 0 and negative_slope != 0:
        return np.where(x > 0, x, rounded(negative_slope) * x)
    kept = np.where(x > rounded(threshold), x, x.dtype.type(0))
    if max_value is not None:
        kept = clip(kept, 0, np.float32(max_value))
    if negative_slope != 0:
        below = np.maximum(x.dtype.type(threshold) - x, 0)
        kept = kept - x.dtype.type(negative_slope) * below
    return np.asarray(kept)


def layer_of(value: Mapping[str, Any], behaviour: Behaviour, argument: str) -> ActivationLayer:
    """Return the layer that a serialized dict describes.

    Parameters
    ----------
    value : mapping
        ``{"class_name": …, "config": {…}}``, with or without the keys of Keras 2.13 and later.

    Raises
    ------
    ValueError
        The dict has no config, or other keys than a serialized object.
    TypeError
        The config holds a parameter that the class does not have, or a wrong value of one.
    ValueError, TypeError
        As the release raises: it does not take such a layer, or needs a module.
    """
    known = behaviour.activation_layers
    class_name = str(value.get("class_name"))
    config = value.get("config")
    if class_name not in known:
        error = ValueError if "module" in value else behaviour.activation_dict_error
        raise error(
            f"{argument} is {shown(value)}, expected None, a callable, a name or the dict of one "
            f"of the layers that gru_ref takes as Keras {behaviour.release}: "
            f"{', '.join(known) or 'none'}"
        )
    others = [key for key in value if key not in OBJECT_KEYS]
    registered = value.get("registered_name") not in (None, class_name)
    if not isinstance(config, Mapping) or registered or others:
        raise ValueError(
            f"{argument} is {shown(value)}, expected a layer of Keras's own with a config, and no "
            f"keys but {', '.join(sorted(OBJECT_KEYS))}"
        )
    if behaviour.activation_layers_need_module and "module" not in value:
        raise behaviour.activation_dict_error(
            f"{argument} is {shown(value)}, expected a module in it too, such as 'keras.layers'"
        )
    parameters = {"name": None, "trainable": True, "dtype": "float32", **known[class_name]}
    given = dict(config)
    if class_name == "LeakyReLU" and "negative_slope" in parameters and "alpha" in given:
        given["negative_slope"] = given.pop("alpha")  # its name in files of Keras 2
    if unknown := [key for key in given if key not in parameters]:
        raise TypeError(
            f"{argument} is {shown(value)}, expected no {unknown[0]!r}: {class_name} has the "
            f"parameters ({', '.join(known[class_name])})"
        )
    parameters.update(given)
    name, trainable = parameters.pop("name"), parameters.pop("trainable")
    dtype = dtype_name(parameters.pop("dtype"), behaviour)
    for key, item in parameters.items():
        _check(key, item, argument, behaviour)
        if behaviour.activation_layers_round_to_float32 and key != "axis" and item is not None:
            parameters[key] = float(np.float32(item))
    return ActivationLayer(
        class_name, parameters, name, trainable, dtype, casts=behaviour.inputs_are_cast
    )


def _check(parameter: str, value: Any, argument: str, behaviour: Behaviour) -> None:
    """Check one parameter of a layer as Keras does."""
    if isinstance(value, _NOT_A_NUMBER.get(parameter, ())):
        return
    number = isinstance(value, (int, float, np.number, np.ndarray)) and np.ndim(value) == 0
    if not number or (parameter in _NOT_NEGATIVE and value < 0):
        bound = ", at least 0" if parameter in _NOT_NEGATIVE else ""
        error = TypeError if behaviour.serialized_modules else ValueError
        raise error(f"{parameter} of {argument} is {shown(value)}, expected a number{bound}")
