"""What another implementation returned, brought into one layout, or a sentence on why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.attempts import Call
from gru_ref.config import GRUConfig
from gru_ref.errors import shown
from gru_ref.restart import GATES, Theirs
from gru_ref.rounding import kind_of

Array = NDArray[Any]

# What a trace may hold besides the gates and h, as `gru_ref.trace.Trace` names it.
_OF_TRACE = (
    "timestep", "x", "mask", "initial_state",
    *(f"{side}_{gate}" for side in ("input", "recurrent") for gate in GATES),
)  # fmt: skip


class Returned(NamedTuple):
    """What they returned.

    Parameters
    ----------
    sequence : Theirs, optional
        Of every timestep.
    final : (batch, units), optional
        The final state or the last output, where that is all there is.
    """

    sequence: Theirs | None
    final: Array | None


def returned(given: Any, call: Call, config: GRUConfig) -> Returned:
    """Read what an implementation returned.

    Parameters
    ----------
    given : array, or mapping of arrays
        An output: (batch, timesteps, units) in the layout of the layer, or the final state
        (batch, units). A mapping is a trace, timesteps first in processing order: h, and as far as
        known z, r, candidate and output; or it holds output and state, as ``gru-ref run`` writes.
    call : Call
        What was called with.
    config : GRUConfig

    Raises
    ------
    TypeError
        Something is no array of floating numbers.
    ValueError
        A shape is another; where it is that of a usual layout, the message says how to bring it
        into this one. Or a mapping has other names.
    """
    batch, timesteps = call.x.shape[:2][:: -1 if config.time_major else 1]
    sizes = batch, timesteps, config.units
    if isinstance(given, Mapping):
        return _of_mapping(given, sizes, config)
    return _of_output(_floating(given, "theirs"), sizes, config)


def _of_mapping(
    given: Mapping[str, Any], sizes: tuple[int, int, int], config: GRUConfig
) -> Returned:
    known = {"h", "output", *GATES}
    if "h" not in given and "output" in given and not known & {*given} - {"output"}:
        return _of_output(_floating(given["output"], "output"), sizes, config)
    unknown = sorted({*given} - known - {*_OF_TRACE})
    if unknown or "h" not in given:
        raise ValueError(
            f"theirs has the names {shown(sorted(given))}, expected h, with z, r, candidate and "
            "output as far as they are known, or output alone"
        )
    batch, timesteps, units = sizes
    arrays = {name: _floating(given[name], name) for name in given if name in known}
    for name, array in arrays.items():
        if array.shape != (timesteps, batch, units):
            raise ValueError(
                f"{name} has shape {array.shape}, expected {(timesteps, batch, units)}: a trace "
                "has its timesteps first"
            )
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    gates = {name: wide[name] for name in GATES if name in wide}
    sequence = Theirs(wide.get("output"), wide["h"], gates)
    return Returned(sequence, None)


def _of_output(array: Array, sizes: tuple[int, int, int], config: GRUConfig) -> Returned:
    batch, timesteps, units = sizes
    wide = array.astype(np.float64)
    sequences = (timesteps, batch, units) if config.time_major else (batch, timesteps, units)
    if array.shape == sequences:
        by_time = wide if config.time_major else wide.swapaxes(0, 1)
        return Returned(Theirs(by_time, None, {}), None)
    if array.shape == (batch, units):
        if timesteps == 1:
            return Returned(Theirs(wide[np.newaxis], None, {}), None)
        return Returned(None, wide)
    raise ValueError(
        f"theirs has shape {array.shape}, expected {sequences}, or {(batch, units)} for the final "
        f"state alone{_hint(array.shape, sequences, sizes)}"
    )


def _hint(shape: tuple[int, ...], sequences: tuple[int, ...], sizes: tuple[int, int, int]) -> str:
    """Return what is to be done about a shape that other runtimes have."""
    batch, timesteps, units = sizes
    swapped = (sequences[1], sequences[0], units)
    if shape == swapped:
        return ": the batch and the time are swapped, hand in theirs.swapaxes(0, 1)"
    if shape == (timesteps, 1, batch, units):
        return ": this is Y of ONNX, hand in theirs[:, 0].swapaxes(0, 1)"
    if shape == (1, batch, units):
        return ": this has an axis of layers or directions, hand in theirs[0]"
    if batch == 1 and shape == (timesteps, units):
        return ": the batch is missing, hand in theirs[None]"
    if shape[-1:] == (2 * units,):
        return ": this is of two directions, hand in theirs[..., :units], or the other half"
    if shape in ((batch, units, timesteps), (units, batch, timesteps)):
        return ": the units have to be the last axis"
    if len(shape) == 3 and shape[0] == sequences[0] and shape[2] == units:
        return f": it has {shape[1]} timesteps, x has {sequences[1]}"
    return ""


def _floating(value: Any, name: str) -> Array:
    if not hasattr(value, "__array__"):
        raise TypeError(f"{name} is {shown(value)}, expected an array")
    array = np.asarray(value)
    if kind_of(array.dtype) != "f":
        raise TypeError(f"{name} has dtype {array.dtype}, expected a floating dtype")
    return array
