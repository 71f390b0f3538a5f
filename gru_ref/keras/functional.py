"""The loop and the step for a `GRUConfig`: those of the core, with the quirks of the release."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core import loop, step
from gru_ref.core.loop import Cell, DropoutMasks, Moment
from gru_ref.core.step import Step
from gru_ref.core.weights import GRUWeights
from gru_ref.engines import choice
from gru_ref.engines import loop as engine_loop
from gru_ref.engines.choice import Engine, EngineName
from gru_ref.errors import shown
from gru_ref.keras import quirks
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.quirks import StepFunction

Array = NDArray[Any]


class Result(NamedTuple):
    """What a GRU returns: the output, in the form that the config asks for, and the final state."""

    output: Array
    state: Array


class CellCall(NamedTuple):
    """One cell of a stack, with the arguments of `gru` that a call of the layer passes for it."""

    weights: GRUWeights
    config: GRUConfig
    initial_state: Array | None = None
    dropout_mask: Array | None = None
    recurrent_dropout_mask: Array | None = None
    step: Callable[..., Step] | None = None

    def core_cell(self, timesteps: int) -> Cell:
        """Return the cell for the core's loop, with the quirks of its release."""
        config = self.config
        function, recurrent_mask = _release_step(
            self.step or step.gru_step, self.recurrent_dropout_mask, config
        )
        if self.dropout_mask is not None and config.path == "fused":
            masks: DropoutMasks = quirks.fused_mask_per_timestep(self.dropout_mask, config)
        else:
            masks = _masks_by_timestep(self.dropout_mask, timesteps, config)
        return Cell(
            self.weights,
            config.recurrence,
            self.initial_state,
            masks,
            _masks_by_timestep(recurrent_mask, timesteps, config),
            function,
        )


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
    """Run a GRU over a sequence, as the config's release of Keras does.

    Equation
    --------
    See `gru_ref.core.loop.run_cells`.

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
        Scaled masks (0, or 1 / (1 − rate)) of the shapes that `gru_ref.keras.dropout.masks.laws`
        describes.
    step : callable, optional
        The function that computes a timestep, with the parameters of `gru_ref.core.step.gru_step`,
        which is the default.
    record : list, optional
        Every timestep is appended to it, in processing order.

    Returns
    -------
    Result
        output : (batch, timesteps, units) (time_major: the axes of x) for return_sequences, in
        processing order; else (batch, units). state : (batch, units).

    Raises
    ------
    TypeError
        config is not a GRUConfig.
    ValueError
        The weights are not those of the config: its units, or whether and in how many rows there
        is a bias. Or see `gru_ref.core.loop.run_cells`.

    Warns
    -----
    KerasQuirkWarning
        A quirk of the release changed the numbers.

    Examples
    --------
    >>> config = GRUConfig(
    ...     1, "linear", "linear", use_bias=False, return_sequences=True, dtype="float64"
    ... )
    >>> weights = GRUWeights(np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)))  # z = 0, n = x
    >>> gru(np.array([[[1.0], [2.0]]]), weights, config)
    Result(output=array([[[1.], [2.]]]), state=array([[2.]]))
    """
    _check_weights(weights, config)
    cell = CellCall(weights, config, initial_state, dropout_mask, recurrent_dropout_mask, step)
    output, states = stacked_gru(x, [cell], mask=mask, record=record)
    return Result(output, states[0])


def stacked_gru(
    x: Array,
    cells: Sequence[CellCall],
    *,
    mask: Array | None = None,
    record: list[Moment] | None = None,
    engine: EngineName | None = "core",
) -> tuple[Array, list[Array]]:
    """Run cells stacked inside the time loop, as the release of the last one does.

    Parameters
    ----------
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    cells : sequence of CellCall
        The features of the first cell are those of x, the features of each other cell the units of
        the one before it. The arguments of the loop are read from the last config.
    mask, record : optional
        As for `gru`.
    engine : "core", "numpy", "numba" or None
        What computes it, or None for the fastest; the core where that does not serve the call.

    Returns
    -------
    output, states
        As for `gru`, with one state per cell.

    Raises
    ------
    TypeError, ValueError
        As `gru`.
    """
    config: Any = cells[-1].config
    if not isinstance(config, GRUConfig):
        raise TypeError(f"config is {shown(config)}, expected a GRUConfig")
    timesteps = len(loop.time_first(x, cells[0].weights, config.recurrence))
    if mask is not None:
        quirks.unroll_unit_mask_fails(np.asarray(mask), config)
    run = [cell.core_cell(timesteps) for cell in cells]
    zero_outputs = quirks.zero_outputs(config)
    if engine != "core" and record is None and choice.call_reason(run, mask) is None:
        name = serving_engine(engine, [cell.config for cell in cells]).name
        if name != "core":
            kernels = [choice.kernel_of(name, cell.weights, cell.recurrence) for cell in run]
            return engine_loop.run_cells(x, run, kernels, mask=mask, zero_outputs=zero_outputs)
    return loop.run_cells(x, run, mask=mask, zero_outputs=zero_outputs, record=record)


def serving_engine(engine: EngineName | None, configs: Sequence[GRUConfig]) -> Engine:
    """Return the engine that runs a GRU, or cells stacked inside the time loop.

    Parameters
    ----------
    engine : "core", "numpy", "numba" or None
        The one asked for, or None for the fastest.
    configs : sequence of GRUConfig
        One for every cell.
    """
    for config in configs:
        for argument in ("activation", "recurrent_activation"):
            if callable(getattr(config, argument)):
                return Engine("core", f"{argument} is a function of the user's")
    return choice.serving(engine, [config.recurrence for config in configs])


def gru_step(
    x: Array,
    h_prev: Array,
    weights: GRUWeights,
    config: GRUConfig,
    *,
    dropout_mask: Array | None = None,
    recurrent_dropout_mask: Array | None = None,
) -> Step:
    """Compute one timestep for a config; `gru_ref.core.step.gru_step` has the equations.

    Parameters
    ----------
    x : (batch, features), h_prev : (batch, units), floating
    weights : GRUWeights
    config : GRUConfig
        Its activations, reset form, dtype and release.
    dropout_mask, recurrent_dropout_mask : optional
        As for `gru_ref.core.step.gru_step`.

    Returns
    -------
    Step
        h, z, r, candidate, and the projections of all three: (batch, units) each.

    Raises
    ------
    TypeError, ValueError
        As `gru` raises of weights and config.

    Examples
    --------
    >>> config = GRUConfig(units=1, activation="linear", recurrent_activation="linear")
    >>> weights = GRUWeights(np.array([[1.0, 2.0, 3.0]]), np.zeros((1, 3)), np.zeros((2, 3)))
    >>> gru_step(np.array([[1.0]]), np.array([[10.0]]), weights, config).h  # z = 1 keeps the state
    array([[10.]])
    """
    _check_weights(weights, config)
    function, recurrent_mask = _release_step(step.gru_step, recurrent_dropout_mask, config)
    return function(
        x,
        h_prev,
        weights,
        config.recurrence,
        dropout_mask=dropout_mask,
        recurrent_dropout_mask=recurrent_mask,
    )


def _release_step(
    function: StepFunction, recurrent_mask: Array | None, config: GRUConfig
) -> tuple[StepFunction, Array | None]:
    """Return the step of the release, and the recurrent dropout mask that it still takes."""
    if recurrent_mask is not None and config.behaviour.masked_state_in_mix:
        return quirks.masked_state_in_mix(function, recurrent_mask, config), None
    return function, recurrent_mask


def _masks_by_timestep(mask: Array | None, timesteps: int, config: GRUConfig) -> DropoutMasks:
    """Return a dropout mask for every timestep, in processing order."""
    if mask is None:
        return None
    if config.masks_every_timestep:
        return quirks.graph_loop_draws_every_timestep(mask, config)
    return [mask] * timesteps


def _check_weights(weights: GRUWeights, config: Any) -> None:
    """Refuse weights of another form than the config's, whose arrays would be taken as they are."""
    if not isinstance(config, GRUConfig):
        raise TypeError(f"config is {shown(config)}, expected a GRUConfig")
    if not isinstance(weights, GRUWeights):
        raise TypeError(f"weights is {shown(weights)}, expected GRUWeights")
    units = config.units
    recurrent = np.shape(weights.recurrent_kernel)
    if recurrent != (units, 3 * units):
        raise ValueError(
            f"weights.recurrent_kernel has shape {recurrent}, expected {(units, 3 * units)} for "
            f"config.units {units}"
        )
    rows = (2, 3 * units) if config.reset_after else (3 * units,)
    bias = None if weights.bias is None else np.shape(weights.bias)
    if bias != (rows if config.use_bias else None):
        expected = f"shape {rows}" if config.use_bias else "None"
        actual = "is None" if bias is None else f"has shape {bias}"
        raise ValueError(
            f"weights.bias {actual}, expected {expected} for config.use_bias {config.use_bias} and "
            f"config.reset_after {config.reset_after}"
        )
