"""The input and the output as they were handed over, and every way to see time in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.given import numbers
from gru_ref.debugging.doctor.precision import coarsest, stored_in
from gru_ref.errors import shown

Array = NDArray[Any]

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
        Likewise; None where the output is one state.
    direction : "forward" or "backward"
    output : str
        What the output is: its order, or which state it is.
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
        All that come to this alignment: of one timestep, or of a palindrome, several do.
    x : (timesteps, batch, features), float64
    states : (timesteps, batch, units), float64, or None
        The state after every step, if the output is a sequence.
    last : (batch, units), float64, or None
        The state after the last step, where it alone is known or is known as well.
    """

    timings: list[Timing]
    x: Array
    states: Array | None
    last: Array | None


class Evidence(NamedTuple):
    """What the source was given and what came out.

    Parameters
    ----------
    x : float64, as handed over
    sequence, last : float64 or None, as handed over
    initial_state : (batch, units), float64, or None for zeros
    precision : str
        What the outputs are stored in.
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


def evidence(
    inputs: Any, outputs: Any, initial_state: Any = None, bits: str | None = None
) -> Evidence:
    """Return the evidence, checked.

    Raises
    ------
    TypeError, ValueError
        Shapes do not belong together, or a value is no array of finite numbers.
    """
    x = numbers(inputs, "inputs", bits)
    pair = outputs if isinstance(outputs, (tuple, list)) and len(outputs) == 2 else (outputs,)
    if len(pair) == 2 and not all(hasattr(one, "__array__") for one in pair):
        pair = (outputs,)  # nested numbers
    arrays = [numbers(one, "outputs", bits) for one in pair]
    if x.ndim < 2 or not x.size:
        raise ValueError(f"inputs has shape {x.shape}, expected (batch, timesteps, features)")
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
            b"" if array is None else np.ascontiguousarray(array).tobytes() + bytes(array.shape[:1])
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
            f"for inputs of shape {x.shape}"
        )
    state = None if initial_state is None else numbers(initial_state, "initial_state", bits)
    alignments = list(found.values())
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
    precision = coarsest(stored_in(array) for array in arrays)
    return Evidence(x, sequence, last, state, precision, features, units, alignments)


def _alignments(x: Array, outputs: list[Array], units: int) -> Iterator[Alignment]:
    for time_major, steps in time_first(x):
        for directed in (FORWARD, BACKWARD):
            ordered = steps if directed == FORWARD else steps[::-1]
            if len(outputs) == 2:
                lasts = list(_states(outputs[1], steps.shape[1], units))
                for own, states, order in _sequences(outputs[0], steps, directed, units):
                    for last in lasts[:1]:
                        timing = Timing(time_major, own, directed, order)
                        yield Alignment([timing], ordered, states, last)
                continue
            for own, states, order in _sequences(outputs[0], steps, directed, units):
                yield Alignment([Timing(time_major, own, directed, order)], ordered, states, None)
            for last in _states(outputs[0], steps.shape[1], units):
                timing = Timing(time_major, None, directed, LAST)
                yield Alignment([timing], ordered, None, last)
                if directed == BACKWARD and len(steps) > 1:
                    timing = timing._replace(output=AT_LAST_INPUT)
                    yield Alignment([timing], ordered[:1], None, last)


def time_first(x: Array) -> Iterator[tuple[bool, Array]]:
    """Yield the input as (timesteps, batch, features), and whether it came so."""
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


def _states(y: Array, batch: int, units: int) -> Iterator[Array]:
    """Yield an output that is one state, as (batch, units)."""
    shape = tuple(itertools.dropwhile(lambda size: size == 1, y.shape[:-1]))
    if y.shape[-1] == units and y.size == batch * units and shape in ((batch,), (batch, 1), ()):
        yield y.reshape(batch, units)
