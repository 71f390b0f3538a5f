"""Probes: inputs drawn so that one GRU can be told from another, and what it returns for them."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Moment
from gru_ref.core.rounding import dtype_kind
from gru_ref.core.weights import GRUWeights
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.functional import gru

Array = NDArray[Any]

BATCH, TIMESTEPS = 4, 6
# Times what rounding costs here: another implementation sums in another order and has another tanh.
# TensorFlow's Keras 2 and 3 were up to 3.6 times that away, over 120 layers of up to 64 units.
_ROUNDINGS = 16.0
# What a timestep takes besides its matrix products, in multiplications: 0.1 ms, measured.
_OF_STEP = 1 << 17
# NumPy's finfo does not know the type.
_EPS_OF_BFLOAT16 = 2.0**-7


@dataclass(frozen=True, eq=False)
class BundleProbe:
    """One call of a GRU, and what it returns.

    Parameters
    ----------
    inputs : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    initial_state : (batch, units)
    mask : (batch, timesteps), or (timesteps, batch); bool
        True: use this timestep.
    outputs : (batch, timesteps, units), or (timesteps, batch, units); or (batch, units)
        In processing order; or the last one alone.
    states : (batch, timesteps, units), or (timesteps, batch, units)
        The state after each timestep, in processing order.
    """

    inputs: Array
    initial_state: Array
    mask: Array
    outputs: Array
    states: Array

    def arrays(self) -> dict[str, Array]:
        """Return the arrays by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class ProbeDifference(NamedTuple):
    """Where an array of a probe differs most from what its GRU computes.

    `place` counts in that array's own axes; `error` is infinite where one of both is not finite.
    """

    array: str
    place: tuple[int, ...]
    error: float
    stored: float
    computed: float

    def __str__(self) -> str:
        place = ", ".join(map(str, self.place))
        return f"{self.array}[{place}] is {self.stored:.9g}, expected {self.computed:.9g}"


def draw(bits: np.random.PCG64, *shape: int) -> Array:
    """Return odd multiples of 1/256 between −1 and 1, which every dtype of a layer holds exactly.

    Parameters
    ----------
    bits : numpy.random.PCG64
        Its raw numbers are the same in every release of NumPy.
    *shape : int

    Examples
    --------
    >>> draw(np.random.PCG64(0), 3) * 256
    array([  71., -117., -235.])
    """
    highest = bits.random_raw(math.prod(shape)).reshape(shape) >> np.uint64(56)
    return (2 * highest.astype("float64") - 255) / 256


def draw_call(features: int, config: GRUConfig, seed: int) -> tuple[Array, Array, Array]:
    """Return inputs, initial state and mask of a probe, drawn from a seed.

    The rows of the batch are: zero initial state and no masked step; an initial state; masked
    steps at the end; an initial state and masked steps at the start and in between. Every other
    number is an odd multiple of 1/256 between −1 and 1, which every dtype of a layer holds exactly.

    Parameters
    ----------
    features : int
    config : GRUConfig
        units, time_major and dtype matter.
    seed : int, from 0 on
        Of NumPy's PCG64, whose raw numbers are the same in every release.

    Returns
    -------
    inputs, initial_state, mask
        As `BundleProbe` has them.
    """
    bits, dtype = np.random.PCG64(seed), storable_dtype(config.compute_dtype)
    inputs = draw(bits, BATCH, TIMESTEPS, features).astype(dtype)
    initial_state = draw(bits, BATCH, config.units).astype(dtype)
    initial_state[[0, 2]] = 0
    mask = np.ones((BATCH, TIMESTEPS), bool)
    mask[2, -2:] = False
    mask[3, [0, 2]] = False
    if config.time_major:
        inputs, mask = inputs.swapaxes(0, 1), mask.T
    return inputs, initial_state, mask


def storable_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of NumPy's own that holds every number of `dtype`."""
    return np.dtype("float32") if dtype.name == "bfloat16" else dtype


def compute(
    weights: GRUWeights, config: GRUConfig, inputs: Array, initial_state: Array, mask: Array
) -> tuple[Array, Array]:
    """Return what the GRU returns for every timestep, and its states, in processing order."""
    record: list[Moment] = []
    with _quiet():
        every = replace(config, return_sequences=True)
        outputs = gru(
            inputs, weights, every, initial_state=initial_state, mask=mask, record=record
        ).output
    states = np.stack([moment.states[0] for moment in record], 0 if config.time_major else 1)
    return outputs, states


def rounding_tolerance(
    weights: GRUWeights, config: GRUConfig, inputs: Array, initial_state: Array, mask: Array
) -> float:
    """Return by how much two correct runs of this call may differ, on different machines.

    What rounding costs is measured: the call in float32 against float64, in units of eps. The same
    multiple of the layer's own eps is what rounding costs the layer.
    """
    call = inputs, initial_state, mask
    with _quiet():  # of activation layers that Keras 2 has in float32 alone
        configs = {dtype: replace(config, dtype=dtype) for dtype in ("float32", "float64")}
    runs = [
        compute(weights.astype(dtype), one, *call)[1].astype("float64")
        for dtype, one in configs.items()
    ]
    with np.errstate(all="ignore"):
        rounding = np.abs(runs[0] - runs[1]) / np.finfo("float32").eps
    sizes = [np.abs(runs[1]), rounding, initial_state.astype("float64")]
    largest = max(float(np.abs(size[np.isfinite(size)]).max(initial=1.0)) for size in sizes)
    dtype = config.compute_dtype
    eps = _EPS_OF_BFLOAT16 if dtype.name == "bfloat16" else float(np.finfo(dtype).eps)
    return _ROUNDINGS * largest * eps


def worst_difference(
    probe: BundleProbe, weights: GRUWeights, config: GRUConfig, tolerance: float
) -> ProbeDifference | None:
    """Return where the outputs or states of a probe differ most from what the GRU computes.

    Returns
    -------
    ProbeDifference or None
        None where nothing differs by more than `tolerance`.
    """
    call = probe.inputs, probe.initial_state, probe.mask
    outputs, states = compute(weights, config, *call)
    if probe.outputs.ndim == 2:
        outputs = outputs[-1] if config.time_major else outputs[:, -1]
    pairs = {"outputs": (probe.outputs, outputs), "states": (probe.states, states)}
    found = [_worst(name, *pair) for name, pair in pairs.items()]
    worst = max(found, key=lambda one: one.error)
    return worst if worst.error > tolerance else None


def check_call(
    inputs: Array, initial_state: Array, mask: Array, features: int, config: GRUConfig
) -> None:
    """Check the sizes and dtypes of a call against those of a GRU.

    Raises
    ------
    TypeError
        A dtype is not floating, or that of the mask not bool.
    ValueError
        A shape differs.
    """
    if inputs.ndim != 3 or inputs.shape[2] != features:
        raise ValueError(
            f"inputs has shape {inputs.shape}, expected three sizes, the last {features}"
        )
    leading = inputs.shape[:2]
    batch, timesteps = config.batch_and_time(leading)
    for count, what in ((batch, "row"), (timesteps, "timestep")):
        if count == 0:
            raise ValueError(f"inputs has shape {inputs.shape}, expected at least one {what}")
    _check_array("inputs", inputs, inputs.shape)
    _check_array("initial_state", initial_state, (batch, config.units))
    _check_array("mask", mask, leading)


def check_probe(probe: BundleProbe, features: int, config: GRUConfig) -> None:
    """Check the sizes and dtypes of a probe against those of a GRU.

    Raises
    ------
    TypeError, ValueError
        As `check_call`.
    """
    check_call(probe.inputs, probe.initial_state, probe.mask, features, config)
    last, every = probe.initial_state.shape, (*probe.mask.shape, config.units)
    _check_array("outputs", probe.outputs, every, last)
    _check_array("states", probe.states, every)


def products(inputs: Array, config: GRUConfig) -> int:
    """Return how many multiplications a call takes, with an allowance for each timestep."""
    *leading, features = map(int, inputs.shape)
    batch, timesteps = config.batch_and_time(leading)
    of_row = 3 * config.units * (features + config.units)
    return timesteps * (batch * of_row + _OF_STEP)


def _check_array(name: str, array: Array, *shapes: tuple[int, ...]) -> None:
    if array.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise ValueError(f"{name} has shape {array.shape}, expected {expected}")
    kind, meaning = ("b", "bool") if name == "mask" else ("f", "a floating dtype")
    if dtype_kind(array.dtype) != kind:
        raise TypeError(f"{name} has dtype {array.dtype}, expected {meaning}")


def absolute_error(actual: Array, expected: Array) -> Array:
    """Return |actual − expected|: 0 where both are NaN, infinite where one is not finite."""
    with np.errstate(all="ignore"):
        error = np.abs(actual - expected)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    return np.where(same, 0.0, np.where(np.isfinite(error), error, np.inf))


def _worst(name: str, stored: Array, computed: Array) -> ProbeDifference:
    """Return the largest difference of two arrays."""
    one, other = stored.astype("float64"), computed.astype("float64")
    error = absolute_error(one, other)
    place = tuple(map(int, np.unravel_index(int(error.argmax()), error.shape)))
    return ProbeDifference(name, place, float(error[place]), float(one[place]), float(other[place]))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence warnings of quirks and overflows: whoever runs the layer gets them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
