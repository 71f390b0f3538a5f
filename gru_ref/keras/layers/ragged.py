"""Ragged input: rows of different lengths, as Keras 2 takes a RaggedTensor of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]


def pad(x: Array, lengths: Any, mask: Any, config: GRUConfig) -> tuple[Array, Any]:
    """Return x cut to its longest row, and the mask of its rows; both unchanged without lengths.

    Parameters
    ----------
    x : (batch, timesteps, features)
        Values after the end of a row do not count.
    lengths : (batch,), integers, or None
    mask : None
        The mask that the caller passed in.
    config : GRUConfig

    Raises
    ------
    ValueError
        Keras 3, which has no ragged input; a mask, unroll or time_major, as in Keras 2; no row has
        a timestep, or a row has more than x; or the number of lengths is not that of the rows.
    TypeError
        The lengths are not integers.

    Source
    ------
    convert_inputs_if_ragged in tf_keras/src/backend.py (2.21).
    """
    if lengths is None:
        return x, mask
    behaviour = config.behaviour
    if not behaviour.ragged_input:
        raise ValueError(
            f"ragged_lengths is {shown(lengths)}, expected None: Keras {behaviour.release} does "
            "not take ragged input; hand a mask instead"
        )
    refused = (
        ("mask", mask, None),
        ("unroll", config.unroll or False, False),
        ("time_major", config.time_major or False, False),
    )
    for argument, value, expected in refused:
        if value is not expected:
            raise ValueError(
                f"{argument} is {shown(value)}, expected {expected} beside ragged_lengths"
            )
    rows = np.asarray(lengths)
    if rows.dtype.kind not in "iu":
        raise TypeError(f"ragged_lengths is {shown(lengths)}, expected integers")
    if rows.shape != x.shape[:1]:
        raise ValueError(f"ragged_lengths has shape {rows.shape}, expected {x.shape[:1]}")
    longest = int(rows.max(initial=0))
    if rows.min(initial=0) < 0 or not 1 <= longest <= x.shape[1]:
        raise ValueError(
            f"ragged_lengths is {shown(lengths)}, expected lengths from 0 to {x.shape[1]}, one of "
            "them at least 1"
        )
    return x[:, :longest], np.arange(longest) < rows[:, np.newaxis]


def call_config(config: GRUConfig, lengths: Any) -> GRUConfig:
    """Return the config for a call of a GRU: the fused path may not take ragged input."""
    if lengths is None or config.path != "fused" or config.behaviour.ragged_input_is_fused:
        return config
    return config.changed(path="loop")


def rows_first(output: Array, lengths: Any, config: GRUConfig) -> Array:
    """Return the outputs of ragged rows, each moved to the start of its row, zeros after its end.

    Parameters
    ----------
    output : (batch, timesteps, units) in processing order, or (batch, units)

    Source
    ------
    maybe_convert_to_ragged in tf_keras/src/backend.py (2.21).
    """
    if lengths is None or not config.return_sequences:
        return output
    rows = np.asarray(lengths)
    made = np.zeros_like(output)
    for row, (length, values) in enumerate(zip(rows, output, strict=True)):
        if config.go_backwards and not config.behaviour.ragged_backwards_keeps_padding:
            made[row, :length] = values[len(values) - length :]
        else:
            made[row, :length] = values[:length]
    if config.go_backwards and config.behaviour.ragged_backwards_keeps_padding:
        config.behaviour.warn("ragged_backwards_keeps_padding")
    return made


def reverse_in_time(output: Array, lengths: Any, config: GRUConfig) -> Array:
    """Return a sequence of outputs last timestep first, each row within its length."""
    if lengths is None:
        return np.flip(output, 0 if config.time_major else 1)
    made = np.zeros_like(output)
    for row, (length, values) in enumerate(zip(np.asarray(lengths), output, strict=True)):
        made[row, :length] = values[:length][::-1]
    return made
