"""Values of a layer's config: how Keras 1 and 2 write them, and how Keras 3 reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.errors import shown
from gru_ref.files.interpretation import keras_1
from gru_ref.files.writers.keras3_arguments import keras3_activation, keras3_object
from gru_ref.files.writers.keras3_model.report import NotCarriedError
from gru_ref.keras.activations import arguments as activations
from gru_ref.keras.config import KINDS
from gru_ref.keras.ledger import Behaviour

_DTYPE = re.compile(r"(mixed_)?b?float(16|32|64)|u?int(8|16|32|64)|bool|string|complex(64|128)")
_INFERRED = ("infer", "_infer", "infer_float32", "_infer_float32")
# What Keras serializes a list of its own, or a tuple, as.
_LISTS = ("ListWrapper", "__tuple__", "TupleWrapper")
_ERRORS = (
    TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError,
)  # fmt: skip


class Keras3Argument(NamedTuple):
    """A value as Keras 3 reads it.

    Parameters
    ----------
    value : Any
    scale : float
        What the argument of an activation is to be multiplied by; 1 for everything else.
    why : str
        Why it is another value than before; empty if it means the same.
    """

    value: Any
    scale: float = 1.0
    why: str = ""


def keras3_argument(name: str, value: Any, behaviour: Behaviour) -> Keras3Argument:
    """Return the value of one argument as Keras 3 reads it.

    Parameters
    ----------
    name : str
        Its end says what it is: activation, kernel_initializer.
    value : Any
        As the config holds it.
    behaviour : Behaviour
        The release that wrote it.

    Raises
    ------
    NotCarriedError
        Keras 3 has nothing that means the same.
    """
    kind = name.rpartition("_")[2]
    if kind == "activation":
        return _activation(name, value, behaviour)
    if kind in KINDS:
        return _object(name, value, kind, behaviour)
    return Keras3Argument(plain(value, name))


def _activation(name: str, value: Any, behaviour: Behaviour) -> Keras3Argument:
    try:
        function = activations.resolve(value, behaviour, name)
        found = keras3_activation(value, function, "float32")
    except _ERRORS:
        found = None
    if found is None:
        raise NotCarriedError(
            f"{name}={shown(value)}", "Keras 3 has no activation of its own that computes the same"
        )
    why = ""
    if isinstance(value, str) and found.scale == 1 and value != found.value:
        why = f"it was {value!r}"
    if found.distance:
        why = str(found)
    return Keras3Argument(found.value, found.scale, why)


def _object(name: str, value: Any, kind: str, behaviour: Behaviour) -> Keras3Argument:
    if isinstance(value, Mapping):
        value = keras_1.regularizer(value)
    try:
        return Keras3Argument(keras3_object(value, name, kind, behaviour))
    except _ERRORS:
        if kind == "initializer":
            return Keras3Argument("zeros", why=f"it was {shown(value)}; the arrays are in the file")
    raise NotCarriedError(
        f"{name}={shown(value)}", f"Keras 3 has no {kind} of its own that does the same"
    )


def plain(value: Any, name: str) -> Any:
    """Return a value that is data: numbers, texts, and lists and objects of them.

    Raises
    ------
    NotCarriedError
        It is an object of a class.
    """
    if isinstance(value, Mapping):
        class_name = value.get("class_name")
        if class_name in _LISTS:
            return plain(value.get("items", value.get("config")), name)
        if class_name is not None:
            raise NotCarriedError(f"{name}={shown(value)}", "it is an object of a class")
        return {str(key): plain(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, name) for inner in value]
    return value


def dtype_name(value: Any) -> str | None:
    """Return the name of a dtype or policy; None if the release left it to the inputs.

    Raises
    ------
    NotCarriedError
        It is a policy of another kind.

    Examples
    --------
    >>> dtype_name({"class_name": "Policy", "config": {"name": "mixed_float16"}})
    'mixed_float16'
    """
    name = value
    if isinstance(value, Mapping):
        config = value.get("config")
        name = config.get("name") if isinstance(config, Mapping) else None
    if name is None or name in _INFERRED:
        return None
    if isinstance(name, str) and _DTYPE.fullmatch(name):
        return name
    raise NotCarriedError(f"dtype={shown(value)}", "it is no dtype or policy of Keras 3")
