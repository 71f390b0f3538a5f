"""The arguments activation and recurrent_activation: a name, a callable or a serialized dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.activations import tables
from gru_ref.keras.ledger import Behaviour

Activation = Callable[[NDArray[Any]], NDArray[Any]]


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Activation:
    """Return the function that an activation argument names in the release.

    Parameters
    ----------
    value : None, str, callable or serialized dict
        None is linear. A dict describes a layer, ``{"class_name": …, "config": {…}}``, with or
        without the keys of Keras 2.13 and later, or a function,
        ``{"module": "builtins", "class_name": "function", "config": "relu", …}``.

    Raises
    ------
    TypeError, ValueError
        The release knows no such activation; a layer's config holds a parameter that the layer
        does not have; a function returns another shape than it was given.

    Source
    ------
    activations.get in tf_keras/src/activations.py (2.21) and keras/src/activations (3.15.1).
    """
    if value is None:
        return tables.linear
    if isinstance(value, Mapping):
        return _from_dict(value, behaviour, argument)
    if isinstance(value, str):
        unusable = behaviour.unusable_activations
        if value in unusable:
            raise ValueError(
                f"{argument} is {shown(value)}, expected a name that works in a GRU: "
                f"{unusable[value]}"
            )
        names = tables.names(behaviour)
        if value in names:
            return names[value]
        raise ValueError(
            f"{argument} is {shown(value)}, expected None, a callable or an activation of Keras "
            f"{behaviour.release}: {', '.join(sorted(names))}"
        )
    if callable(value):
        return _with_check(value, argument)
    raise behaviour.wrong_type_error(
        f"{argument} is {shown(value)}, expected None, a name or a callable"
    )


def _with_check(function: Callable[..., Any], argument: str) -> Activation:
    """Return `function` with its result checked: the shape and dtype of what it was given."""
    if any(function is known for known in (tables.tanh, *tables.SIGMOIDS)):
        return function  # the fused path knows them by identity

    def activation(x: NDArray[Any]) -> NDArray[Any]:
        y = np.asarray(function(x))
        if y.shape != x.shape:
            raise ValueError(
                f"{argument} {shown(function)} returns shape {y.shape}, expected {x.shape}"
            )
        return y.astype(x.dtype, copy=False)

    return activation


def _from_dict(value: Mapping[str, Any], behaviour: Behaviour, argument: str) -> Activation:
    """Return the layer, or the function of Keras, that a serialized dict describes."""
    if value.get("class_name") == "function" and behaviour.activation_function_dicts:
        names = tables.names(behaviour)
        if value.get("module") != "builtins" or str(value.get("config")) not in names:
            raise behaviour.activation_dict_error(
                f"{argument} is {shown(value)}, expected the dict of a function of Keras "
                f"{behaviour.release}: {', '.join(sorted(names))}"
            )
        return names[value["config"]]
    from gru_ref.keras.activations import layers

    return layers.layer_of(value, behaviour, argument)
