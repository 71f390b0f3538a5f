"""Where a release of Keras computes other numbers than the core: functions for rows of the ledger.

`gru_ref.keras.functional` passes them to the core's loop or applies them around it, and a stateful
layer asks `recorded_state_wins` when a call is given a state. Each warns where it changes a number;
the row that the warning names has the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import zero_masked_outputs
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.step import Step
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]
StepFunction = Callable[..., Step]
ZeroOutputs = Callable[[Array, Array, Recurrence], Array]


# ---- dropout


def fused_mask_per_timestep(dropout_mask: Array, config: GRUConfig) -> Sequence[Array]:
    """Return the masks of the fused path, one per timestep, in processing order.

    Parameters
    ----------
    dropout_mask : the shape of the layer's input
    """
    by_time = dropout_mask if config.time_major else dropout_mask.swapaxes(0, 1)
    if len(by_time) > 1:
        config.behaviour.warn("fused_mask_per_timestep")
    return list(by_time[::-1] if config.go_backwards else by_time)


def graph_loop_draws_every_timestep(mask: Array, config: GRUConfig) -> Sequence[Array]:
    """Return the masks of a loop in a graph, one per timestep: the first axis of the mask."""
    if len(mask) > 1:
        config.behaviour.warn("graph_loop_draws_every_timestep")
    return list(mask)


def masked_state_in_mix(step: StepFunction, mask: Array, config: GRUConfig) -> StepFunction:
    """Return a step in which recurrent dropout also multiplies the state that z keeps."""
    config.behaviour.warn("masked_state_in_mix")

    def masked_step(x: Array, h_prev: Array, *arguments: Any, **masks: Any) -> Step:
        return step(x, h_prev * mask, *arguments, **masks)

    return masked_step


# ---- states


def recorded_state_wins(
    config: GRUConfig, given: Sequence[Array], recorded: Sequence[Array]
) -> bool:
    """Return whether a call starts from the recorded states, though it is given others."""
    if not (config.behaviour.recorded_state_wins and any(array.any() for array in recorded)):
        return False
    if not all(np.array_equal(ours, theirs) for ours, theirs in zip(given, recorded, strict=True)):
        config.behaviour.warn("recorded_state_wins")
    return True


# ---- masking


def unroll_unit_mask_fails(mask: Array, config: GRUConfig) -> None:
    """Warn of a mask per unit that the release cannot unroll; it is computed as documented."""
    per_unit = mask.ndim == 3 and mask.shape[2] > 1
    if config.path == "unroll" and per_unit and config.behaviour.unroll_unit_mask_fails:
        config.behaviour.warn("unroll_unit_mask_fails")


def zero_outputs(config: GRUConfig) -> ZeroOutputs:
    """Return the function for zero_output_for_mask in the release, on the config's path."""
    behaviour, unrolled = config.behaviour, config.path == "unroll"
    if config.path == "fused" and behaviour.fused_ignores_zero_output_for_mask:
        return fused_ignores_zero_output_for_mask(config)
    if config.return_sequences:
        if unrolled and config.go_backwards and behaviour.unroll_zeroes_unreversed:
            return unroll_zeroes_unreversed(config)
        return zero_masked_outputs
    if not behaviour.zero_last_output:
        return _unchanged
    if unrolled and behaviour.unroll_zero_last_output_fails:
        return unroll_zero_last_output_fails(config)
    return zero_last_output(config)


def fused_ignores_zero_output_for_mask(config: GRUConfig) -> ZeroOutputs:
    """Leave the outputs as they are, and say so where zeros are documented."""
    return _in_place_of_the_documented(_unchanged, "fused_ignores_zero_output_for_mask", config)


def unroll_zeroes_unreversed(config: GRUConfig) -> ZeroOutputs:
    """Zero by the mask in the order of the input, though the outputs are in processing order."""

    def zero(outputs: Array, used: Array, recurrence: Recurrence) -> Array:
        return zero_masked_outputs(outputs, used, replace(recurrence, go_backwards=False))

    return _in_place_of_the_documented(zero, "unroll_zeroes_unreversed", config)


def unroll_zero_last_output_fails(config: GRUConfig) -> ZeroOutputs:
    """Return a function that zeroes outputs as documented, and warns that the release fails."""

    def zero(outputs: Array, used: Array, recurrence: Recurrence) -> Array:
        config.behaviour.warn("unroll_zero_last_output_fails")
        return zero_masked_outputs(outputs, used, recurrence)

    return zero


def zero_last_output(config: GRUConfig) -> ZeroOutputs:
    """Return a function that zeroes masked outputs, and warns if that changes the last one."""

    def zero(outputs: Array, used: Array, recurrence: Recurrence) -> Array:
        zeroed = zero_masked_outputs(outputs, used, recurrence)
        _warn_of_difference(zeroed[-1], outputs[-1], "zero_last_output", config)
        return zeroed

    return zero


def _in_place_of_the_documented(zero: ZeroOutputs, row: str, config: GRUConfig) -> ZeroOutputs:
    """Return `zero`, which warns where it does not do what is documented."""

    def warning(outputs: Array, used: Array, recurrence: Recurrence) -> Array:
        documented = zero_masked_outputs(outputs, used, recurrence)
        computed = zero(outputs, used, recurrence)
        returned = slice(None) if config.return_sequences else slice(-1, None)
        _warn_of_difference(documented[returned], computed[returned], row, config)
        return computed

    return warning


def _unchanged(outputs: Array, used: Array, recurrence: Recurrence) -> Array:
    return outputs


def _warn_of_difference(one: Array, other: Array, row: str, config: GRUConfig) -> None:
    if not np.array_equal(one, other, equal_nan=True):
        config.behaviour.warn(row)
