"""The time loop over one cell or a stack: direction, mask, state, and what is returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.rounding import is_half
from gru_ref.core.step import Step, gru_step
from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]
# One mask a timestep, in processing order; None where nothing is dropped.
DropoutMasks = Sequence[Array | None] | None


class Cell(NamedTuple):
    """One cell of a stack, with its weights, initial state, dropout masks and step.

    Parameters
    ----------
    weights : GRUWeights
    recurrence : Recurrence
    initial_state : (batch or 1, units), optional
        Zeros by default.
    dropout_masks, recurrent_dropout_masks : sequence, optional
        One mask per timestep in processing order, as `gru_step` takes it: 0, or 1 / (1 − rate).
    step : callable
        The function that computes a timestep, with the parameters of `gru_step`.
    """

    weights: GRUWeights
    recurrence: Recurrence
    initial_state: Array | None = None
    dropout_masks: DropoutMasks = None
    recurrent_dropout_masks: DropoutMasks = None
    step: Callable[..., Step] = gru_step

    def first_state(self, batch: int, dtype: np.dtype[Any]) -> Array:
        """Return the state before the first timestep, (batch, units)."""
        shape = batch, self.weights.units
        if self.initial_state is None:
            return np.zeros(shape, dtype)
        state = np.asarray(self.initial_state, dtype)
        try:
            return np.broadcast_to(state, shape)
        except ValueError:
            raise ValueError(f"initial_state has shape {state.shape}, expected {shape}") from None

    def step_at(self, position: int, x: Array, h: Array) -> Step:
        """Return the step at a position of the processing order."""
        masks, recurrent = self.dropout_masks, self.recurrent_dropout_masks
        return self.step(
            x,
            h,
            self.weights,
            self.recurrence,
            dropout_mask=None if masks is None else masks[position],
            recurrent_dropout_mask=None if recurrent is None else recurrent[position],
        )


class Moment(NamedTuple):
    """One timestep as the loop ran it; the sequences have one item for every cell.

    `used` is the mask, (batch or 1, 1 or units), or None without a mask; `before` and `states` are
    the states before and after the timestep.
    """

    t: int
    x: Array
    used: Array | None
    before: Sequence[Array]
    steps: Sequence[Step]
    states: Sequence[Array]
    output: Array


def zero_masked_outputs(outputs: Array, used: Array, recurrence: Recurrence) -> Array:
    """Return the outputs with zeros at the masked timesteps.

    Parameters
    ----------
    outputs : (timesteps, batch, units)
        In processing order.
    used : (timesteps, batch or 1, 1 or units), bool
        In the order of the input.
    recurrence : Recurrence
    """
    in_order = used[::-1] if recurrence.go_backwards else used
    return np.where(in_order, outputs, outputs.dtype.type(0))


def run_cells(
    x: Array,
    cells: Sequence[Cell],
    *,
    mask: Array | None = None,
    zero_outputs: Callable[[Array, Array, Recurrence], Array] = zero_masked_outputs,
    record: list[Moment] | None = None,
) -> tuple[Array, list[Array]]:
    """Run a GRU, or GRUs stacked inside the time loop, over a sequence.

    Equation
    --------
    With h⁰ the initial state, o⁰ = 0, and t in processing order (reversed for go_backwards)::

        hᵗ = mᵗ ? step(xᵗ, hᵗ⁻¹) : hᵗ⁻¹
        oᵗ = mᵗ ? hᵗ             : oᵗ⁻¹          (0 instead of oᵗ⁻¹ for zero_output_for_mask)

    so an output before the first unmasked timestep is 0 for any initial state. In a stack the state
    of each cell is the input of the next, and the state of the last is the output::

        h₁ᵗ = mᵗ ? step₁(xᵗ, h₁ᵗ⁻¹) : h₁ᵗ⁻¹        h₂ᵗ = mᵗ ? step₂(step₁(…), h₂ᵗ⁻¹) : h₂ᵗ⁻¹

    Parameters
    ----------
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
    cells : sequence of Cell
        The features of the first cell are those of x, the features of each other cell the units of
        the one before it. Direction, axes and returned outputs are read from the last recurrence.
    mask : bool, the two leading axes of x and optionally a third of size 1 or units
        True: use this timestep. The batch axis may be 1.
    zero_outputs : callable
        The function for zero_output_for_mask, with the parameters of `zero_masked_outputs`.
    record : list, optional
        Every timestep is appended to it, in processing order.

    Returns
    -------
    output : (batch, timesteps, units) (time_major: the axes of x) for return_sequences, in
        processing order; else (batch, units)
    states : list of (batch, units)
        The final state of every cell.

    Raises
    ------
    ValueError
        There is no cell; x is not three-dimensional, or has no timesteps, or not the weights'
        features; a state or the mask has another shape; dropout masks have another count.

    Source
    ------
    backend.rnn in tf_keras/src/backend.py (2.21) and keras/src/backend/tensorflow/rnn.py (3.15.1);
    StackedRNNCells.call in stacked_rnn_cells.py of both.

    Examples
    --------
    >>> from gru_ref.core import linear
    >>> forget = GRUWeights(np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)))  # z = 0, n = x
    >>> recurrence = Recurrence(linear, linear, return_sequences=True, dtype="float64")
    >>> run_cells(np.array([[[1.0], [2.0]]]), [Cell(forget, recurrence)])
    (array([[[1.],
            [2.]]]), [array([[2.]])])
    """
    if not cells:
        raise ValueError("cells is empty, expected at least one Cell")
    recurrence = cells[-1].recurrence
    x = time_first(x, cells[0].weights, recurrence)  # (T, B, F)
    if is_half(x.dtype):  # here, not in every step
        cells = [cell._replace(weights=cell.weights.astype(x.dtype)) for cell in cells]
    timesteps, batch = x.shape[:2]
    used = None if mask is None else time_first_mask(mask, recurrence)  # (T, B or 1, 1 or U)
    check_masks(used, cells, timesteps, batch)
    order = range(timesteps - 1, -1, -1) if recurrence.go_backwards else range(timesteps)
    states = [cell.first_state(batch, x.dtype) for cell in cells]
    o = np.zeros_like(states[-1])

    outputs = np.empty((timesteps, *o.shape), x.dtype)  # (T, B, U), in processing order
    for position, t in enumerate(order):
        steps: list[Step] = []
        value = x[t]
        for cell, h in zip(cells, states, strict=True):
            steps.append(cell.step_at(position, value, h))
            value = steps[-1].h
        before = states
        if used is None:
            states, o = [new.h for new in steps], value
        else:
            states = [np.where(used[t], new.h, h) for new, h in zip(steps, states, strict=True)]
            o = np.where(used[t], value, o)
        outputs[position] = o
        if record is not None:
            now = None if used is None else used[t]
            record.append(Moment(t, x[t], now, before, steps, states, o))

    if used is not None and recurrence.zero_output_for_mask:
        outputs = zero_outputs(outputs, used, recurrence)
        if record is not None:
            record[:] = [m._replace(output=o) for m, o in zip(record, outputs, strict=True)]
    states = [np.array(h) for h in states]
    if not recurrence.return_sequences:
        return outputs[-1].copy(), states
    return np.ascontiguousarray(swap(outputs, recurrence)), states


def time_first(x: Array, weights: GRUWeights, recurrence: Recurrence) -> Array:
    """Return the input in the recurrence's dtype as (timesteps, batch, features).

    Raises
    ------
    ValueError
        x is not three-dimensional, or has no timesteps, or not the weights' features.
    """
    x = np.asarray(x, recurrence.dtype)
    if x.ndim != 3 or x.shape[2] != weights.features:
        raise ValueError(
            f"x has shape {x.shape}, expected three dimensions, the last of size {weights.features}"
        )
    x = swap(x, recurrence)
    if len(x) == 0:
        raise ValueError("timesteps is 0, expected at least 1")
    return x


def time_first_mask(mask: Array, recurrence: Recurrence) -> Array:
    """Return the mask as bool with time first, and an axis for the units."""
    mask = np.asarray(mask).astype(bool)
    return swap(mask[:, :, np.newaxis] if mask.ndim == 2 else mask, recurrence)


def check_masks(used: Array | None, cells: Sequence[Cell], timesteps: int, batch: int) -> None:
    """Check that the mask fits, and that there is a dropout mask for every timestep."""
    units = {cell.weights.units for cell in cells}
    thirds = {1} if len(units) > 1 else {1, *units}
    if used is not None and not (
        len(used) == timesteps and used.shape[1] in (1, batch) and used.shape[2] in thirds
    ):
        raise ValueError(
            f"mask has the sizes {len(used)} timesteps, {used.shape[1]} rows, {used.shape[2]} units"
            f", expected {timesteps}, {batch} or 1, {' or '.join(map(str, sorted(thirds)))}"
        )
    for cell in cells:
        for name in ("dropout_masks", "recurrent_dropout_masks"):
            masks = getattr(cell, name)
            if masks is not None and len(masks) != timesteps:
                raise ValueError(
                    f"{name} has {len(masks)} masks, expected one for each of {timesteps} timesteps"
                )


def swap(array: Array, recurrence: Recurrence) -> Array:
    """Swap batch and time, unless time is first already; its own inverse."""
    return array if recurrence.time_major else array.swapaxes(0, 1)
