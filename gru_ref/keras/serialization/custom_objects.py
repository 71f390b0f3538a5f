"""The user's own functions and objects in configs: how each release writes and reads them."""

from __future__ import annotations

import codecs
import inspect
import marshal
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.errors import shown
from gru_ref.keras.identifiers import KERAS_PACKAGES
from gru_ref.keras.ledger import Behaviour

# What is written by its name has this class in the config of Keras 2.13 and later.
NAMED = ("function", "method", "type", "builtin_function_or_method")


def serialize(value: Any, behaviour: Behaviour, argument: str) -> Any:
    """Return what the release writes for a callable: a name, or a dict with its name or config.

    The names under which Keras's ``register_keras_serializable`` may know a class or a function are
    not known here: each is written by its own name.

    Parameters
    ----------
    value : callable
        A function, or an object with ``get_config()``.
    argument : str
        Whose value it is; Keras's own objects are written with the module that has its kind.

    Raises
    ------
    TypeError
        From Keras 2.13 on: `value` has neither a name nor ``get_config()``, or its config is not a
        dict or holds what cannot be written.
    ValueError
        The same, before Keras 2.13.

    Source
    ------
    serialize_keras_object of TensorFlow 2.1 and Keras 2.12; of keras/src/saving/
    serialization_lib.py (3.15.1) and tf_keras 2.21, measured.
    """
    value = inspect.unwrap(value)
    if hasattr(value, "get_config"):
        return _object(value, behaviour, argument)
    name = getattr(value, "__name__", None)
    if name is None:
        error = TypeError if behaviour.serialized_modules else ValueError
        raise error(
            f"{argument} is {shown(value)}, expected a function, which has a name, or an object "
            "with get_config()"
        )
    if not behaviour.serialized_modules:
        return name
    if name == "<lambda>":
        return {"class_name": "__lambda__", "config": {"value": _dump(value)}}
    kind = type(value).__name__
    kind = kind if kind in NAMED else "function"
    return {"module": "builtins", "class_name": kind, "config": name, "registered_name": kind}


def _object(value: Any, behaviour: Behaviour, argument: str) -> dict[str, Any]:
    """Return the dict of an object with get_config."""
    config = value.get_config()
    if not behaviour.serialized_modules:
        config = {name: _passive_item(item) for name, item in config.items()}
        return {"class_name": type(value).__name__, "config": config}
    if not isinstance(config, dict):
        raise TypeError(
            f"get_config() of {argument} returns {shown(config)}, expected a dict: Keras "
            f"{behaviour.release} writes nothing else"
        )
    cls = type(value)
    own = cls.__module__.partition(".")[0] in KERAS_PACKAGES
    kind = "layer" if argument.endswith("activation") else argument.rpartition("_")[2]
    module = f"keras.{kind}s" if own else cls.__module__
    return {
        "module": None if module == "__main__" else module,
        "class_name": cls.__name__,
        "config": {name: _item(item, behaviour, argument) for name, item in config.items()},
        "registered_name": None if own else cls.__name__,
    }


def _passive_item(item: Any) -> Any:
    """Return what Keras writes before 2.13 for an item of an object's config."""
    if hasattr(item, "get_config"):
        nested = {name: _passive_item(each) for name, each in item.get_config().items()}
        name = type(item).__name__
        return {"class_name": name, "config": nested, "__passive_serialization__": True}
    return getattr(item, "__name__", item)


def _item(item: Any, behaviour: Behaviour, argument: str) -> Any:
    """Return what Keras writes from 2.13 on for an item of an object's config."""
    if item is None or isinstance(item, (str, int, float)):
        return item
    if isinstance(item, (list, tuple)):
        return type(item)(_item(each, behaviour, argument) for each in item)
    if isinstance(item, dict):
        return {name: _item(each, behaviour, argument) for name, each in item.items()}
    if isinstance(item, bytes):
        return {"class_name": "__bytes__", "config": {"value": item.decode()}}
    if isinstance(item, np.generic) or (isinstance(item, np.ndarray) and item.ndim == 0):
        return item.item()
    if isinstance(item, np.ndarray):
        value = {"value": item.tolist(), "dtype": item.dtype.name}
        return {"class_name": "__numpy__", "config": value}
    return serialize(item, behaviour, argument)


def _dump(function: Any) -> tuple[str, Any, Any]:
    """Return the code of a lambda in base64, its defaults and what it closes over."""
    code = codecs.encode(marshal.dumps(function.__code__), "base64").decode("ascii")
    closure = function.__closure__
    return code, function.__defaults__, closure and tuple(cell.cell_contents for cell in closure)


def deserialize(
    written: Any, custom_objects: Mapping[str, Any], behaviour: Behaviour, argument: str
) -> Any:
    """Return the function or object of the user's that a config names; None if it names none.

    Parameters
    ----------
    written
        The value in a config.
    custom_objects : mapping
        Name → function, or class of an object. The names are those in the config: of the class, of
        the function, or under which Keras registered it, "package>name".

    Raises
    ------
    TypeError
        A class has no ``from_config``, which Keras needs from 2.13 on.
    """
    if isinstance(written, str):
        return custom_objects.get(written)
    if not isinstance(written, Mapping):
        return None
    class_name, config = written.get("class_name"), written.get("config")
    if class_name in NAMED:
        return custom_objects.get(str(config))
    names = (str(written.get("registered_name")), str(class_name))
    made = next((custom_objects[name] for name in names if name in custom_objects), None)
    if not isinstance(made, type):
        return made
    from_config = getattr(made, "from_config", None)
    if from_config is None and behaviour.serialized_modules:
        raise TypeError(
            f"{argument} is {shown(written)}, expected a class {made.__name__} with from_config(): "
            f"Keras {behaviour.release} makes no object without"
        )
    arguments = config if isinstance(config, Mapping) else {}
    if not behaviour.serialized_modules:
        arguments = {
            name: _active_item(item, custom_objects, behaviour, argument)
            for name, item in arguments.items()
        }
    return made(**arguments) if from_config is None else from_config(dict(arguments))


def _active_item(
    item: Any, custom_objects: Mapping[str, Any], behaviour: Behaviour, argument: str
) -> Any:
    """Return the object that an item of a config stands for, before Keras 2.13."""
    if not isinstance(item, Mapping) or "__passive_serialization__" not in item:
        return item
    return deserialize(item, custom_objects, behaviour, argument)
