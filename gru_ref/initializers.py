"""Initializers: the names each generation knows, and those that need no random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gru_ref.errors import shown
from gru_ref.names import Named, named, spellings
from gru_ref.versions import Behaviour

# class → its other spellings
_CLASSES: Mapping[str, tuple[str, ...]] = {
    "Zeros": ("zeros", "zero"),
    "Ones": ("ones", "one"),
    "Constant": ("constant",),
    "Identity": ("identity",),
    "RandomNormal": ("random_normal", "normal"),
    "RandomUniform": ("random_uniform", "uniform"),
    "TruncatedNormal": ("truncated_normal",),
    "VarianceScaling": ("variance_scaling",),
    "GlorotUniform": ("glorot_uniform",),
    "GlorotNormal": ("glorot_normal",),
    "HeUniform": ("he_uniform",),
    "HeNormal": ("he_normal",),
    "LecunUniform": ("lecun_uniform",),
    "LecunNormal": ("lecun_normal",),
    "Orthogonal": ("orthogonal",),
}
_BOTH = spellings(_CLASSES)
KERAS_2: Mapping[str, str] = {
    **_BOTH,
    **{f"{name}V2": name for name in _CLASSES},
    **{f"{name}V2": _BOTH[name] for name in _BOTH if name.startswith(("glorot_", "he_", "lecun_"))},
}
KERAS_3: Mapping[str, str] = {
    **_BOTH,
    "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Named:
    """Validate the initializer given as `argument`; None is GlorotUniform, as in both Kerases.

    Parameters
    ----------
    value : None, str, dict, array or callable ``(shape, dtype=…)``
        An array is accepted from Keras 3 on.

    Raises
    ------
    KeyError
        The string ``'constant'`` in Keras 3, as Keras itself raises; give a dict with its value.
    ValueError
        Any other identifier that the release does not know.

    Source
    ------
    keras/src/initializers/__init__.py, get (Keras 3.15.1); tf_keras/src/initializers (2.21).
    """
    if isinstance(value, np.ndarray):
        if not behaviour.array_initializer:
            raise ValueError(
                f"{argument} is an array of shape {value.shape}, expected a name, a dict or a "
                f"callable: Keras {behaviour.release} takes no array; use set_weights"
            )
        return Named("Constant", {"value": value})
    if (
        isinstance(value, str)
        and behaviour.constant_initializer_error
        and value.lower() == "constant"
    ):
        raise KeyError(
            f"{argument} is {shown(value)}, expected {{'class_name': 'Constant', 'config': "
            f"{{'value': …}}}}: Keras {behaviour.release} has no default value for it"
        )
    names = KERAS_2 if behaviour.generation == 2 else KERAS_3
    found = named(value, names, argument, "initializer", behaviour.release)
    return Named("GlorotUniform", {}) if found is None else found


def make(found: Named, shape: tuple[int, ...], dtype: DTypeLike, argument: str) -> NDArray[Any]:
    """Return the array that the initializer makes, where that takes no random numbers.

    Raises
    ------
    NotImplementedError
        The initializer draws random numbers; the message names `argument`.
    ValueError
        A callable or an array gives another shape, or the shape is not the initializer's.
    """
    if found.function is not None:
        array = np.array(found.function(shape, dtype=dtype), dtype=dtype)
        if array.shape != shape:
            raise ValueError(f"{argument} returns shape {array.shape}, expected {shape}")
        return array
    if found.class_name == "Zeros":
        return np.zeros(shape, dtype)
    if found.class_name == "Ones":
        return np.ones(shape, dtype)
    if found.class_name == "Constant":
        value = np.asarray(found.parameters.get("value", 0.0), dtype)
        try:
            return np.broadcast_to(value, shape).copy()
        except ValueError:
            raise ValueError(
                f"{argument} has a value of shape {value.shape}, expected {shape}"
            ) from None
    if found.class_name in ("Identity", "Orthogonal") and len(shape) != 2:
        raise ValueError(
            f"{argument} is {shown(found.class_name.lower())} for a weight of shape {shape}, "
            "expected another: it makes two dimensions"
        )
    if found.class_name == "Identity":
        rows, columns = shape
        return np.asarray(found.parameters.get("gain", 1.0) * np.eye(rows, columns), dtype)
    raise NotImplementedError(
        f"{argument} is {found.class_name}, which draws random numbers as Keras does: not there "
        "yet; hand the weights in with set_weights, or name an initializer without random numbers"
    )
