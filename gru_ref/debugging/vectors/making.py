"""`vectors`: golden vectors of a GRU, of drawn inputs that reveal mistakes or of given ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Moment
from gru_ref.core.rounding import is_half
from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.lint.better import generic_attempt, witness_calls
from gru_ref.debugging.lint.reasons import Reasons
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.gru_run import Attempt, Call, built_gru
from gru_ref.debugging.mistakes.table import MISTAKES
from gru_ref.debugging.vectors.golden import (
    GoldenVector,
    QuantisationError,
    Unrevealed,
    finite,
)
from gru_ref.debugging.vectors.quantisation import Quantised, quantise, state_bounds
from gru_ref.debugging.vectors.report import GoldenVectors
from gru_ref.errors import KerasQuirkWarning, shown
from gru_ref.files.probe import rounding_tolerance
from gru_ref.keras.layers.call_checks import initial_state_array, mask_array, x_array
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.trace import Trace, stack_record

Array = NDArray[Any]

WEIGHTS = ("float32", "int8", "int16")
# What one set may hold, in numbers: --batch and --timesteps choose fewer.
MOST_NUMBERS = 2**24
# Of drawn inputs the smallest sizes from here on that no other size equals.
_BATCH, _TIMESTEPS = 3, 5
# Of drawn inputs, before the tolerance of each vector is known.
_SEARCH_TOLERANCE = 1e-5


def vectors(
    layer: GRU,
    x: Any = None,
    initial_state: Any = None,
    *,
    mask: Any = None,
    weights: str | None = None,
    batch: int | None = None,
    timesteps: int | None = None,
) -> GoldenVectors:
    """Return golden vectors of a GRU: calls, and every number that a port has to reproduce.

    All results are computed in float64 and rounded once to the dtype of the vectors.

    Parameters
    ----------
    layer : GRU
        Built. It is read, not called; each vector starts as after ``reset_states()``.
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major, optional
        By default they are drawn so that as many classic mistakes show as the layer's own weights
        allow, alone, with a mask, with an initial state, and with both.
    initial_state : (batch, units), optional
    mask : (batch, timesteps), or (timesteps, batch), optional
        True: use this timestep. Both belong to `x`.
    weights : "float32", "int8" or "int16", optional
        By default those of the layer; a half type is widened to float32. int8 and int16 are
        symmetric codes with one scale for each gate of each kernel; the expected results are those
        of the weights that the codes mean.
    batch, timesteps : int, optional
        The sizes of drawn inputs; by default the smallest from 3 and 5 on that no other size
        equals.

    Returns
    -------
    GoldenVectors

    Raises
    ------
    TypeError
        `layer` is not a GRU, or an array does not hold numbers.
    ValueError
        The layer is not built, or has an activation that is your own function; a shape, a size or
        `weights` is wrong; a weight or a result is not finite; the vectors would be too large.

    Examples
    --------
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> layer.build((None, None, 3))
    >>> made = vectors(layer)
    >>> [one.name for one in made.vectors], made.vectors[0].trace.z.shape
    (['inputs', 'mask', 'state', 'state_and_mask'], (5, 4, 2))
    >>> next(one.because for one in made.unrevealed if one.mistake == "bias rows swapped")
    'all biases are zero'
    """
    given = _check_layer(layer, weights)
    golden, quantised, notes = _golden_layer(given, weights)
    attempt = _attempt(golden)
    if x is None:
        for name, value in (("initial_state", initial_state), ("mask", mask)):
            if value is not None:
                raise ValueError(f"{name} is given without x, expected both or neither")
        sizes = _sizes(given, batch, timesteps)
        _check_count(sizes, golden, 4)
        blank = _blank_call(golden, sizes)
        calls = witness_calls(Vectors.of(_double(attempt, blank), _SEARCH_TOLERANCE, 0.0))
    else:
        if batch is not None or timesteps is not None:
            raise ValueError("batch and timesteps are of drawn inputs, expected none with x")
        call = _given_call(golden, x, initial_state, mask)
        _check_count(golden.config.batch_and_time(call.x.shape), golden, 1)
        calls = {"inputs": call}
    with warnings.catch_warnings(record=True) as quirks:
        warnings.simplefilter("always", KerasQuirkWarning)
        made = list(_run_all(golden, attempt, calls))
    notes += [str(one.message) for one in quirks]
    generic = generic_attempt(_double(attempt, *calls.values()))
    unrevealed, cannot = _unrevealed(made, generic)
    return GoldenVectors(
        golden,
        tuple(one.vector for one in made),
        quantised,
        _quantisation_error(_attempt(given), attempt, quantised, made) if quantised else None,
        unrevealed,
        cannot,
        tuple(dict.fromkeys(notes)),
    )


# ---- the layer


def _check_layer(layer: Any, weights: str | None) -> GRU:
    gru = built_gru(layer)
    if weights is not None and weights not in WEIGHTS:
        raise ValueError(f"weights is {shown(weights)}, expected one of {', '.join(WEIGHTS)}")
    for name in ("activation", "recurrent_activation"):
        value = getattr(gru.config, name)
        if callable(value):
            raise ValueError(
                f"{name} is {shown(value)}, expected one that Keras has a name for: vectors hold "
                "no code"
            )
    _check_weights(gru)
    return gru


def _check_weights(layer: GRU) -> None:
    for name, array in GRUWeights(*layer.get_weights()).named().items():
        finite(name, array.astype("float64"))


def _golden_layer(layer: GRU, weights: str | None) -> tuple[GRU, dict[str, Quantised], list[str]]:
    """Return the layer that the vectors are of, its quantised kernels, and what to say of it."""
    own, arrays = layer.config, [array.astype("float64") for array in layer.get_weights()]
    notes = []
    dtype = "float32" if weights == "float32" or is_half(own.compute_dtype) else own.dtype
    if is_half(own.compute_dtype):
        notes.append(
            f"The layer computes in {own.dtype}. The vectors are what its weights give without "
            f"the rounding of {own.compute_dtype.name}: a port in {own.compute_dtype.name} differs "
            "from them by that rounding."
        )
    elif dtype != own.dtype:
        notes.append(f"The layer's weights are {own.dtype}; the vectors' are rounded to {dtype}.")
    quantised = {}
    if weights in ("int8", "int16"):
        names = ("kernel", "recurrent_kernel")
        quantised = {
            name: quantise(array, int(weights[3:]))
            for name, array in zip(names, arrays, strict=False)
        }
        arrays[:2] = [quantised[name].values for name in names]
        notes.append(
            "The expected results are those of the weights that the codes mean, in float64."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        config = {**layer.get_config(), "dtype": dtype}
        golden = GRU.from_config(config, keras_version=layer.keras_version)
    with np.errstate(over="ignore"):  # an infinity is refused
        golden.take_weights(GRUWeights(*arrays))
    _check_weights(golden)
    golden.provenance = layer.provenance
    return golden, quantised, notes


def _attempt(layer: GRU) -> Attempt:
    """Return the layer without a call, in float64, returning its state."""
    config = replace_quietly(layer, return_state=True)
    return Attempt(config, GRUWeights(*layer.get_weights()), ()).double


def replace_quietly(layer: GRU, **changes: Any) -> Any:
    """Return the config of a layer with other arguments, without warnings of quirks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        return replace(layer.config, **changes)


# ---- the calls


def _sizes(layer: GRU, batch: int | None, timesteps: int | None) -> tuple[int, int]:
    """Return the batch and the timesteps of drawn inputs."""
    recorded = layer.recorded_state
    for name, value in (("batch", batch), ("timesteps", timesteps)):
        if value is not None and (type(value) is not int or value < 1):
            raise ValueError(f"{name} is {shown(value)}, expected an int of at least 1")
    if recorded is not None and batch not in (None, len(recorded)):
        raise ValueError(
            f"batch is {batch}, expected {len(recorded)}: a stateful layer keeps one state for "
            "each row"
        )
    taken = {layer.weight_shapes()["kernel"][0], layer.config.units, timesteps}
    fixed = batch if recorded is None else len(recorded)
    rows = fixed or next(size for size in range(_BATCH, _BATCH + 4) if size not in taken)
    taken |= {rows}
    length = timesteps or next(s for s in range(_TIMESTEPS, _TIMESTEPS + 5) if s not in taken)
    return rows, length


def _check_count(sizes: Sequence[int], layer: GRU, calls: int) -> None:
    """Refuse vectors that are too large, before anything is computed."""
    batch, timesteps = sizes
    features = layer.weight_shapes()["kernel"][0]
    count = calls * batch * (timesteps * (features + 5 * layer.config.units) + layer.config.units)
    if count > MOST_NUMBERS:
        raise ValueError(
            f"{calls} vectors of batch {batch} and {timesteps} timesteps hold {count:,} numbers, "
            f"expected at most {MOST_NUMBERS:,}: choose a smaller batch or fewer timesteps"
        )


def _blank_call(layer: GRU, sizes: tuple[int, int]) -> Call:
    batch, timesteps = sizes
    leading = (timesteps, batch) if layer.config.time_major else (batch, timesteps)
    return Call(np.zeros((*leading, layer.weight_shapes()["kernel"][0])))


def _given_call(layer: GRU, inputs: Any, initial_state: Any, mask: Any) -> Call:
    config = layer.config
    x = x_array(inputs, config)
    features = layer.weight_shapes()["kernel"][0]
    batch, timesteps = config.batch_and_time(x.shape)
    if x.shape[2] != features or not batch:
        raise ValueError(f"x has shape {x.shape}, expected {features} features and a row at least")
    finite("x", x)
    state = initial_state_array(initial_state, config, batch)
    if state is not None:
        finite("initial_state", state)
    used = mask_array(mask, config, batch, timesteps)
    if used is not None:
        if used.ndim != 2:
            raise ValueError(f"mask has shape {used.shape}, expected {x.shape[:2]}")
        used = np.broadcast_to(used, x.shape[:2])
    return Call(x, state, used)


# ---- the results


class _Made(NamedTuple):
    """A vector, its test for the mistakes, and the steps of its call in float64."""

    vector: GoldenVector
    test: Vectors
    record: list[Moment]


def _run_all(layer: GRU, attempt: Attempt, calls: dict[str, Call]) -> Iterator[_Made]:
    """Yield every vector; of a stateful layer one more, which continues the last."""
    for name, call in calls.items():
        made = _run(layer, attempt, name, (_narrow(call, layer),))
        yield made
    if layer.config.stateful:
        first = made.vector
        before = Call(first.x, first.initial_state, first.mask)
        yield _run(layer, attempt, "second_call", (before, before), first.state)


def _run(
    layer: GRU,
    attempt: Attempt,
    name: str,
    calls: tuple[Call, ...],
    recorded: Array | None = None,
) -> _Made:
    """Return the vector of the last of some calls.

    Parameters
    ----------
    recorded : (batch, units), optional
        The state that the call before ended with, where there is one.
    """
    call = calls[-1]
    if recorded is not None:
        calls = (*calls[:-1], call._replace(initial_state=None))
        call = call._replace(initial_state=recorded)
    wide = _double(attempt, *calls)
    record: list[Moment] = []
    with np.errstate(all="ignore"):
        (alone,) = _double(attempt, call).calls
        result = alone.run(wide.weights, wide.config, record=record)
    dtype = layer.config.compute_dtype
    start = np.zeros_like(result.state) if call.initial_state is None else call.initial_state
    mask = np.ones(call.x.shape[:2], bool) if call.mask is None else call.mask
    weights = GRUWeights(*layer.get_weights())
    tolerance = rounding_tolerance(weights, layer.config, call.x, start, mask)
    test = Vectors.of(wide, tolerance, 0.0)
    reveals = [m.name for m in MISTAKES if test.error_of(m).seen]
    with np.errstate(over="ignore"):  # an infinity is refused below
        rounded = {
            key: value.astype(dtype) if value.dtype.kind == "f" else value
            for key, value in stack_record(record).arrays().items()
        }
        output, state = (value.astype(dtype) for value in result)
    vector = GoldenVector(
        name,
        recorded is not None,
        call.x,
        call.initial_state,
        call.mask,
        Trace(**rounded),
        output,
        state,
        tolerance,
        tuple(reveals),
    )
    for key, array in vector.arrays.items():
        finite(f"{name}, {key}", array)
    return _Made(vector, test, record)


def _narrow(call: Call, layer: GRU) -> Call:
    """Return a call in the dtype of the layer, without a mask or state that has no effect."""
    dtype = layer.config.compute_dtype
    state, mask = call.initial_state, call.mask
    return Call(
        call.x.astype(dtype),
        None if state is None else state.astype(dtype),
        None if mask is None else mask.astype(bool),
    )


def _double(attempt: Attempt, *calls: Call) -> Attempt:
    """Return the calls in float64."""
    return replace(attempt, calls=calls).double


def _unrevealed(
    made: Sequence[_Made], generic: Attempt
) -> tuple[tuple[Unrevealed, ...], tuple[str, ...]]:
    """Return the mistakes that no vector reveals, and why, and those that cannot be made."""
    revealed = {name for one in made for name in one.vector.reveals}
    fullest = [one for one in made if not one.vector.continues][-1].test
    reasons = Reasons(fullest, generic)
    unrevealed, cannot = [], []
    for mistake in MISTAKES:
        if mistake.name in revealed:
            continue
        if not (mistake.applies(generic) or any(one.test.applies(mistake) for one in made)):
            cannot.append(mistake.name)
            continue
        causes = reasons.reason(mistake).causes
        because = "; ".join(" and ".join(cause) for cause in causes)
        unrevealed.append(Unrevealed(mistake.name, mistake.meaning, because))
    return tuple(unrevealed), tuple(cannot)


def _quantisation_error(
    own: Attempt, attempt: Attempt, quantised: dict[str, Quantised], made: Sequence[_Made]
) -> QuantisationError:
    """Return what quantising costs the states of the vectors, each from the same initial state."""
    error = bound = 0.0
    scales = [quantised[name].scales for name in ("kernel", "recurrent_kernel")]
    for one in made:
        call = Call(one.vector.x, one.vector.initial_state, one.vector.mask)
        record: list[Moment] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KerasQuirkWarning)
            wide = _double(own, call)
            wide.calls[0].run(wide.weights, wide.config, record=record)
        bounds = state_bounds(one.record, attempt.weights, attempt.config, *scales)
        for exact, coded, limit in zip(record, one.record, bounds, strict=True):
            error = max(error, float(np.abs(exact.states[0] - coded.states[0]).max()))
            bound = max(bound, float(limit.max()))
    return QuantisationError(error, bound)
