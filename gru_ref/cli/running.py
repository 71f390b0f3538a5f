"""`gru-ref run`: a GRU from a file over an input, to outputs and states."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.keras.layers.gru import GRU

Array = NDArray[Any]


def run(
    layer: GRU,
    x: Array,
    *,
    mask: Array | None,
    initial_state: Array | None,
    sequences: bool,
) -> dict[str, Array]:
    """Return the output of the layer, and its last state.

    Parameters
    ----------
    layer : GRU
    x : (batch, timesteps, features)
        time_major: (timesteps, batch, features).
    mask : (batch, timesteps), optional
    initial_state : (batch, units), optional
    sequences : bool
        Return the output of every timestep, whatever the file says.

    Returns
    -------
    dict
        output, (batch, timesteps, units) for sequences, else (batch, units); and state,
        (batch, units).

    Raises
    ------
    TypeError, ValueError, IndexError
        A shape or dtype does not fit.
    """
    layer.config = dataclasses.replace(
        layer.config,
        return_state=True,
        return_sequences=sequences or layer.config.return_sequences,
    )
    try:
        output, state = layer(x, initial_state, mask=mask)
    except IndexError as error:
        raise ValueError(str(error)) from None
    return {"output": output, "state": state}


def npz(arrays: dict[str, Any]) -> bytes:
    """Return arrays, and attributes as arrays, in the bytes of an `.npz`.

    Raises
    ------
    ValueError
        A value is neither numbers nor text.
    """
    made: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
    for name, array in made.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name} is no array of numbers or text, expected one for .npz")
    buffer = io.BytesIO()
    np.savez(buffer, **made)
    return buffer.getvalue()
