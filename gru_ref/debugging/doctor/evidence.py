"""The arrays, the input and the output of the user, and every way to see time in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gru_ref.debugging.doctor.precision import (
    HALVES,
    PRECISIONS,
    Array,
    coarsest,
    storage_precision,
)
from gru_ref.errors import shown
from gru_ref.files.formats.float_arrays import from_bfloat16

_SCALE, _ZERO = "_scale", "_zero_point"


class UnknownArray(NamedTuple):
    """One array.

    Parameters
    ----------
    name : str
    value : float64
    step : float64, the shape of `value`
        The distance between two quantised values; zeros for floating arrays.
    precision : str
        A name in `gru_ref.debugging.doctor.precision.PRECISIONS`: the coarsest that holds the
        values.
    """

    name: str
    value: Array
    step: Array
    precision: str


def unknown_arrays(arrays: Any, bits: str | None = None) -> list[UnknownArray]:
    """Return the arrays of a mapping or a sequence.

    Parameters
    ----------
    arrays : mapping of names to arrays, sequence of arrays, or one array
        Integer arrays are quantised weights: NAME with NAME_scale and perhaps NAME_zero_point; in a
        sequence, a pair (array, scale). Text and empty arrays are ignored.
    bits : "bfloat16" or "float16", optional
        The dtype whose bits uint16 arrays, or arrays of two raw bytes, hold.

    Raises
    ------
    TypeError, ValueError
        A value is not an array of numbers, or holds NaN or infinity, or a scale is missing.
    """
    if bits is not None and bits not in HALVES:
        raise ValueError(f"bits is {shown(bits)}, expected 'bfloat16' or 'float16'")
    made = [
        _unknown_array(name, value, scale, zero, bits)
        for name, value, scale, zero in _items(arrays)
    ]
    found = [given for given in made if given.value.size]
    if not found:
        raise ValueError(f"arrays is {shown(arrays)}, expected the arrays of a GRU")
    return found


def _items(arrays: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield name, array, scale and zero point."""
    if isinstance(arrays, np.ndarray):
        arrays = [arrays]
    if isinstance(arrays, Mapping):
        for name, value in arrays.items():
            stem = next(
                (name.removesuffix(end) for end in (_SCALE, _ZERO) if str(name).endswith(end)), name
            )
            if stem != name and stem in arrays:
                continue
            if isinstance(value, (np.ndarray, list, tuple)) or hasattr(value, "__array__"):
                scale, zero = arrays.get(f"{name}{_SCALE}"), arrays.get(f"{name}{_ZERO}", 0)
                if not _is_text(value):
                    yield str(name), value, scale, zero
    elif isinstance(arrays, Sequence) and not isinstance(arrays, (str, bytes)):
        for place, value in enumerate(arrays):
            if isinstance(value, tuple) and len(value) == 2:
                yield f"array {place}", value[0], value[1], 0
            else:
                yield f"array {place}", value, None, 0
    else:
        raise TypeError(f"arrays is {shown(arrays)}, expected a mapping or a sequence of arrays")


def _is_text(value: Any) -> bool:
    """Whether a value is an attribute that a layout keeps beside its arrays, or a single number."""
    array = np.asarray(value)
    return array.dtype.kind in "USOb" or array.ndim == 0


def _unknown_array(name: str, value: Any, scale: Any, zero: Any, bits: str | None) -> UnknownArray:
    dtype = np.asarray(value).dtype
    if scale is None and dtype.kind in "iu" and dtype != np.uint16:
        raise ValueError(
            f"{name} has dtype {dtype}, expected floating numbers, or "
            f"{name}{_SCALE} beside it, or a pair (array, scale)"
        )
    array = float64_array(value, name, bits, quantised=scale is not None)
    if scale is None:
        return UnknownArray(name, array, np.zeros(array.shape), storage_precision(array))
    factor = _scale(np.asarray(scale, np.float64), array.shape, name)
    offset = _scale(np.asarray(zero, np.float64), array.shape, name)
    return UnknownArray(
        name, (array - offset) * factor, np.broadcast_to(factor, array.shape), "float32"
    )


def _scale(factor: Array, shape: tuple[int, ...], name: str) -> Array:
    """Return a scale, or one for each row, so that it multiplies the array."""
    if factor.ndim == 1 and factor.size > 1 and shape and factor.size == shape[0] != shape[-1]:
        factor = factor.reshape(-1, *(1,) * (len(shape) - 1))
    try:
        return np.broadcast_to(factor, shape)
    except ValueError:
        raise ValueError(
            f"{name}{_SCALE} has shape {factor.shape}, expected a number or one for each row of "
            f"{shape}"
        ) from None


def holds_bits(value: Any) -> bool:
    """Return whether an array among some values has elements of two bytes that are no numbers."""
    if isinstance(value, Mapping):
        return any(map(holds_bits, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_bits, value))
    dtype = np.asarray(value).dtype
    return dtype == np.uint16 or (dtype.kind == "V" and dtype.itemsize == 2)


def float64_array(
    value: Any, name: str, bits: str | None = None, *, quantised: bool = False
) -> Array:
    """Return an array in float64, from half types, their bits, integers or any other numbers.

    Raises
    ------
    TypeError, ValueError
        It is not an array of finite numbers.
    """
    array = np.asarray(value)
    if array.dtype.kind == "V" and array.dtype.name != "bfloat16" and array.dtype.itemsize == 2:
        array = array.view(np.uint16)
    if array.dtype == np.uint16 and not quantised:
        if bits is None:
            raise ValueError(
                f"{name} has dtype {np.asarray(value).dtype}, expected bits='bfloat16' or "
                "bits='float16' to say what its two bytes are"
            )
        array = array.view(np.float16) if bits == "float16" else from_bfloat16(array)
    if array.dtype.kind in "iu" and not quantised:
        raise ValueError(f"{name} has dtype {array.dtype}, expected floating numbers")
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(f"{name} is {shown(value)}, expected an array of numbers")
    made: Array = array.astype(np.float64)
    if not np.isfinite(made).all():
        raise ValueError(f"{name} holds NaN or infinity, expected finite numbers")
    return made


def weights_precision(given: Sequence[UnknownArray]) -> str:
    """Return the coarsest precision of the arrays, leaving out zeros and single numbers."""
    names = [one.precision for one in given if one.value.size > 1 and one.value.any()]
    return coarsest(names or ["float32"])


def quantised(given: Sequence[UnknownArray]) -> bool:
    """Return whether one of the arrays holds integers with a scale."""
    return any(one.step.any() for one in given)


FORWARD, BACKWARD = "forward", "backward"
AS_PROCESSED, AS_INPUT, FLIPPED = "as processed", "as the input", "flipped"
LAST, AT_LAST_INPUT = "last state", "at the last timestep of the input"


class Timing(NamedTuple):
    """One way to see time in an input and an output.

    Parameters
    ----------
    time_major : bool
        Whether the input's first axis is time.
    output_time_major : bool or None
        The same for the output; None if the output is one state.
    direction : "forward" or "backward"
    output : str
        The order of the output, or which state it is.
    """

    time_major: bool
    output_time_major: bool | None
    direction: str
    output: str


class Alignment(NamedTuple):
    """Input and output in the order in which a source would have processed them.

    Parameters
    ----------
    timings : list of Timing
        All that give this alignment: several do for one timestep, or for a palindrome.
    x : (timesteps, batch, features), float64
    states : (timesteps, batch, units), float64, or None
        The state after every step, if the output is a sequence.
    last : (batch, units), float64, or None
        The state after the last step, if it is known alone or in addition.
    """

    timings: list[Timing]
    x: Array
    states: Array | None
    last: Array | None

    @property
    def is_sequence(self) -> bool:
        """Whether the state after every step is known."""
        return self.states is not None


class Evidence(NamedTuple):
    """The inputs and outputs of the source.

    Parameters
    ----------
    x : float64, in the user's axes
    sequence, last : float64 or None, in the user's axes
    initial_state : (batch, units), float64, or None for zeros
    precision : str
        The precision in which the outputs are stored.
    features, units : int
    alignments : list of Alignment
    """

    x: Array
    sequence: Array | None
    last: Array | None
    initial_state: Array | None
    precision: str
    features: int
    units: int
    alignments: list[Alignment]

    @property
    def outputs(self) -> Array:
        """The sequence, or the last state where there is none."""
        outputs = self.last if self.sequence is None else self.sequence
        assert outputs is not None  # one of the two is there
        return outputs


def evidence(x: Any, outputs: Any, initial_state: Any = None, bits: str | None = None) -> Evidence:
    """Check the inputs and outputs and return them as evidence.

    Raises
    ------
    TypeError, ValueError
        Shapes do not fit together, or a value is not an array of finite numbers.
    """
    x = float64_array(x, "x", bits)
    pair = outputs if isinstance(outputs, (tuple, list)) and len(outputs) == 2 else (outputs,)
    if len(pair) == 2 and not all(hasattr(one, "__array__") for one in pair):
        pair = (outputs,)  # nested numbers
    arrays = [float64_array(one, "outputs", bits) for one in pair]
    if x.ndim < 2 or not x.size:
        raise ValueError(f"x has shape {x.shape}, expected (batch, timesteps, features)")
    for array in arrays:
        if not array.ndim or not array.size:
            raise ValueError(
                f"outputs has shape {array.shape}, expected (batch, timesteps, units) or "
                "(batch, units)"
            )
    units, features = arrays[0].shape[-1], x.shape[-1]
    found: dict[tuple[bytes, ...], Alignment] = {}
    for alignment in _alignments(x, arrays, units):
        key = tuple(
            b"" if array is None else np.array(array.shape[:1]).tobytes() + array.tobytes()
            for array in alignment[1:]
        )
        if key in found:
            found[key].timings.extend(alignment.timings)
        else:
            found[key] = alignment
    if not found:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise ValueError(
            f"outputs has shape {shapes}, expected (batch, timesteps, units) or (batch, units) "
            f"for x of shape {x.shape}"
        )
    alignments = [one for one in found.values() if _agrees(one)]
    if not alignments:
        raise ValueError(
            "the last state is that of neither end of the outputs, expected both of one call"
        )
    state = None if initial_state is None else float64_array(initial_state, "initial_state", bits)
    if state is not None:
        state = state.reshape(-1, state.shape[-1]) if state.ndim else state
        alignments = [
            one for one in alignments if state.shape in ((1, units), (one.x.shape[1], units))
        ]
        if not alignments:
            raise ValueError(
                f"initial_state is {shown(state.shape)}, expected (batch, {units}) as the outputs"
            )
    sequence = arrays[0] if alignments[0].states is not None else None
    last = arrays[-1] if alignments[0].last is not None else None
    telling = [array for array in arrays if array.any()] or arrays  # zeros are zeros in any
    precision = coarsest(storage_precision(array) for array in telling)
    return Evidence(x, sequence, last, state, precision, features, units, alignments)


def _agrees(alignment: Alignment) -> bool:
    """Return whether the last of all states is the last state, each rounded where it was stored."""
    if alignment.states is None or alignment.last is None:
        return True
    pair = alignment.states[-1], alignment.last
    roundoff = PRECISIONS[coarsest(map(storage_precision, pair))].roundoff
    # Each is the same number, rounded once on its way to the file.
    bound = 2 * roundoff * np.maximum(*np.abs(pair)) + np.finfo(np.float16).smallest_subnormal
    return bool((np.abs(pair[0] - pair[1]) <= bound).all())


def _alignments(x: Array, outputs: list[Array], units: int) -> Iterator[Alignment]:
    for time_major, steps in time_first(x):
        for directed in (FORWARD, BACKWARD):
            ordered = steps if directed == FORWARD else steps[::-1]
            pair = len(outputs) == 2
            last = _single_state(outputs[-1], steps.shape[1], units)
            if last is not None or not pair:
                for own, states, order in _sequences(outputs[0], steps, directed, units):
                    timing = Timing(time_major, own, directed, order)
                    yield Alignment([timing], ordered, states, last if pair else None)
            if last is not None and not pair:
                timing = Timing(time_major, None, directed, LAST)
                yield Alignment([timing], ordered, None, last)
                if directed == BACKWARD and len(steps) > 1:
                    timing = timing._replace(output=AT_LAST_INPUT)
                    yield Alignment([timing], ordered[:1], None, last)


def time_first(x: Array) -> Iterator[tuple[bool, Array]]:
    """Yield the input as (timesteps, batch, features), and whether it is time major."""
    if x.ndim == 2:
        yield True, x[:, np.newaxis]
        if len(x) > 1:
            yield False, x[np.newaxis]
        return
    axes = [size for size in x.shape[:-1] if size != 1] if x.ndim > 3 else list(x.shape[:-1])
    axes = [1] * (2 - len(axes)) + axes
    if len(axes) == 2:
        three = x.reshape(*axes, x.shape[-1])
        yield False, three.swapaxes(0, 1)
        yield True, three


def _sequences(
    y: Array, steps: Array, directed: str, units: int
) -> Iterator[tuple[bool, Array, str]]:
    """Yield the states of an output that is a sequence, in processing order."""
    timesteps, batch = steps.shape[:2]
    shape = tuple(size for size in y.shape[:-1] if size != 1)
    wanted = {False: (batch, timesteps), True: (timesteps, batch)}
    for own, sizes in wanted.items():
        if shape != tuple(size for size in sizes if size != 1) or y.shape[-1] != units:
            continue
        if y.ndim == 2 and not own:  # its one axis is time, or the batch of one step: said once
            continue
        if y.ndim == 3 and y.shape[:2] != sizes:
            continue
        states = y.reshape(*sizes, units)
        states = states if own else states.swapaxes(0, 1)
        orders = (AS_PROCESSED, AS_INPUT if directed == BACKWARD else FLIPPED)
        for order, read in zip(orders, (states, states[::-1]), strict=True):
            yield own, read, order


def _single_state(y: Array, batch: int, units: int) -> Array | None:
    """Return an output that is one state as (batch, units); None if it is something else."""
    shape = tuple(itertools.dropwhile(lambda size: size == 1, y.shape[:-1]))
    if y.shape[-1] == units and y.size == batch * units and shape in ((batch,), (batch, 1), ()):
        return y.reshape(batch, units)
    return None
