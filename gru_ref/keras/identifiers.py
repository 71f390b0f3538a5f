"""The names of initializers, regularizers, constraints and dtypes: string, dict, callable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from gru_ref.errors import shown
from gru_ref.keras.ledger import Behaviour

# dtype argument → compute dtype, variable dtype. What every operation reads and returns, and the
# output and the returned state are of, is *compute*; the weights and a recorded state are of
# *variable*: numbers are rounded to it where weights are set or drawn, and where a state is kept.
POLICIES: Mapping[str, tuple[str, str]] = {
    "float16": ("float16", "float16"),
    "bfloat16": ("bfloat16", "bfloat16"),
    "float32": ("float32", "float32"),
    "float64": ("float64", "float64"),
    "mixed_float16": ("float16", "float32"),
    "mixed_bfloat16": ("bfloat16", "float32"),
}

# Where the classes of Keras live, of both generations and of TensorFlow 2.1.
KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow")


class Identifier(NamedTuple):
    """A validated identifier: the canonical class name (None for a callable) and its parameters."""

    class_name: str | None
    parameters: Mapping[str, Any]
    function: Callable[..., Any] | None = None


def spellings(classes: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return a mapping of every spelling to its class, from one of classes to other spellings."""
    return {name: cls for cls, others in classes.items() for name in (cls, *others)}


def serialize_live(value: Any, behaviour: Behaviour, argument: str) -> Any:
    """Return the dict to which a live regularizer or constraint of Keras serializes.

    Any other value is returned unchanged, except a class in Keras 3, which is instantiated.

    Raises
    ------
    ValueError
        A dict without a config, which Keras 2 refuses.
    """
    if isinstance(value, type) and behaviour.classes_are_instantiated:
        value = value()
    bare = isinstance(value, Mapping) and value.get("config") is None
    if bare and behaviour.serialized_config_required:
        raise ValueError(f"{argument} is {shown(value)}, expected a class_name and a config")
    package = type(value).__module__.partition(".")[0]
    if package in KERAS_PACKAGES and hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return value


def spelling(value: Any) -> Any:
    """Return the name as the user wrote it: the string, or the class_name of a dict."""
    return value.get("class_name") if isinstance(value, Mapping) else value


def check_derived(
    function: Callable[..., Any], base: str, argument: str, behaviour: Behaviour
) -> None:
    """Check that a callable is of a class derived from one named `base`.

    Raises
    ------
    ValueError
        Its class is not derived from `base`.
    """
    if all(cls.__name__ != base for cls in type(function).__mro__):
        raise ValueError(
            f"{argument} is {shown(function)}, expected a class derived from {base}: Keras "
            f"{behaviour.release} takes no other callable for a weight"
        )


def parse_identifier(
    value: Any,
    classes: Mapping[str, str],
    parameters: Mapping[str, Collection[str]],
    argument: str,
    release: object,
) -> Identifier | None:
    """Resolve the identifier `value` of `argument` against the names a release knows.

    Parameters
    ----------
    value : None, str, dict or callable
        A dict is one that Keras serialized: ``{"class_name": …, "config": {…}}``, with or without
        the keys of Keras 2.13 and later.
    classes : mapping
        Every accepted spelling → canonical class name.
    parameters : mapping
        Class → the names of the parameters that its serialized config may hold.
    argument, release
        For the message: the argument's name, the Keras release.

    Raises
    ------
    ValueError
        The release does not know the name, or `value` is of no accepted type.
    TypeError
        A dict holds a parameter that its class does not have.
    """
    if value is None:
        return None
    name: Any = value
    config: Any = {}
    if isinstance(value, Mapping) and isinstance(value.get("class_name"), str):
        name, config = value["class_name"], value.get("config") or {}
        if not isinstance(config, Mapping):  # the name of a function, which is not written
            raise ValueError(f"{argument} is {shown(value)}, expected a config that is a dict")
    if isinstance(name, str):
        if name in classes:
            known = parameters[classes[name]]
            if unknown := [parameter for parameter in config if parameter not in known]:
                raise TypeError(
                    f"{argument} is {shown(value)}, expected no {unknown[0]!r}: {classes[name]} "
                    f"has the parameters ({', '.join(known)})"
                )
            return Identifier(classes[name], dict(config))
        kind = argument.rpartition("_")[2]
        raise ValueError(
            f"{argument} is {shown(value)}, expected None, a callable or one of the {kind}s of "
            f"Keras {release}: {', '.join(sorted(classes))}"
        )
    if callable(value):
        return Identifier(None, {}, value)
    raise ValueError(
        f"{argument} is {shown(value)}, expected None, a name, a serialized dict or a callable"
    )


def dtype_name(value: Any, behaviour: Behaviour) -> str:
    """Return the key of `POLICIES` that `dtype` names; None is "float32".

    Parameters
    ----------
    value : None, str, NumPy or ml_dtypes dtype or type, a policy of Keras, or its serialized dict
        A policy has to be of the release's generation. Python's type float is float32, as in Keras.

    Raises
    ------
    TypeError
        Keras 2: an unknown name; up to TensorFlow 2.4 also the name of a mixed policy.
    ValueError
        A type that is not floating; in Keras 3 an unknown name.
    TypeError, ValueError, AttributeError
        As the release raises: a policy of another generation.

    Examples
    --------
    >>> from gru_ref.keras.ledger import resolve
    >>> dtype_name(np.float16, resolve("2")), dtype_name("double", resolve("2"))
    ('float16', 'float64')
    """
    plain = isinstance(value, str)
    if isinstance(value, Mapping):
        if value.get("class_name") not in behaviour.dtype_policies:
            raise behaviour.unknown_policy_error(
                f"dtype is {shown(value)}, expected the dict of a policy of Keras "
                f"{behaviour.release}: {', '.join(behaviour.dtype_policies)}"
            )
        value = (value.get("config") or {}).get("name")
    if value is None or value is float:
        return "float32"
    name = behaviour.dtype_aliases.get(value, value) if isinstance(value, str) else _name_of(value)
    if name in POLICIES and not (
        plain and name.startswith("mixed_") and not behaviour.mixed_policies_have_names
    ):
        return str(name)
    known = ", ".join(POLICIES)
    error = ValueError if name in np.sctypeDict else behaviour.wrong_type_error
    raise error(f"dtype is {shown(value)}, expected one of {known}")


def compute_dtype_name(dtype: str) -> str:
    """Return the dtype in which a layer of this dtype or policy computes."""
    return POLICIES[dtype][0]


def _name_of(value: Any) -> Any:
    """Return the name of a dtype, of its type, or of a policy."""
    name = getattr(value, "name", None)
    if name is not None:
        return name
    try:
        return np.dtype(value).name
    except TypeError:
        return shown(value)
