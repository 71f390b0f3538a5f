"""GRUStream: endless input, a chunk of timesteps at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import swap, time_first_mask
from gru_ref.engines import choice
from gru_ref.engines.loop import Kernel, run_states
from gru_ref.errors import shown
from gru_ref.keras import quirks
from gru_ref.keras.functional import CellCall, stacked_gru
from gru_ref.keras.layers import call_checks
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.rnn import RNN

Array = NDArray[Any]


def stream(layer: GRU | RNN, *, batch: int = 1, initial_state: Any = None) -> GRUStream:
    """Return a layer that reads endless input: `GRUStream`.

    Examples
    --------
    >>> import gru_ref
    >>> layer = gru_ref.GRU(2, return_sequences=True, seed=1)
    >>> x = np.linspace(-1, 1, 60, dtype="float32").reshape(1, 20, 3)
    >>> whole = layer(x)
    >>> live = gru_ref.stream(layer)
    >>> chunks = [live(x[:, :7]), live(x[:, 7:8]), live(x[:, 8:])]
    >>> bool(np.allclose(np.concatenate(chunks, axis=1), whole, atol=1e-6))
    True
    """
    return GRUStream(layer, batch=batch, initial_state=initial_state)


class GRUStream:
    """A GRU that keeps its state from chunk to chunk, as if they were one sequence.

    It holds the weights that the layer has now, and changes nothing in the layer.

    Parameters
    ----------
    layer : GRU or RNN
        Built; its engine computes the chunks.
    batch : int
        Rows of every chunk.
    initial_state : optional
        As for a call of the layer. None: the recorded states of a stateful layer, else zeros.

    Raises
    ------
    TypeError
        `layer` is neither a GRU nor an RNN, or its class overrides `call`.
    ValueError
        It is not built, or goes backwards: it would need the end of the input first. batch is not a
        positive integer, or the states are of another.

    Notes
    -----
    Dropout does not act, and no penalties of outputs are kept. Where the first timesteps of a chunk
    are masked, the output is that of the chunk before, as in one long sequence; a stateful layer's
    next call would start from zero.
    """

    def __init__(self, layer: GRU | RNN, *, batch: int = 1, initial_state: Any = None) -> None:
        if not isinstance(layer, (GRU, RNN)):
            raise TypeError(f"layer is {shown(layer)}, expected a GRU or an RNN")
        layer.check_own_call("a stream")
        if not layer.built:
            raise ValueError(f"layer is {shown(layer)}, not built, expected one with weights")
        if layer.config.go_backwards:
            raise ValueError("go_backwards is True, expected False: a stream has no last timestep")
        rows: Any = batch
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise ValueError(f"batch is {shown(batch)}, expected a positive integer")
        self.config = layer.config
        self.batch = batch
        self.engine = layer.engine
        if isinstance(layer, RNN) and not layer._one_dtype:
            raise ValueError(f"layer is {shown(layer)} of several dtypes, expected one dtype")
        self._cells = _cells(layer, initial_state, batch)
        self._recurrence = self.config.recurrence
        self._dtype = self.config.compute_dtype
        self._kernels: list[Kernel] | None = None
        if self.engine != "core":
            self._kernels = [
                choice.kernel_of(self.engine, cell.weights, cell.config.recurrence)
                for cell in self._cells
            ]
        self.reset()

    def reset(self) -> None:
        """Start again from the initial state."""
        shapes = [(self.batch, cell.weights.units) for cell in self._cells]
        self._states = [
            np.zeros(shape, self._dtype)
            if cell.initial_state is None
            else np.array(np.broadcast_to(cell.initial_state, shape), self._dtype)
            for cell, shape in zip(self._cells, shapes, strict=True)
        ]
        self._output = np.zeros(shapes[-1], self._dtype)  # the last one: none comes before it

    @property
    def state(self) -> Array | list[Array]:
        """A copy of the state after the last chunk, (batch, units); of a stack a list of them."""
        states = [state.copy() for state in self._states]
        return states if len(states) > 1 else states[0]

    def __call__(self, chunk: Any, *, mask: Any = None) -> Array:
        """Run the next timesteps.

        Parameters
        ----------
        chunk : (batch, timesteps, features), or (timesteps, batch, features) for time_major
        mask : (batch, timesteps[, 1 or units]), optional
            True: use this timestep. time_major: (timesteps, batch, …).

        Returns
        -------
        (batch, timesteps, units) (time_major: the axes of chunk) for return_sequences, else
        (batch, units)
            The state is `state`, whatever return_state is.

        Raises
        ------
        TypeError, ValueError, AttributeError, IndexError
            As a call of the layer. The state is what it was.
        """
        config, recurrence = self.config, self._recurrence
        x: Array = chunk
        if not (type(x) is np.ndarray and x.dtype == self._dtype and x.ndim == 3 and x.size):
            x = call_checks.x_array(chunk, config)
        by_time = swap(x, recurrence)
        features = self._cells[0].weights.features
        if by_time.shape[1:] != (self.batch, features):
            raise ValueError(
                f"x has shape {x.shape}, expected batch {self.batch} and {features} features: "
                f"{config.input_axes}"
            )
        if mask is None and self._kernels is not None:
            output = run_states(by_time, self._kernels, self._states, recurrence)
            self._output = self._states[-1]
            return output
        return self._run(x, mask, len(by_time))

    def _run(self, x: Array, mask: Any, timesteps: int) -> Array:
        """Run timesteps with a mask, or on the core."""
        config, recurrence = self.config, self._recurrence
        used = call_checks.mask_array(mask, config, self.batch, timesteps)
        cells = [
            cell._replace(
                config=cell.config.changed(zero_output_for_mask=False, return_sequences=True),
                initial_state=state,
            )
            for cell, state in zip(self._cells, self._states, strict=True)
        ]
        sequence, self._states = stacked_gru(x, cells, mask=used, engine=self.engine)
        outputs = swap(sequence, recurrence)
        if used is not None:
            by_time = time_first_mask(used, recurrence)
            begun = np.logical_or.accumulate(by_time)
            outputs = np.where(begun, outputs, self._output)
            self._output = outputs[-1]
            if recurrence.zero_output_for_mask:
                outputs = quirks.zero_outputs(config)(outputs, by_time, recurrence)
        else:
            self._output = outputs[-1]
        if not recurrence.return_sequences:
            return np.array(outputs[-1])
        return np.ascontiguousarray(swap(outputs, recurrence))


def _cells(layer: GRU | RNN, initial_state: Any, batch: int) -> list[CellCall]:
    """Return what every cell of a layer runs with, from the states that a call would start from."""
    if isinstance(layer, GRU):
        given = call_checks.initial_state_array(initial_state, layer.config, batch)
        start = layer._start(None if given is None else layer._as_states([given], None))
        cells = [(layer._known_weights(), layer.config)]
    else:
        start = layer._start(layer._initial_states(initial_state, batch))
        pairs = zip(layer.cells, layer._cell_configs, strict=True)
        cells = [(cell._known_weights(), config) for cell, config in pairs]
    states: Sequence[Any] = [None] * len(cells) if start is None else start.arrays
    if len(states) != len(cells):
        raise ValueError(f"initial_state has {len(states)} states, expected {len(cells)}")
    if any(state is not None and len(state) not in (1, batch) for state in states):
        raise ValueError(
            f"batch is {batch}, expected {len(states[0])}: the layer has a state for each row"
        )
    return [CellCall(*cell, state) for cell, state in zip(cells, states, strict=True)]
