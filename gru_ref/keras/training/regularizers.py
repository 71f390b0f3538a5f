"""Regularizers: the names each release knows, and the penalties that they add to the loss."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind, product, reduce_sum
from gru_ref.errors import shown
from gru_ref.keras.identifiers import (
    Identifier,
    check_derived,
    parse_identifier,
    serialize_live,
    spelling,
    spellings,
)
from gru_ref.keras.ledger import Behaviour

Array = NDArray[Any]

_BOTH = spellings({"L1": ("l1",), "L2": ("l2",), "L1L2": (), "Regularizer": ()})
_ORTHOGONAL = spellings({"OrthogonalRegularizer": ("orthogonal_regularizer",)})
# How the ledger calls a set of names → spelling → class
NAMES: Mapping[str, Mapping[str, str]] = {
    "2.1": {**_BOTH, "l1_l2": "L1L2", **_ORTHOGONAL},
    "3.0": {**_BOTH, "l1l2": "L1L2", "regularizer": "Regularizer", **_ORTHOGONAL},
}

# class → its parameters, with the values that stand for None and for what is left out
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "L1": {"l1": 0.01},
    "L2": {"l2": 0.01},
    "L1L2": {"l1": 0.0, "l2": 0.0},
    "OrthogonalRegularizer": {"factor": 0.01, "mode": "rows"},
    "Regularizer": {},
}
_PARAMETERS: Mapping[str, Collection[str]] = {
    name: (*defaults, "l") if name in ("L1", "L2") else defaults
    for name, defaults in _DEFAULTS.items()
}


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Identifier | None:
    """Validate the regularizer given as `argument`: None, a name, dict, instance or callable.

    Returns
    -------
    Identifier or None
        Its parameters are complete: missing ones have their defaults, as in Keras
        (``'l1'`` and ``'l2'`` 0.01, ``'L1L2'`` no penalty at all, Keras 2's ``'l1_l2'`` 0.01 each).

    Raises
    ------
    ValueError
        The release does not know it. (Keras 2.13 and later take any string here and fail when they
        compute the penalty; gru_ref raises at once.) Or a penalty is not finite, or negative where
        the release refuses that; or a mode is not "rows" or "columns"; or it is a callable for a
        weight, which Keras 3.1–3.14 refuse.
    TypeError
        A parameter that the class does not have; Keras 3: a factor that is not a float.

    Source
    ------
    tf_keras/src/regularizers.py, get (2.21); keras/src/regularizers/__init__.py, get (3.15.1);
    Variable.regularizer of Keras 3.1–3.14.
    """
    value = serialize_live(value, behaviour, argument)
    found = parse_identifier(value, _names(behaviour), _PARAMETERS, argument, behaviour.release)
    if found is None:
        return None
    if found.function is not None:
        if argument != "activity_regularizer" and not behaviour.weight_callables:
            check_derived(found.function, "Regularizer", argument, behaviour)
        return found
    assert found.class_name is not None
    defaults = _DEFAULTS[found.class_name]
    given = _rename_parameters(found, value, behaviour, argument)
    if spelling(value) == "l1_l2":
        given = {"l1": 0.01, "l2": 0.01, **given}
    parameters = {**defaults, **given}
    for name in parameters.keys() & {"l1", "l2", "factor"}:
        if parameters[name] is None and name != "factor" and behaviour.penalty_may_be_none:
            parameters[name] = defaults[name]
        _check_factor(parameters[name], name, value, behaviour, argument)
    if parameters.get("mode", "rows") not in ("rows", "columns"):
        raise ValueError(f"{argument} is {shown(value)}, expected the mode 'rows' or 'columns'")
    return Identifier(found.class_name, parameters)


@functools.cache
def _names(behaviour: Behaviour) -> Mapping[str, str]:
    """Return every spelling that the release knows → class."""
    absent = {
        *(() if behaviour.orthogonal_regularizer else _ORTHOGONAL),
        *(() if behaviour.l1_and_l2_classes else ("L1", "L2")),
    }
    names = NAMES[behaviour.regularizer_names]
    return MappingProxyType({name: cls for name, cls in names.items() if name not in absent})


def _rename_parameters(
    found: Identifier, value: Any, behaviour: Behaviour, argument: str
) -> dict[str, Any]:
    """Return the parameters of `found` by their present names: L1 and L2 once called theirs l."""
    given = dict(found.parameters)
    name = (found.class_name or "").lower()
    refused = "" if behaviour.l1_and_l2_classes else name
    if not behaviour.l_names_a_penalty:
        refused = "l"
    if name in ("l1", "l2") and refused in given:
        raise TypeError(f"{argument} is {shown(value)}, expected no {refused!r}")
    if "l" in given:
        given[name] = given.pop("l")
    return given


def _check_factor(factor: Any, name: str, value: Any, behaviour: Behaviour, argument: str) -> None:
    """Check one factor by the rules of the release."""
    negative = behaviour.negative_penalties
    number = isinstance(factor, (int, float))
    finite = number and bool(np.isfinite(factor) or not behaviour.penalties_are_checked)
    if not finite or (factor < 0 and not negative):
        raise ValueError(
            f"{argument} is {shown(value)}, expected a finite {name}"
            f"{'' if negative else ', at least 0'}"
        )
    if name == "factor" and not isinstance(factor, float) and behaviour.orthogonal_factor_is_float:
        raise TypeError(f"{argument} is {shown(value)}, expected a factor of the type float")


def penalty(found: Identifier, array: Array, behaviour: Behaviour, argument: str) -> Array:
    """Return the penalty that a regularizer puts on an array.

    Equation
    --------
    ::

        L1          l1 · Σ|w|
        L2          l2 · Σ w²
        L1L2        l1 · Σ|w| + l2 · Σ w²
        Orthogonal  factor · ½ · Σ|offdiagonal(ŵ ŵᵀ)| / (n (n − 1) / 2)

    with ŵ the n rows (or, for the mode "columns", columns) of w divided by their norms.

    Parameters
    ----------
    found : Identifier
        The result of `resolve`.
    array : a weight or an output, floating
        A weight is taken whole, with all three gates.
    argument : str
        For the messages.

    Returns
    -------
    () in the dtype of `array`; for a callable, the value that it returns

    Raises
    ------
    ValueError
        An orthogonal penalty of an array that does not have two dimensions.
    TypeError
        A callable returns no number.

    Warns
    -----
    KerasQuirkWarning
        The release fails in types other than float32; or an orthogonal penalty is that of one
        vector, which is NaN, or of a release in which cosines of opposite signs cancel.

    Source
    ------
    tf_keras/src/regularizers.py (2.21); keras/src/regularizers/regularizers.py (3.15.1).

    Examples
    --------
    >>> from gru_ref.keras.ledger import resolve as release
    >>> penalty(
    ...     Identifier("L2", {"l2": 0.5}), np.array([1.0, 2.0]), release("3"), "kernel_regularizer"
    ... )
    array(2.5)
    """
    if found.function is not None:
        return _function_result(found.function(array.copy()), found, array, argument)
    if array.dtype != np.float32 and found.class_name in behaviour.penalties_without_float64:
        behaviour.warn("penalties_without_float64", argument)

    def factor(name: str) -> Any:
        value = found.parameters[name]
        if behaviour.penalty_factors_are_float32:
            value = np.float32(value)
        return array.dtype.type(value)

    total = array.dtype.type(0)
    if found.class_name == "OrthogonalRegularizer":
        total = factor("factor") * _orthogonal(found.parameters["mode"], array, behaviour, argument)
    if found.class_name in ("L1", "L1L2"):
        total = total + factor("l1") * reduce_sum(np.abs(array))
    if found.class_name in ("L2", "L1L2"):
        total = total + factor("l2") * reduce_sum(np.square(array))
    return np.asarray(total, array.dtype)


def activity_penalties(
    found: Identifier | None,
    outputs: Sequence[Array],
    behaviour: Behaviour,
    *,
    time_is_first: bool,
) -> list[Array]:
    """Return the activity regularizer's penalty of each output of one call; [] without one.

    Parameters
    ----------
    found : Identifier or None
        The result of `resolve` for activity_regularizer.
    outputs : sequence of (batch, timesteps, units), (timesteps, batch, units) or (batch, units)
        The output, and with return_state the states. Masked timesteps count like all others.
    time_is_first : bool
        Whether the first axis of the output is time.

    Returns
    -------
    list of ()
        Divided by the size of the output's first axis where the release does so.

    Raises
    ------
    ValueError, TypeError
        See `penalty`.

    Warns
    -----
    KerasQuirkWarning
        The first axis is time, not the batch; or see `penalty`.

    Source
    ------
    Layer._handle_activity_regularization (tf_keras 2.21); Layer.__call__ (Keras 3.13–3.15.1).
    """
    if found is None:
        return []
    penalties = [penalty(found, item, behaviour, "activity_regularizer") for item in outputs]
    if not behaviour.activity_divided_by_first_axis:
        return penalties
    if time_is_first:
        behaviour.warn("activity_divided_by_first_axis")
    return [_divide(value, len(output)) for value, output in zip(penalties, outputs, strict=True)]


def _divide(value: Array, size: int) -> Array:
    """Return the penalty divided by `size`; no rows have no penalty."""
    return value / value.dtype.type(size) if size else value * 0


def weight_penalties(
    identifiers: Mapping[str, Identifier | None], weights: Mapping[str, Array], behaviour: Behaviour
) -> list[Array]:
    """Return the penalty of each weight that has a regularizer, in Keras's order of the weights.

    Parameters
    ----------
    identifiers : mapping
        The results of `resolve`, by argument: kernel_regularizer, ….
    weights : mapping
        kernel, recurrent_kernel and bias, by these names.

    Raises
    ------
    ValueError, TypeError
        See `penalty`.

    Source
    ------
    Layer.losses (tf_keras 2.21, Keras 3.15.1).
    """
    penalties = []
    for name, weight in weights.items():
        argument = f"{name.removesuffix('_kernel')}_regularizer"
        found = identifiers[argument]
        if found is not None:
            penalties.append(penalty(found, weight, behaviour, argument))
    return penalties


def _orthogonal(mode: str, array: Array, behaviour: Behaviour, argument: str) -> Any:
    """Return the mean |cosine| between two different rows, or columns, of `array`."""
    if array.ndim != 2:
        raise ValueError(
            f"{argument} is orthogonal, for an array of shape {array.shape}, expected one of two "
            "dimensions"
        )
    vectors = array if mode == "rows" else array.T  # (n, …)
    lengths = np.sqrt(reduce_sum(np.square(vectors), 1, keepdims=True))
    floor = array.dtype.type(behaviour.orthogonal_smallest_norm)
    vectors = vectors / np.maximum(lengths, floor)
    n = len(vectors)
    if n < 2 and behaviour.orthogonal_penalty_of_one_vector:
        behaviour.warn("orthogonal_penalty_of_one_vector", argument)
        return array.dtype.type(np.nan)
    cosines = product(vectors, vectors.T) * (1 - np.eye(n, dtype=array.dtype))
    if behaviour.orthogonal_cosines_cancel:
        behaviour.warn("orthogonal_cosines_cancel", argument)
    else:
        cosines = np.abs(cosines)
    return array.dtype.type(0.5) * reduce_sum(cosines) / array.dtype.type(n * (n - 1) / 2)


def _function_result(value: Any, found: Identifier, array: Array, argument: str) -> Array:
    """Return what a callable returned, as an array; a plain number in the dtype of `array`."""
    number = np.asarray(value)
    if dtype_kind(number.dtype) not in "fiub":
        raise TypeError(
            f"{argument} {shown(found.function)} returns {shown(value)}, expected a number"
        )
    return number if hasattr(value, "dtype") else number.astype(array.dtype)
