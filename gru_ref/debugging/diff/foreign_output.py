"""The results of another implementation in one layout, or an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.debugging.bounds.step_replay import GATES, ForeignSteps
from gru_ref.debugging.mistakes.gru_run import Call
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]

# What a trace may hold besides the gates and h, as `gru_ref.keras.layers.trace.Trace` names it.
_OF_TRACE = (
    "timestep", "x", "mask", "initial_state",
    *(f"{side}_{gate}" for side in ("input", "recurrent") for gate in GATES),
)  # fmt: skip


def read_foreign_output(given: Any, call: Call, config: GRUConfig) -> ForeignSteps | Array:
    """Return the steps of another implementation, or how it ends, in one layout.

    Parameters
    ----------
    given : array, or mapping of arrays
        An output: (batch, timesteps, units) in the layout of the layer, or the final state
        (batch, units). A mapping is a trace, timesteps first in processing order: h, and as far as
        known z, r, candidate and output; or it holds only output. In both cases it may also hold
        state, the final state, as ``gru-ref run`` writes it.
    call : Call
        The call that gave the results.
    config : GRUConfig

    Returns
    -------
    ForeignSteps, or (1 or 2, batch, units)
        The results of every timestep. Or the final state or the last output, or the last output and
        the final state.

    Raises
    ------
    TypeError
        A value is not an array of floating numbers.
    ValueError
        A shape is wrong; if it is that of a usual layout, the message says how to convert it. Or a
        mapping has other names.
    """
    batch, timesteps = config.batch_and_time(call.x.shape)
    sizes = batch, timesteps, config.units
    if isinstance(given, Mapping):
        return _of_mapping(given, sizes, config)
    return _of_output(_floating(given, "theirs"), sizes, config)


def _of_mapping(
    given: Mapping[str, Any], sizes: tuple[int, int, int], config: GRUConfig
) -> ForeignSteps | Array:
    known = {"h", "output", *GATES}
    names = {*given} - {*_OF_TRACE} - {"state"}
    if not names <= known or not ("h" in names or names == {"output"}):
        raise ValueError(
            f"theirs has the names {shown(sorted(map(str, given)))}, expected h, with z, r, "
            "candidate, output and state as far as they are known, or output, with state or alone"
        )
    batch, timesteps, units = sizes
    state = None
    if "state" in given:
        state = _floating(given["state"], "state").astype(np.float64)
        if state.shape != (batch, units):
            raise ValueError(f"state has shape {state.shape}, expected {(batch, units)}")
    if "h" not in names:
        alone = _of_output(_floating(given["output"], "output"), sizes, config)
        if isinstance(alone, ForeignSteps):
            return alone._replace(state=state)
        return alone if state is None else np.concatenate([alone, state[np.newaxis]])
    arrays = {name: _floating(given[name], name) for name in given if name in known}
    for name, array in arrays.items():
        if array.shape != (timesteps, batch, units):
            raise ValueError(
                f"{name} has shape {array.shape}, expected {(timesteps, batch, units)}: a trace "
                "has its timesteps first"
            )
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    gates = {name: wide[name] for name in GATES if name in wide}
    return ForeignSteps(wide.get("output"), wide["h"], gates, state)


def _of_output(
    array: Array, sizes: tuple[int, int, int], config: GRUConfig
) -> ForeignSteps | Array:
    batch, timesteps, units = sizes
    wide = array.astype(np.float64)
    sequences = (timesteps, batch, units) if config.time_major else (batch, timesteps, units)
    if array.shape == sequences:
        by_time = wide if config.time_major else wide.swapaxes(0, 1)
        return ForeignSteps(by_time, None, {})
    if array.shape == (batch, units):
        if timesteps == 1:
            return ForeignSteps(wide[np.newaxis], None, {})
        return wide[np.newaxis]
    raise ValueError(
        f"theirs has shape {array.shape}, expected {sequences}, or {(batch, units)} for the final "
        f"state alone{_hint(array.shape, sizes, time_major=config.time_major)}"
    )


def _hint(shape: tuple[int, ...], sizes: tuple[int, int, int], *, time_major: bool) -> str:
    """Return what is to be done about a shape that other runtimes have."""
    batch, timesteps, units = sizes
    leading = (timesteps, batch) if time_major else (batch, timesteps)
    if shape == (*leading[::-1], units):
        return ": the batch and the time are swapped, hand in theirs.swapaxes(0, 1)"
    if shape == (timesteps, 1, batch, units):
        swap = "" if time_major else ".swapaxes(0, 1)"
        return f": this is Y of ONNX, hand in theirs[:, 0]{swap}"
    if shape == (1, batch, units):
        return ": this has an axis of layers or directions, hand in theirs[0]"
    if batch == 1 and shape == (timesteps, units):
        return f": the batch is missing, hand in theirs[{':, ' if time_major else ''}None]"
    if shape[-1:] == (2 * units,):
        return ": this is of two directions, hand in theirs[..., :units], or the other half"
    if shape in ((*leading[:1], units, *leading[1:]), (units, *leading)):
        return ": the units have to be the last axis"
    time = 0 if time_major else 1
    if len(shape) == 3 and shape[1 - time] == batch and shape[2] == units:
        return f": it has {shape[time]} timesteps, x has {timesteps}"
    return ""


def _floating(value: Any, name: str) -> Array:
    if isinstance(value, (list, tuple)) and any(hasattr(one, "__array__") for one in value):
        raise TypeError(
            f"{name} is a {type(value).__name__} of {len(value)}, expected an array: of an output "
            f"and a state hand in {{'output': {name}[0], 'state': {name}[1]}}"
        )
    if not hasattr(value, "__array__"):
        raise TypeError(f"{name} is {shown(value)}, expected an array, whose dtype counts")
    try:
        array = np.asarray(value)
    except (RuntimeError, TypeError, ValueError) as error:  # a tensor on a GPU, or with a gradient
        kind = type(value).__name__
        raise TypeError(f"{name} is a {kind} that NumPy cannot read: {error}") from error
    if dtype_kind(array.dtype) != "f":
        raise TypeError(f"{name} has dtype {array.dtype}, expected a floating dtype")
    return array
