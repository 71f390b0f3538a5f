"""Constraints: the names that each release knows, and the projections of weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind, reduce_sum
from gru_ref.errors import shown
from gru_ref.keras.identifiers import (
    Identifier,
    check_derived,
    parse_identifier,
    serialize_live,
    spellings,
)
from gru_ref.keras.ledger import Behaviour

Array = NDArray[Any]

# The epsilon() of both Kerases; what set_epsilon made of it is handed in.
EPSILON = 1e-7

_BOTH = spellings(
    {
        "MaxNorm": ("max_norm",),
        "MinMaxNorm": ("min_max_norm",),
        "NonNeg": ("non_neg",),
        "UnitNorm": ("unit_norm",),
        "Constraint": (),
    }
)
# How the ledger calls a set of names → spelling → class
NAMES: Mapping[str, Mapping[str, str]] = {
    "2.1": {
        **_BOTH,
        "maxnorm": "MaxNorm",
        "nonneg": "NonNeg",
        "unitnorm": "UnitNorm",
        **spellings({"RadialConstraint": ("radial_constraint",)}),
    },
    "3.0": {**_BOTH, "constraint": "Constraint"},
}

# class → its parameters, with the values of those that are left out
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "MaxNorm": {"max_value": 2, "axis": 0},
    "MinMaxNorm": {"min_value": 0.0, "max_value": 1.0, "rate": 1.0, "axis": 0},
    "NonNeg": {},
    "UnitNorm": {"axis": 0},
    "RadialConstraint": {},
    "Constraint": {},
}


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Identifier | None:
    """Validate the constraint given as `argument`: None, a name, a dict, an instance or a callable.

    Returns
    -------
    Identifier or None
        Its parameters are complete: missing ones have their defaults, as in Keras.

    Raises
    ------
    ValueError
        The release does not know it; or it is a callable, which Keras 3.1–3.14 refuse; or a bound
        is None, which Keras 3 refuses (in the optimizer's step; gru_ref raises at once).
    TypeError
        A parameter that the class does not have; a bound or rate that is not a number, an axis that
        is not an int (Keras raises in the optimizer's step).

    Source
    ------
    tf_keras/src/constraints.py, get (2.21); keras/src/constraints/__init__.py, get (3.15.1);
    Variable.constraint of Keras 3.1–3.14.
    """
    value = serialize_live(value, behaviour, argument)
    names = NAMES[behaviour.constraint_names]
    found = parse_identifier(value, names, _DEFAULTS, argument, behaviour.release)
    if found is None:
        return None
    if found.function is not None:
        if not behaviour.weight_callables:
            check_derived(found.function, "Constraint", argument, behaviour)
        return found
    parameters = {**_DEFAULTS[found.class_name or ""], **found.parameters}
    for name in ("min_value", "max_value", "rate"):
        bound = parameters.get(name, 0)
        if bound is None and name != "rate":
            if not behaviour.norm_bounds_take_none:
                raise ValueError(f"{argument} is {shown(value)}, expected a number as {name}")
        elif not isinstance(bound, (int, float, np.number)):
            raise TypeError(f"{argument} is {shown(value)}, expected a number as {name}")
    axis = parameters.get("axis")
    axes = axis if isinstance(axis, (list, tuple)) else () if axis is None else (axis,)
    if not all(isinstance(item, (int, np.integer)) for item in axes):
        raise TypeError(f"{argument} is {shown(value)}, expected None, an int or a list as axis")
    return Identifier(found.class_name, parameters)


def project(
    found: Identifier, weight: Array, behaviour: Behaviour, argument: str, epsilon: float = EPSILON
) -> Array:
    """Return `weight` projected by a constraint.

    Equation
    --------
    With n the norms along `axis` (0: of the columns)::

        MaxNorm     w · (clip(n, 0, max_value) / (ε + n))
        MinMaxNorm  w · ((rate · clip(n, min_value, max_value) + (1 − rate) · n) / (ε + n))
        UnitNorm    w / (ε + n)
        NonNeg      w · (w ≥ 0), from Keras 3.15 on max(w, 0)

    Parameters
    ----------
    found : Identifier
        The result of `resolve`.
    weight : (rows, 3 * units) or (3 * units,), float32 or float64
        The whole weight: all three gates, and both rows of a bias.
    argument : str
        For the messages.
    epsilon : float
        The value of ``keras.config.epsilon()`` (Keras 2: ``keras.backend.epsilon()``).

    Returns
    -------
    array like `weight`

    Raises
    ------
    ValueError
        The weight has no such axis, or not the four dimensions that a radial constraint needs, or a
        callable returns another shape or no numbers.

    Warns
    -----
    KerasQuirkWarning
        The release fails in float64, a −inf becomes NaN, or the two rows of a bias share a norm.

    Source
    ------
    tf_keras/src/constraints.py (2.21); keras/src/constraints/constraints.py (3.14, 3.15.1).

    Examples
    --------
    >>> from gru_ref.keras.ledger import resolve as release
    >>> unit_norm, kernel = Identifier("UnitNorm", {"axis": 0}), np.array([[3.0], [4.0]])
    >>> project(unit_norm, kernel, release("3"), "kernel_constraint", epsilon=0)
    array([[0.6],
           [0.8]])
    """
    if found.function is not None:
        return _function_result(found.function(weight.copy()), found, weight, argument)
    if found.class_name == "Constraint":
        return weight.copy()
    if found.class_name == "RadialConstraint":
        raise ValueError(
            f"{argument} is a radial constraint, for a weight of shape {weight.shape}, expected "
            "another: it is for the four dimensions of a convolution"
        )
    if found.class_name == "NonNeg":
        return _non_negative(weight, behaviour, argument)
    real = weight.dtype.type
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        norms = _norms(weight, found.parameters["axis"], behaviour, argument)
        if found.class_name == "UnitNorm":
            return np.asarray(weight / (real(epsilon) + norms), weight.dtype)
        desired = _clip(norms, found.parameters.get("min_value", 0), found.parameters["max_value"])
        if found.class_name == "MinMaxNorm":
            rate = found.parameters["rate"]
            desired = real(rate) * desired + real(1 - rate) * norms
        return np.asarray(weight * (desired / (real(epsilon) + norms)), weight.dtype)


def project_weights(
    identifiers: Mapping[str, Identifier | None],
    weights: Mapping[str, Array],
    behaviour: Behaviour,
    epsilon: Any = EPSILON,
) -> dict[str, Array]:
    """Return the weights, projected where there is a constraint, as after an optimizer's step.

    Parameters
    ----------
    identifiers : mapping
        The results of `resolve`, by argument: kernel_constraint, ….
    weights : mapping
        kernel, recurrent_kernel and bias, by these names.
    epsilon : float
        See `project`.

    Raises
    ------
    TypeError
        epsilon is not a number.
    ValueError
        See `project`.

    Source
    ------
    The end of apply_gradients in tf_keras/src/optimizers/optimizer.py (2.21) and of apply in
    keras/src/optimizers/base_optimizer.py (3.15.1).
    """
    if not isinstance(epsilon, (int, float, np.number)):
        raise TypeError(f"epsilon is {shown(epsilon)}, expected a number")
    projected = dict(weights)
    for name, weight in weights.items():
        argument = f"{name.removesuffix('_kernel')}_constraint"
        found = identifiers[argument]
        if found is not None:
            projected[name] = project(found, weight, behaviour, argument, float(epsilon))
    return projected


def _norms(weight: Array, axis: Any, behaviour: Behaviour, argument: str) -> Array:
    """Return the norms of `weight` along `axis`, whose size becomes 1."""
    given = (
        range(weight.ndim) if axis is None else axis if isinstance(axis, (list, tuple)) else [axis]
    )
    axes = tuple(int(item) % weight.ndim for item in given if -weight.ndim <= item < weight.ndim)
    if len(set(axes)) != len(given):
        raise ValueError(
            f"{argument} has the axis {shown(axis)}, expected axes of a weight of shape "
            f"{weight.shape}, each once"
        )
    mixes = argument == "bias_constraint" and weight.ndim == 2 and 0 in axes
    if mixes and behaviour.bias_norm_mixes_rows:
        behaviour.warn("bias_norm_mixes_rows")
    return np.asarray(np.sqrt(reduce_sum(np.square(weight), axes, keepdims=True)))


def _clip(norms: Array, lowest: float | None, highest: float | None) -> Array:
    """Return the norms in [lowest, highest]; where those cross, lowest wins."""
    if highest is not None:
        norms = np.minimum(norms, norms.dtype.type(highest))
    return norms if lowest is None else np.maximum(norms, norms.dtype.type(lowest))


def _non_negative(weight: Array, behaviour: Behaviour, argument: str) -> Array:
    """Return `weight` with zeros for what is negative."""
    zero = weight.dtype.type(0)
    if not behaviour.non_neg_multiplies:
        return np.where(weight <= zero, zero, weight)
    if weight.dtype != np.float32 and behaviour.non_neg_needs_float32:
        behaviour.warn("non_neg_needs_float32", argument)
    if np.isneginf(weight).any():
        behaviour.warn("non_neg_multiplies", argument)
    with np.errstate(invalid="ignore"):
        return np.asarray(weight * (weight >= zero))


def _function_result(value: Any, found: Identifier, weight: Array, argument: str) -> Array:
    """Return what a callable returned, as an array like `weight`."""
    array = np.asarray(value).copy()
    if dtype_kind(array.dtype) not in "fiu":
        raise ValueError(
            f"{argument} {shown(found.function)} returns {shown(value)}, expected an array"
        )
    if array.shape != weight.shape:
        raise ValueError(
            f"{argument} {shown(found.function)} returns shape {array.shape}, expected "
            f"{weight.shape}"
        )
    return array.astype(weight.dtype)
