"""RNN: Keras's loop around a GRUCell, or around a stack of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.dropout.laws import Masks
from gru_ref.keras.functional import CellCall, stacked_gru
from gru_ref.keras.layers import call_checks, ragged, rnn_states
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.rnn_variables import RNNVariables
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
from gru_ref.keras.layers.weight_checks import three_sizes
from gru_ref.keras.layers.wrapper_base import PartMasks
from gru_ref.keras.ledger import resolve
from gru_ref.keras.serialization import from_keras, gru_config, nested_configs
from gru_ref.keras.training import losses

Array = NDArray[Any]
Shape = tuple[int | None, ...]

_CELLS = {"GRUCell": GRUCell, "StackedRNNCells": StackedRNNCells}


class RNN(RNNVariables):
    """The RNN layer of Keras around GRU cells, in NumPy.

    Equation
    --------
    See `gru_ref.core.loop.run_cells`.

    Parameters
    ----------
    cell : GRUCell, StackedRNNCells, or a list or tuple of GRUCell
        Says which release of Keras this is.
    return_sequences, return_state, go_backwards, stateful, unroll : bool
        As for `gru_ref.GRU`. By position only so far: the next place is time_major in Keras 2,
        zero_output_for_mask in Keras 3.
    **kwargs
        zero_output_for_mask, activity_regularizer, name, trainable, dtype, and in Keras 2
        time_major.

    Raises
    ------
    TypeError, ValueError
        As the release of Keras raises; the message names the argument. Also where the dtype is not
        that of the cell, or there is no cell.

    Source
    ------
    RNN in tf_keras/src/layers/rnn/base_rnn.py (2.21) and keras/src/layers/rnn/rnn.py (3.15.1).

    Examples
    --------
    >>> cells = [
    ...     GRUCell(n, recurrent_initializer="zeros", kernel_initializer="ones") for n in (3, 5)
    ... ]
    >>> output, *states = RNN(cells, return_state=True)(np.ones((2, 4, 6), "float32"))
    >>> output.shape, [state.shape for state in states]
    ((2, 5), [(2, 3), (2, 5)])
    """

    # ---- call

    @property
    def last_masks(self) -> Masks | PartMasks:
        """The dropout masks of the last call, in a list of one for each cell of a stack."""
        used = self._used_masks
        if not self._stacked:
            return used[0] if used else Masks(None, None)
        return PartMasks(
            [masks.dropout_mask for masks in used],
            [masks.recurrent_dropout_mask for masks in used],
        )

    def __call__(
        self,
        x: Any,
        initial_state: Any = None,
        *,
        mask: Any = None,
        training: Any = None,
        dropout_mask: Any = None,
        recurrent_dropout_mask: Any = None,
        rng: np.random.Generator | None = None,
        ragged_lengths: Any = None,
    ) -> Any:
        """Run the layer.

        Parameters
        ----------
        x, mask, training, rng, ragged_lengths
            As for `gru_ref.GRU`.
        initial_state : optional
            As for `gru_ref.GRU`; of a stack a list or tuple of a state for every cell, each
            (batch, units) or a list of one.
        dropout_mask, recurrent_dropout_mask : optional
            As for `gru_ref.GRU`; of a stack a list of one for every cell.

        Returns
        -------
        array, or [output, state, …] (Keras 2), (output, state, …) (Keras 3) for return_state
            A state for every cell; in a list of its own each where `initial_state` gave it so, and
            in Keras 3 wherever a stack started from zeros.

        Raises
        ------
        TypeError, ValueError, IndexError, AttributeError, AssertionError
            As the release of Keras raises. Weights and states stay as they were.

        Warns
        -----
        KerasQuirkWarning
            A quirk of the release changed the numbers.
        """
        config = self._config
        behaviour = config.behaviour
        x, initial_state = call_checks.split_x(x, initial_state, config, len(self.cells))
        x = call_checks.x_array(x, config, self._layer_arguments.get("autocast", True))
        x, mask = ragged.padded(x, ragged_lengths, mask, config)
        batch, timesteps = x.shape[:2][:: -1 if config.time_major else 1]
        if self.cell.built:
            self._check_features(x.shape[2])
        if config.stateful and self._batch not in (None, batch):
            raise ValueError(
                f"x has batch {batch}, expected {self._batch}: a stateful layer keeps one state "
                "for each row"
            )
        used = call_checks.mask_array(mask, config, batch, timesteps, behaviour.rnn_mask_containers)
        self._check_unit_mask(used)
        given = rnn_states.of_call(initial_state, self._configs, batch, stacked=self._stacked)
        with self._unchanged_by_errors():
            if not self.built or (config.stateful and self._recorded is None):
                self.build(x.shape)
                if given is not None and behaviour.build_config_has_states:
                    self._build_config = call_checks.built_by_call(x.shape, initial_state)
                self._check_features(x.shape[2])
            start = rnn_states.start(given, self._recorded, config)
            runs = self._runs(x, start, training, (dropout_mask, recurrent_dropout_mask), rng)
            output, arrays = stacked_gru(x, runs, mask=used)
            output = ragged.rows_first(output, ragged_lengths, config)
            states = rnn_states.in_containers(arrays, start, behaviour, stacked=self._stacked)
            states = self._of_one_cell(states, masked=used is not None)
            self._activity_losses = losses.of_outputs(config, output, *arrays)
            if config.stateful:
                self._recorded = rnn_states.recorded(states, self._recorded)
        if config.return_state:
            return behaviour.state_container((output, *states.contained()))
        return output

    def _check_unit_mask(self, used: Array | None) -> None:
        """Refuse a mask of every unit where the cells differ in size."""
        units = {cell.units for cell in self.cells}
        if used is not None and used.ndim == 3 and used.shape[2] > 1 and len(units) > 1:
            raise ValueError(
                f"mask has shape {used.shape}, expected no third axis but of size 1: the cells "
                f"have the sizes {sorted(units)}"
            )

    def _of_one_cell(self, states: rnn_states.States, *, masked: bool) -> rnn_states.States:
        """Return the states as Keras 3 contains those of a stack of one cell."""
        behaviour = self.behaviour
        if len(self.cells) > 1 or not any(states.nested):
            return states
        unroll = self._config.unroll
        if masked and not unroll and behaviour.one_cell_stack_mask_fails:
            behaviour.warn("one_cell_stack_mask_fails")
        if unroll and not masked and behaviour.one_cell_stack_unwraps:
            return states._replace(nested=(False,))
        return states

    def _runs(
        self,
        x: Array,
        start: rnn_states.States | None,
        training: Any,
        given: tuple[Any, Any],
        rng: np.random.Generator | None,
    ) -> list[CellCall]:
        """Return what every cell runs with."""
        batch, timesteps = x.shape[:2][:: -1 if self._config.time_major else 1]
        count = len(self.cells) if start is None else len(start.arrays)
        states = (None,) * count if start is None else start.arrays
        by_cell = [_one_each(mask, len(self.cells), self._stacked) for mask in given]
        features = x.shape[2]
        runs: list[CellCall] = []
        used: list[Masks] = []
        shared: dict[GRUCell, Masks] = {}  # a cell in several places drops alike in all of them
        for number, (cell, state) in enumerate(zip(self.cells, states, strict=False)):
            config = self._configs[number]
            own = by_cell[0][number], by_cell[1][number]
            masks = shared.get(cell) if all(mask is None for mask in own) else None
            if masks is None:
                sizes = batch, timesteps, features, None if state is None else state.shape[0]
                masks = cell.masks.of_sequence(config, training, own, rng, sizes)
            shared[cell] = masks
            runs.append(CellCall(cell._known_weights(), config, state, *masks))
            used.append(masks)
            features = cell.units
        self._used_masks = used
        return runs

    # ---- shapes

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: `mask` for return_sequences, else None.

        With return_state it is a list, None for every state. `inputs` is not read, as in Keras.
        """
        if isinstance(mask, (list, tuple)):
            mask = call_checks.first_mask(mask)
        output_mask = mask if self._config.return_sequences else None
        return (
            [output_mask, *[None] * len(self.cells)] if self._config.return_state else output_mask
        )

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Any:
        """Return the shape of the output, and with return_state also those of the states.

        Returns
        -------
        tuple, or [output, state, …] (Keras 2), (output, state, …) (Keras 3) of tuples
        """
        config = self._config
        shape = three_sizes(input_shape, config)
        batch = shape[1] if config.time_major else shape[0]
        output: Shape = (batch, config.units)
        if config.return_sequences:
            output = (*shape[:2], config.units)
        if not config.return_state:
            return output
        states = [(batch, cell.units) for cell in self.cells]
        return self.behaviour.state_container((output, *states))

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        config = self._config
        written = gru_config.written_argument(config, "activity_regularizer")
        return nested_configs.of_rnn(self, self.cell, written)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, keras_version: str | None = None) -> RNN:
        """Build the layer from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Raises
        ------
        KeyError
            There is no "cell".
        ValueError, TypeError
            As `gru_ref.GRU.from_config`.
        """
        arguments = nested_configs.arguments_of(config, "cell")
        cell = nested_configs.read(config["cell"], _CELLS, "cell", keras_version)
        return cls(cell, **arguments)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> RNN:
        """Take over a live Keras RNN: its config, cells, recorded states and generation.

        Raises
        ------
        TypeError
            `layer` is no live RNN of Keras, or its cell neither a GRUCell nor a stack of them.
        ValueError
            gru_ref refuses its arguments: cells of another dtype than the RNN.
        """
        from_keras.check(layer, "RNN")
        version = keras_version or from_keras.version_of(layer)
        cell = from_keras.read_part(layer.cell, _CELLS, "the cell of the RNN", version)
        made = cls(cell, **from_keras.arguments_of(layer, resolve(version), "cell"))
        if states := from_keras.states_of(layer):
            made._batch = states[0].shape[0]
            made._recorded = rnn_states.zeros(made._configs, made._batch, stacked=made._stacked)
            made._recorded = made._recorded._replace(arrays=tuple(states))
        made._built, made._build_config = bool(layer.built), from_keras.build_config_of(layer)
        return made


def _one_each(masks: Any, count: int, stacked: bool) -> Sequence[Any]:
    """Return a given mask, or None, for every cell."""
    if masks is None:
        return [None] * count
    if not stacked:
        return [masks]
    if not isinstance(masks, (list, tuple)) or len(masks) != count:
        raise ValueError(f"a dropout mask is {shown(masks)}, expected a list of {count}")
    return masks
