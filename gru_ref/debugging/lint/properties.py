"""Special properties of the numbers of a test that can hide a mistake.

A part is one of the arrays of a test, or the outputs that it compares. A property is a sentence and
a projection: numbers have the property if the projection does not change them, and the projection
gives it to any numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.mistakes.gru_run import Attempt

Array = NDArray[Any]
Projection = Callable[[Array], Array | None]
Get = Callable[[Attempt], Array | None]
Put = Callable[[Attempt, Array | None], Attempt]


class Property(NamedTuple):
    """A property of one part.

    Parameters
    ----------
    sentence : str
        "all biases are zero".
    project : callable
        Any numbers → numbers with the property; None for no array.
    """

    sentence: str
    project: Projection


class TestPart(NamedTuple):
    """A part of a test.

    Parameters
    ----------
    name : str
    get : callable
        Attempt → the array, or None if the test has none.
    put : callable
        Attempt and array → the attempt with this array.
    properties : tuple of Property
        The stronger ones first.
    """

    name: str
    get: Get
    put: Put
    properties: tuple[Property, ...]

    def held(self, attempt: Attempt, generic: Attempt) -> list[Property]:
        """Return the properties that this part of `attempt` has, the stronger ones first.

        Parameters
        ----------
        attempt : Attempt
        generic : Attempt
            Another attempt of the same sizes, whose numbers have no property.
        """
        value, other = self.get(attempt), self.get(generic)
        if value is None:
            return [
                one for one in self.properties if other is not None and one.project(other) is None
            ]
        return [one for one in self.properties if _has(value, one.project(value))]


def _has(value: Array, projected: Array | None) -> bool:
    return projected is not None and np.array_equal(value, projected)


# ---- projections of arrays whose last axis is the gates z, r, h


def _by_gate(change: Callable[[Array], Array]) -> Projection:
    return lambda array: np.concatenate([change(gate) for gate in np.split(array, 3, -1)], -1)


def _first_for_all(array: Array) -> Array:
    return np.full_like(array, array.flat[0])


def _first_along(axis: int) -> Callable[[Array], Array]:
    return lambda array: np.broadcast_to(array.take([0], axis), array.shape).copy()


def _gates_alike(array: Array) -> Array:
    return np.concatenate([np.split(array, 3, -1)[0]] * 3, -1)


def _z_and_r_alike(array: Array) -> Array:
    z, _, h = np.split(array, 3, -1)
    return np.concatenate([z, z, h], -1)


def _row_alone(kept: int) -> Projection:
    return lambda bias: bias * (np.arange(2)[:, None] == kept) if bias.ndim == 2 else None


def _rows_alike(bias: Array) -> Array | None:
    return np.stack([bias[0], bias[0]]) if bias.ndim == 2 else None


def _symmetric(gate: Array) -> Array:
    return np.tril(gate) + np.tril(gate, -1).T


def _palindrome(axis: int) -> Projection:
    return lambda array: (array + np.flip(array, axis)) / 2


def _leading_alone(axis: int) -> Projection:
    return lambda mask: np.sort(mask, axis)


def _of_weights(what: str, *more: Property) -> tuple[Property, ...]:
    return (
        Property(f"all {what} are zero", np.zeros_like),
        Property(f"all {what} are equal", _first_for_all),
        Property(f"the {what} of all gates are equal", _gates_alike),
        Property(f"the {what} of z and r are equal", _z_and_r_alike),
        Property(f"the {what} of all units are equal", _by_gate(_first_along(-1))),
        *more,
    )


_KERNEL = _of_weights(
    "kernel weights", Property("the kernel weights of all features are equal", _first_along(0))
)
_RECURRENT_KERNEL = _of_weights(
    "recurrent weights",
    Property("the recurrent weights from all units are equal", _first_along(0)),
    Property("every gate's recurrent kernel is symmetric", _by_gate(_symmetric)),
)
_BIAS = _of_weights(
    "biases",
    Property("the recurrent bias is zero", _row_alone(0)),
    Property("the input bias is zero", _row_alone(1)),
    Property("both bias rows are equal", _rows_alike),
)
_INITIAL_STATE = (
    Property("no initial state is given", lambda _: None),
    Property("the initial state is the same in all units", _first_along(1)),
)


def _inputs(time: int) -> tuple[Property, ...]:
    return (
        Property("all inputs are zero", np.zeros_like),
        Property("all inputs are equal", _first_for_all),
        Property("the inputs of all timesteps are equal", _first_along(time)),
        Property("the inputs are the same read backwards", _palindrome(time)),
        Property("the inputs of all features are equal", _first_along(2)),
        Property("the inputs of all rows are equal", _first_along(1 - time)),
    )


def _mask(time: int) -> tuple[Property, ...]:
    return (
        Property("no mask is given", lambda _: None),
        Property("no timestep is masked after one that is used", _leading_alone(time)),
    )


# ---- the parts


def parts_of(attempt: Attempt) -> tuple[TestPart, ...]:
    """Return the parts of a test, the most likely causes first."""
    time = 0 if attempt.config.time_major else 1
    return (
        TestPart("bias", *_weight(2), _BIAS),
        TestPart("recurrent kernel", *_weight(1), _RECURRENT_KERNEL),
        TestPart("kernel", *_weight(0), _KERNEL),
        TestPart("inputs", *_argument("x"), _inputs(time)),
        TestPart("initial state", *_argument("initial_state"), _INITIAL_STATE),
        TestPart("mask", *_argument("mask"), _mask(time)),
        TestPart(
            "outputs",
            lambda a: np.array(a.config.return_sequences),
            lambda a, every: replace(
                a, config=replace(a.config, return_sequences=bool(every is not None and every))
            ),
            (Property("the last output alone is compared", np.zeros_like),),
        ),
    )


def _weight(index: int) -> tuple[Get, Put]:
    def get(attempt: Attempt) -> Array | None:
        arrays = attempt.weights.arrays()
        return arrays[index] if index < len(arrays) else None

    def put(attempt: Attempt, array: Array | None) -> Attempt:
        arrays = attempt.weights.arrays()
        if array is not None and index < len(arrays):
            arrays[index] = array
        return replace(attempt, weights=GRUWeights(*arrays))

    return get, put


def _argument(name: str) -> tuple[Get, Put]:
    def get(attempt: Attempt) -> Array | None:
        found: Array | None = getattr(attempt.calls[0], name)
        return found

    def put(attempt: Attempt, array: Array | None) -> Attempt:
        changed: dict[str, Any] = {name: array}
        return replace(attempt, calls=(attempt.calls[0]._replace(**changed),))

    return get, put
