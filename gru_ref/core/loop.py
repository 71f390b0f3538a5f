"""The time loop over one cell or a stack: direction, mask, state, and what is returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.step import Step, gru_step
from gru_ref.core.weights import GRUWeights
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]


class Result(NamedTuple):
    """What a GRU returns: the output as the config asks for it, and the final state."""

    output: Array
    state: Array


class Moment(NamedTuple):
    """One timestep as the loop went through it; the sequences have one item for every cell.

    `used` is the mask, (batch or 1, 1 or units), None without one; `before` and `states` are the
    states before and after it.
    """

    t: int
    x: Array
    used: Array | None
    before: Sequence[Array]
    steps: Sequence[Step]
    states: Sequence[Array]
    output: Array


def gru(
    x: Array,
    weights: GRUWeights,
    config: GRUConfig,
    *,
    initial_state: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    recurrent_dropout_mask: Array | None = None,
    step: Callable[..., Step] | None = None,
    record: list[Moment] | None = None,
) -> Result:
    """Run a GRU over a sequence.

    Equation
    --------
    With h⁰ the initial state, o⁰ = 0, and t in processing order (last first for go_backwards)::

        hᵗ = mᵗ ? step(xᵗ, hᵗ⁻¹) : hᵗ⁻¹
        oᵗ = mᵗ ? hᵗ             : oᵗ⁻¹          (0 instead of oᵗ⁻¹ for zero_output_for_mask)

    so an output before the first unmasked timestep is 0, whatever the initial state is.

    Parameters
    ----------
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    weights : GRUWeights
    config : GRUConfig
    initial_state : (batch, units), optional
        Zeros by default.
    mask : bool, the two leading axes of x and optionally a third of size 1 or units
        True: use this timestep. The batch axis may be 1.
    dropout_mask, recurrent_dropout_mask : optional
        Scaled masks (0, or 1 / (1 − rate)) of the shapes that `gru_ref.keras.dropout.laws.laws`
        gives.
    step : callable, optional
        What computes a timestep, with the parameters of `gru_step`, which is the default.
    record : list, optional
        Every timestep is appended to it, in processing order.

    Returns
    -------
    Result
        output : (batch, timesteps, units) (time_major: the axes of x) for return_sequences, in
        processing order; else (batch, units). state : (batch, units).

    Raises
    ------
    ValueError
        x is not three-dimensional, or has no timesteps, or not the weights' features.

    Warns
    -----
    KerasQuirkWarning
        A quirk of the release changed the numbers.

    Source
    ------
    backend.rnn in tf_keras/src/backend.py (2.21) and keras/src/backend/tensorflow/rnn.py (3.15.1).

    Examples
    --------
    >>> config = GRUConfig(
    ...     1, "linear", "linear", use_bias=False, return_sequences=True, dtype="float64"
    ... )
    >>> weights = GRUWeights(np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)))  # z = 0, n = x
    >>> gru(np.array([[[1.0], [2.0]]]), weights, config)
    Result(output=array([[[1.], [2.]]]), state=array([[2.]]))
    """
    cell = CellRun(weights, config, initial_state, dropout_mask, recurrent_dropout_mask, step)
    output, states = stacked_gru(x, [cell], mask=mask, record=record)
    return Result(output, states[0])


class CellRun(NamedTuple):
    """One cell of a stack, and what it runs with: the arguments of `gru`."""

    weights: GRUWeights
    config: GRUConfig
    initial_state: Array | None = None
    dropout_mask: Array | None = None
    recurrent_dropout_mask: Array | None = None
    step: Callable[..., Step] | None = None


def stacked_gru(
    x: Array,
    cells: Sequence[CellRun],
    *,
    mask: Array | None = None,
    record: list[Moment] | None = None,
) -> tuple[Array, list[Array]]:
    """Run cells stacked within the time loop: the state of one is the input of the next.

    Equation
    --------
    That of `gru` with (h₁, h₂, …) as the state and the last one's as the output::

        h₁ᵗ = mᵗ ? step₁(xᵗ, h₁ᵗ⁻¹) : h₁ᵗ⁻¹        h₂ᵗ = mᵗ ? step₂(step₁(…), h₂ᵗ⁻¹) : h₂ᵗ⁻¹

    Parameters
    ----------
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    cells : sequence of CellRun
        The first one's features are those of x, each next one's the units of the one before. What
        a config says of the loop itself is read from the last.
    mask, record : optional
        As for `gru`.

    Returns
    -------
    output, states
        As of `gru`, with a state for every cell.

    Raises
    ------
    ValueError
        As `gru`.

    Source
    ------
    StackedRNNCells.call in tf_keras/src/layers/rnn/stacked_rnn_cells.py (2.21) and
    keras/src/layers/rnn/stacked_rnn_cells.py (3.15.1).
    """
    weights, config = cells[0].weights, cells[-1].config
    x = np.asarray(x, config.compute_dtype)
    if x.ndim != 3 or x.shape[2] != weights.features:
        raise ValueError(
            f"x has shape {x.shape}, expected three dimensions, the last of size {weights.features}"
        )
    x = _time_first(x, config)  # (T, B, F)
    timesteps, batch = x.shape[:2]
    if timesteps == 0:
        raise ValueError("timesteps is 0, expected at least 1")
    used = None if mask is None else _used(mask, config)  # (T, B or 1, 1 or U)
    order = range(timesteps - 1, -1, -1) if config.go_backwards else range(timesteps)
    steps = [step_of(cell, order) for cell in cells]
    states = [_start(cell, batch, x.dtype) for cell in cells]
    o = np.zeros_like(states[-1])

    outputs = np.empty((timesteps, *o.shape), x.dtype)  # (T, B, U), in processing order
    for position, t in enumerate(order):
        made: list[Step] = []
        value = x[t]
        for step, h in zip(steps, states, strict=True):
            made.append(step(position, value, h))
            value = made[-1].h
        before = states
        if used is None:
            states, o = [new.h for new in made], value
        else:
            states = [np.where(used[t], new.h, h) for new, h in zip(made, states, strict=True)]
            o = np.where(used[t], value, o)
        outputs[position] = o
        if record is not None:
            now = None if used is None else used[t]
            record.append(Moment(t, x[t], now, before, made, states, o))

    if used is not None and config.zero_output_for_mask:
        outputs = _zero_masked(outputs, used, config)
        if record is not None:
            record[:] = [m._replace(output=o) for m, o in zip(record, outputs, strict=True)]
    states = [np.array(h) for h in states]
    if config.return_sequences:
        return np.ascontiguousarray(_time_first(outputs, config)), states
    return outputs[-1].copy(), states


def _start(cell: CellRun, batch: int, dtype: np.dtype[Any]) -> Array:
    """Return the state that a cell starts from."""
    shape = batch, cell.weights.units
    if cell.initial_state is None:
        return np.zeros(shape, dtype)
    return np.broadcast_to(np.asarray(cell.initial_state, dtype), shape)


def step_of(cell: CellRun, order: range) -> Callable[[int, Array, Array], Step]:
    """Return what computes a cell's step from the position in time, its input and state."""
    weights, config, compute = cell.weights, cell.config, cell.step or gru_step
    input_masks = _input_masks(cell.dropout_mask, order, config)
    recurrent_mask, state_mask = cell.recurrent_dropout_mask, None
    if config.behaviour.masked_state_in_mix and recurrent_mask is not None:
        config.behaviour.warn("masked_state_in_mix")
        state_mask, recurrent_mask = recurrent_mask, None
    recurrent_masks = _per_timestep(recurrent_mask, len(order), config)

    def step(position: int, x: Array, h: Array) -> Step:
        return compute(
            x,
            h if state_mask is None else h * state_mask,
            weights,
            config,
            dropout_mask=input_masks[position],
            recurrent_dropout_mask=recurrent_masks[position],
        )

    return step


def _time_first(array: Array, config: GRUConfig) -> Array:
    """Swap batch and time, unless the config is time_major already; its own inverse."""
    return array if config.time_major else array.swapaxes(0, 1)


def _used(mask: Array, config: GRUConfig) -> Array:
    """Return the mask with time first and an axis for the units: True where a step is used."""
    mask = np.asarray(mask).astype(bool)
    if mask.ndim == 2:
        mask = mask[:, :, np.newaxis]
    if config.path == "unroll" and mask.shape[2] > 1 and config.behaviour.unroll_unit_mask_fails:
        config.behaviour.warn("unroll_unit_mask_fails")
    return _time_first(mask, config)


def _input_masks(
    dropout_mask: Array | None, order: range, config: GRUConfig
) -> Sequence[Array | None]:
    """Return the input's dropout mask of every timestep, in processing order."""
    if dropout_mask is not None and config.path == "fused":
        if len(order) > 1:
            config.behaviour.warn("fused_mask_per_timestep")
        by_time = _time_first(np.asarray(dropout_mask), config)  # (T, B, F), in the input's order
        return [by_time[t] for t in order]
    return _per_timestep(dropout_mask, len(order), config)


def _per_timestep(mask: Array | None, timesteps: int, config: GRUConfig) -> Sequence[Array | None]:
    """Return the loop's mask of every timestep, in processing order."""
    if mask is None or not config.masks_every_timestep:
        return [mask] * timesteps
    if timesteps > 1:
        config.behaviour.warn("graph_loop_draws_every_timestep")
    return list(mask)


def _zero_masked(outputs: Array, used: Array, config: GRUConfig) -> Array:
    """Return the outputs with zeros at the masked timesteps, as zero_output_for_mask asks.

    `outputs` is in processing order, `used` in the order of the input.
    """
    behaviour = config.behaviour
    zero = outputs.dtype.type(0)
    documented = np.where(used[::-1] if config.go_backwards else used, outputs, zero)

    def warn_if_unlike(other: Array, row: str) -> None:
        shown = slice(None) if config.return_sequences else slice(-1, None)
        if not np.array_equal(documented[shown], other[shown], equal_nan=True):
            behaviour.warn(row)

    if config.path == "fused" and behaviour.fused_ignores_zero_output_for_mask:
        warn_if_unlike(outputs, "fused_ignores_zero_output_for_mask")
        return outputs
    if not config.return_sequences:
        if not behaviour.zero_last_output:
            return outputs
        if config.path == "unroll" and behaviour.unroll_zero_last_output_fails:
            behaviour.warn("unroll_zero_last_output_fails")
        else:
            warn_if_unlike(outputs, "zero_last_output")
        return documented
    if config.path == "unroll" and config.go_backwards and behaviour.unroll_zeroes_unreversed:
        unreversed = np.where(used, outputs, zero)
        warn_if_unlike(unreversed, "unroll_zeroes_unreversed")
        return unreversed
    return documented
