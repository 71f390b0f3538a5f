"""The driver of the faster engines: core's `run_cells` with kernels in place of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import (
    Cell,
    check_masks,
    swap,
    time_first,
    time_first_mask,
    zero_masked_outputs,
)
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]

# Of what one cell of a stack hands to the next at once.
BLOCK_BYTES = 4 << 20


class Kernel(Protocol):
    """One GRU's weights as an engine arranges them, and its way through the timesteps.

    It holds nothing that a call writes to: several threads may run it at once.
    """

    @staticmethod
    def reason(recurrence: Recurrence) -> str | None:
        """Return why the engine does not serve a GRU, or None if it does."""

    def __init__(self, weights: GRUWeights, recurrence: Recurrence) -> None: ...

    def advance(self, x: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps and leave the state after the last of them in `h`.

        Parameters
        ----------
        x : (timesteps, batch, features)
            In processing order and in the recurrence's dtype.
        h : (batch, units), C-contiguous
            The state before; overwritten.
        used : (timesteps, batch), bool, or None
            False: the row keeps its state at this timestep.
        outputs : (timesteps, batch, units), or None
            Filled with the state after every timestep.
        """


def run_cells(
    x: Array,
    cells: Sequence[Cell],
    kernels: Sequence[Kernel],
    *,
    mask: Array | None = None,
    zero_outputs: Callable[[Array, Array, Recurrence], Array] = zero_masked_outputs,
) -> tuple[Array, list[Array]]:
    """Run a GRU, or a stack of GRUs, over a sequence: in blocks of timesteps, cell after cell.

    Parameters
    ----------
    x, mask, zero_outputs
        As for `gru_ref.core.loop.run_cells`; a mask has one value for all units.
    cells : sequence of Cell
        Their steps and dropout masks are not used.
    kernels : sequence of Kernel
        One for every cell.

    Returns
    -------
    output, states
        As `gru_ref.core.loop.run_cells`.

    Raises
    ------
    ValueError
        As `gru_ref.core.loop.run_cells`.

    Notes
    -----
    Beside input, output and mask it takes memory for one block of timesteps, whatever their number;
    for a copy of the output where a quirk of a release decides on the outputs of masked timesteps.
    """
    recurrence = cells[-1].recurrence
    x = time_first(x, cells[0].weights, recurrence)
    timesteps, batch = x.shape[:2]
    by_time = None if mask is None else time_first_mask(mask, recurrence)  # (T, B or 1, 1)
    check_masks(by_time, cells, timesteps, batch)
    used = None if by_time is None else np.broadcast_to(by_time[:, :, 0], (timesteps, batch))
    states = [np.array(cell.first_state(batch, x.dtype), order="C") for cell in cells]
    if used is None or by_time is None:
        return run_states(x, kernels, states, recurrence), states
    used = used[::-1] if recurrence.go_backwards else used
    output = run_states(x, kernels, states, recurrence, used)
    # (T, B, U), in processing order; the last output alone as if it were the only timestep.
    outputs = swap(output, recurrence) if recurrence.return_sequences else output[np.newaxis]
    if not recurrence.return_sequences:
        outputs[:, ~used.any(axis=0)] = 0
        by_time = by_time[:1] if recurrence.go_backwards else by_time[-1:]
    elif not used[0].all():
        outputs[~np.logical_or.accumulate(used)] = 0  # no output comes before the first timestep
    if recurrence.zero_output_for_mask:
        if recurrence.return_sequences and zero_outputs is zero_masked_outputs:
            outputs[~used] = 0  # without a copy
        else:
            outputs = zero_outputs(outputs, by_time, recurrence)
    if not recurrence.return_sequences:
        return outputs[-1], states
    return np.ascontiguousarray(swap(outputs, recurrence)), states


def run_states(
    x: Array,
    kernels: Sequence[Kernel],
    states: Sequence[Array],
    recurrence: Recurrence,
    used: Array | None = None,
) -> Array:
    """Run kernels one after another, and return the states of the last of them.

    Parameters
    ----------
    x : (timesteps, batch, features)
        In the order of the input.
    kernels, states : sequences
        One for every cell. The states, (batch, units) each, are overwritten by the final ones.
    recurrence : Recurrence
        Its direction, axes and returned outputs are used.
    used : (timesteps, batch), bool, optional
        In processing order.

    Returns
    -------
    (batch, timesteps, units), or with time_major (timesteps, batch, units), for return_sequences
        In processing order; at a timestep that is not used, the state before it.
    (batch, units) else
    """
    x = x[::-1] if recurrence.go_backwards else x
    if not recurrence.return_sequences:
        _advance(x, kernels, states, used, None)
        return states[-1].copy()
    timesteps, batch = x.shape[:2]
    axes = (timesteps, batch) if recurrence.time_major else (batch, timesteps)
    result = np.empty((*axes, states[-1].shape[1]), x.dtype)
    _advance(x, kernels, states, used, swap(result, recurrence))
    return result


def _advance(
    x: Array,
    kernels: Sequence[Kernel],
    states: Sequence[Array],
    used: Array | None,
    outputs: Array | None,
) -> None:
    """Run every cell over blocks of timesteps, with the states of one as the input of the next."""
    if len(kernels) == 1:
        kernels[0].advance(x, states[0], used, outputs)
        return
    timesteps = len(x)
    widest = max(state.nbytes for state in states) or 1
    block = max(1, BLOCK_BYTES // widest)
    for start in range(0, timesteps, block):
        part = slice(start, min(start + block, timesteps))
        entering = x[part]
        now = None if used is None else used[part]
        for kernel, state in zip(kernels[:-1], states[:-1], strict=True):
            leaving = np.empty((len(entering), *state.shape), x.dtype)
            kernel.advance(entering, state, now, leaving)
            entering = leaving
        kernels[-1].advance(entering, states[-1], now, None if outputs is None else outputs[part])
