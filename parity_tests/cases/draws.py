"""Draws the numbers of a case's witnesses, many at once, with no regard to what they lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from parity_tests.cases.sweeps import Case
from parity_tests.matrix import halves
from parity_tests.matrix.axes import CALLS, MASKS

# The share of weights that are not zero in the exact and the saturated lane. With linear gates a
# state grows doubly exponentially unless they hardly depend on it: in the exact lane every round
# draws the kernels sparser, so that a witness is as dense as its case allows.
DENSE = 0.6
GATES = {  # by activation and recurrent_activation; the candidate's share is halfway to DENSE
    ("relu", "relu"): 0.5,
    ("linear", "relu"): 0.4,
    ("relu", "linear"): 0.35,
    ("linear", "linear"): 0.2,
    ("relu6", "relu6"): DENSE,
    ("relu", "relu6"): 0.5,
    ("linear", "relu6"): 0.5,
}
SPARSER = 0.7
SPARSEST = 0.1

# The largest weight in the lanes double and single, in thousandths. Activations without a limit
# let a state grow there too, and every round draws the weights smaller.
LARGEST = 999
SMALLER = 0.85
SMALLEST = 200


class WitnessCall(NamedTuple):
    """The arguments of one call, in the layout that the layer takes."""

    x: np.ndarray
    initial_state: np.ndarray | None
    mask: np.ndarray | None
    training: bool


@dataclass(frozen=True)
class Witness:
    """The concrete numbers of a case; a call is "reset" where the states are reset."""

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray | None
    calls: tuple[Any, ...]

    @property
    def weights(self) -> list[np.ndarray]:
        """The arrays in the order of Keras's get_weights()."""
        arrays = (self.kernel, self.recurrent_kernel, self.bias)
        return [array for array in arrays if array is not None]

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> Witness:
        """Return the witness with every array changed but the masks."""

        def change_if_any(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else change(array)

        calls = tuple(
            call
            if call == "reset"
            else call._replace(x=change(call.x), initial_state=change_if_any(call.initial_state))
            for call in self.calls
        )
        arrays = (self.kernel, self.recurrent_kernel, self.bias)
        return Witness(*map(change_if_any, arrays), calls)


def draw(case: Case, rng: np.random.Generator, count: int, number: int) -> Witness:
    """Return the `count` witnesses of a round at once, each array with a leading axis."""
    batch, timesteps, features, units = case.sizes
    bias_rows = (2 if case.levels["reset_after"] else 1) if case.levels["use_bias"] else 0
    parts = (features, units, bias_rows)
    # What a half type is given is float32: rounding it is a part of the case.
    dtype = "float32" if case.half else case.dtype
    weights = _distinct(_weights(case, rng, parts, number), (1, 2), count).astype(dtype)
    kernel, recurrent_kernel, bias = np.split(weights, np.cumsum(parts)[:2], axis=1)
    if not case.levels["reset_after"]:
        bias = bias[:, :1].reshape(count, -1)

    def values(*shape: int) -> np.ndarray:
        axes = tuple(range(1, len(shape) + 1))
        numbers = _decimals(rng, shape) if case.is_rounded else _ternaries(rng, shape, 0.7)
        return _distinct(numbers, axes, count).astype(dtype)

    calls: list[Any] = []
    for mask in masks_of(case):
        if isinstance(mask, str):
            calls.append("reset")
            continue
        x = values(batch, timesteps, features)
        if case.levels.get("time_major"):
            x = x.swapaxes(1, 2)
        given = case.levels["initial_state"] == "given"
        # Keras 2 casts no initial state.
        state = values(batch, units).astype(case.half or dtype) if given else None
        calls.append(WitnessCall(x, state, mask, case.levels["dropout"] != "none"))
    return Witness(kernel, recurrent_kernel, bias if bias_rows else None, tuple(calls))


def masks_of(case: Case) -> list[Any]:
    """Return the mask of every call in the layer's layout, or None; "reset" for a reset."""
    masks: list[Any] = []
    rows = MASKS.get(case.levels["mask"])
    for what in CALLS[case.levels["stateful"]]:
        if what == "reset" or rows is None:
            masks.append("reset" if what == "reset" else None)
            continue
        mask = np.array([[step == "T" for step in row] for row in rows])
        masks.append(mask.T if case.levels.get("time_major") else mask)
        rows = rows[::-1]
    return masks


def called_by(case: Case, witness: Witness) -> Witness:
    """Return the witness of another case of the same layer as this case calls it.

    The masks are the case's own; initial states, if it gives none, are left out.
    """
    given = case.levels["initial_state"] == "given"
    calls = tuple(
        call
        if call == "reset"
        else call._replace(mask=mask, initial_state=call.initial_state if given else None)
        for call, mask in zip(witness.calls, masks_of(case), strict=True)
    )
    return replace(witness, calls=calls)


def draw_dropout(case: Case, rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    """Return `count` draws of the dropout masks of every call, in the shapes Keras has."""
    batch, timesteps, features, units = case.sizes
    by_step = (timesteps, batch) if case.levels.get("time_major") else (batch, timesteps)
    shape = {
        "timestep": (*by_step, features),
        "gate": (3, batch, features),
        "sequence": (batch, features),
    }[case.dropout_law]

    def drawn(rate: float, shape: tuple[int, ...]) -> np.ndarray:
        kept = rng.random((count, *shape)) >= rate
        return np.where(kept, 1 / (1 - rate), 0.0)

    masks: list[dict[str, Any]] = []
    for what in CALLS[case.levels["stateful"]]:
        call = {}
        if what != "reset" and case.dropout:
            call["dropout_mask"] = drawn(case.dropout, shape)
        if what != "reset" and case.recurrent_dropout:
            call["recurrent_dropout_mask"] = drawn(case.recurrent_dropout, (3, batch, units))
        masks.append(call)
    return masks


def exponent(case: Case) -> int:
    """Return k of the weights 2**k of the saturated lane: a state may be halved at every step."""
    if case.half:
        return halves.EXPONENT[case.half]
    return 12 if case.levels["stateful"] == "off" else 16


def _weights(
    case: Case, rng: np.random.Generator, parts: tuple[int, int, int], number: int
) -> Callable[[int], np.ndarray]:
    """Return what draws the rows of kernel, recurrent_kernel and bias, one under the other."""
    units = case.sizes.units
    shape = (sum(parts), 3 * units)
    if case.is_rounded:
        return _decimals(rng, shape, max(int(LARGEST * SMALLER**number), SMALLEST))
    if case.lane == "saturated":
        return _ternaries(rng, shape, DENSE, 2.0 ** exponent(case))
    gates = max(GATES[case.activation, case.recurrent_activation] * SPARSER**number, SPARSEST)
    kernels = (gates, gates, (gates + DENSE) / 2)  # z, r, h
    density = np.array([kernels, kernels, (DENSE, DENSE, DENSE)])
    return _ternaries(rng, shape, np.repeat(np.repeat(density, parts, axis=0), units, axis=1))


def _decimals(
    rng: np.random.Generator, shape: tuple[int, ...], largest: int = LARGEST
) -> Callable[[int], np.ndarray]:
    """Return what draws thousandths: no binary fractions, and short to write."""
    return lambda count: rng.integers(-largest, largest + 1, (count, *shape)) / 1000


def _ternaries(
    rng: np.random.Generator, shape: tuple[int, ...], density: Any, scale: float = 1.0
) -> Callable[[int], np.ndarray]:
    """Return what draws -scale, 0 and scale."""

    def drawn(count: int) -> np.ndarray:
        kept = rng.random((count, *shape)) < density
        return np.where(kept, rng.choice([-scale, scale], (count, *shape)), 0)

    return drawn


def _distinct(draw: Callable[[int], np.ndarray], axes: tuple[int, ...], count: int) -> np.ndarray:
    """Return `count` arrays in which no two slices along any of the axes are the same."""
    array, pending = draw(count), np.arange(count)
    while True:
        checks = [_all_different(array[pending], axis) for axis in axes]
        pending = pending[~np.all(checks, axis=0)]
        if not pending.size:
            return array
        array[pending] = draw(pending.size)


def _all_different(array: np.ndarray, axis: int) -> np.ndarray:
    """Return for each variant whether its slices along an axis are different."""
    count, length = array.shape[0], array.shape[axis]
    slices = np.moveaxis(array, axis, 1).reshape(count, length, -1).astype("float64")
    # Cosines of integers are in no simple proportion: their sums differ where the slices do.
    sums = np.sort(slices @ np.cos(np.arange(1.0, slices.shape[2] + 1)), axis=1)
    return (np.diff(sums, axis=1) > 1e-9).all(axis=1)
