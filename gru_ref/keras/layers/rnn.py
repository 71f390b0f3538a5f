"""RNN: Keras's loop layer around a GRUCell, or around a stack of them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import numpy_dtype
from gru_ref.core.step import Step, gru_step
from gru_ref.core.weights import GRUWeights
from gru_ref.engines.choice import Engine, EngineName
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.masks import Masks
from gru_ref.keras.functional import CellCall, stacked_gru
from gru_ref.keras.identifiers import compute_dtype_name
from gru_ref.keras.layers import call_checks, ragged
from gru_ref.keras.layers.base import PartMasks, WrapperLayer
from gru_ref.keras.layers.build_checks import call_build_config, known_features, three_sizes
from gru_ref.keras.layers.constructor_checks import RNNKeywords
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.loop_layer import LoopLayer, States
from gru_ref.keras.layers.reproducibility import Reproducibility
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
from gru_ref.keras.ledger import resolve
from gru_ref.keras.serialization import from_keras, gru_config, nested_configs
from gru_ref.keras.serialization.custom_objects import deserialize
from gru_ref.keras.training import regularizers

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from gru_ref.provenance import Provenance

Array = NDArray[Any]

_CELLS = {"GRUCell": GRUCell, "StackedRNNCells": StackedRNNCells}


class RNN(LoopLayer, WrapperLayer):
    """The RNN layer of Keras around GRU cells, in NumPy.

    Equation
    --------
    See `gru_ref.core.loop.run_cells`.

    Parameters
    ----------
    cell : GRUCell, StackedRNNCells, or a list or tuple of GRUCell
        It determines the release of Keras.
    return_sequences, return_state, go_backwards, stateful, unroll : bool
        As for `gru_ref.GRU`. No further argument can be passed by position: the next would be
        time_major in Keras 2, zero_output_for_mask in Keras 3.
    engine : "core", "numpy" or "numba", optional
        As for `gru_ref.GRU`.
    **kwargs
        zero_output_for_mask, activity_regularizer, name, trainable, dtype, and in Keras 2
        time_major.

    Raises
    ------
    TypeError, ValueError
        As the release of Keras raises; the message names the argument. Also if there is no cell.

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

    _config_arguments = (*gru_config.LOOP, "time_major", "zero_output_for_mask")
    # Of a layer that gru_ref.load_layers read.
    provenance: Provenance | None = None

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        *,
        engine: EngineName | None = None,
        **kwargs: Unpack[RNNKeywords],
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        if not isinstance(cell, (GRUCell, StackedRNNCells)):
            raise ValueError(
                f"cell is {shown(cell)}, expected a GRUCell, StackedRNNCells or a list of GRUCell"
            )
        self.cell = cell
        self._stacked = isinstance(cell, StackedRNNCells)
        self.cells = cell.cells if isinstance(cell, StackedRNNCells) else (cell,)
        last = self.cells[-1].config
        super().__init__(
            [cell],
            last,
            "rnn",
            kwargs,
            zero_output_for_mask=True,
            activity_regularizer=True,
            time_major=last.behaviour.time_major_argument,
        )
        argument = "activity_regularizer"
        self.activity_regularizer = kwargs.get(argument)
        found = regularizers.resolve(self.activity_regularizer, last.behaviour, argument)
        loop = {
            "return_sequences": return_sequences,
            "return_state": return_state,
            "go_backwards": go_backwards,
            "stateful": stateful,
            "unroll": unroll,
            "time_major": kwargs.get("time_major", False),
            "zero_output_for_mask": kwargs.get("zero_output_for_mask", False),
            "activity_regularizer": self.activity_regularizer,
            "path": "unroll" if unroll else "loop",
            "dtype": self.dtype,
        }
        self._configs = [
            cell.config.changed(identifiers={**cell.config.identifiers, argument: found}, **loop)
            for cell in self.cells
        ]
        self._config = self._configs[-1]
        self._init_loop(engine)
        self._used_masks: list[Masks] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.cell}, name={self.name!r})"

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build the cells; see `gru_ref.GRU.build`."""
        config = self._config
        shape = three_sizes(input_shape, config)
        features = known_features(shape, config)
        batch = self._known_batch(input_shape, shape)
        if self.cell.built:
            self._check_features(features)
        with self._unchanged_by_errors():
            if not self.cell.built:
                self.cell.build((batch, features))
            self._built, self._build_config = True, {"input_shape": shape}
            self._start_recording(batch)

    def change_loop(self, **values: Any) -> None:
        """Set arguments of the loop, as Bidirectional does."""
        self._configs = [config.changed(**values) for config in self._configs]
        self._config = self._configs[-1]

    @property
    def reproducible(self) -> Reproducibility:
        """Whether a seed gives the weights and the dropout masks again, and if not, why."""
        pairs = zip(self.cells, self._configs, strict=True)
        return Reproducibility.of_parts(cell._reproducible_around(config) for cell, config in pairs)

    @property
    def _cell_configs(self) -> Sequence[GRUConfig]:
        return self._configs

    def _check_state_dtypes(self, given: States | None) -> None:
        """Refuse zeros and recorded states where they reach a cell of another dtype uncast."""
        own = self._config.compute_dtype.name
        other = [cell.config.dtype for cell in self.cells if cell.compute_dtype != own]
        uncast = not self.behaviour.initial_state_is_cast
        if other and uncast and (given is None or self._config.stateful):
            raise TypeError(
                f"dtype is {self.dtype} and that of a cell {other[0]}, expected the same, or an "
                f"initial_state of the cell's dtype and stateful=False: Keras {self.keras_version} "
                "casts no state"
            )

    def _check_features(self, features: int) -> None:
        for number, cell in enumerate(self.cells):
            expected = cell.weight_shapes()["kernel"][0]
            if features != expected:
                what = f"what enters cell {number}" if number else "x"
                raise ValueError(f"{what} has {features} features, expected {expected}, as built")
            features = cell.units

    # ---- call

    @property
    def last_masks(self) -> Masks | PartMasks:
        """The dropout masks of the last call; for a stack, lists with one per cell."""
        used = self._used_masks
        if not self._stacked:
            return used[0] if used else Masks(None, None)
        return PartMasks(
            [masks.dropout_mask for masks in used],
            [masks.recurrent_dropout_mask for masks in used],
        )

    def call(
        self,
        x: Any,
        *,
        initial_state: Any = None,
        mask: Any = None,
        training: Any = None,
        dropout_mask: Any = None,
        recurrent_dropout_mask: Any = None,
        rng: np.random.Generator | None = None,
        ragged_lengths: Any = None,
    ) -> Any:
        """Return what `__call__` does: the method that a subclass overrides; see `GRU.call`."""
        config = self._config
        behaviour = config.behaviour
        x, initial_state = call_checks.split_x(x, initial_state, config, len(self.cells))
        x = call_checks.x_array(x, config, self._layer_arguments.get("autocast", True))
        x, mask = ragged.pad(x, ragged_lengths, mask, config)
        if self.cell.built:
            self._check_features(x.shape[2])
        batch, timesteps = self._sizes(x)
        used = call_checks.mask_array(mask, config, batch, timesteps, behaviour.rnn_mask_containers)
        self._check_mask(used)
        given = self._initial_states(initial_state, batch)
        self._check_state_dtypes(given)
        with self._unchanged_by_errors():
            self._build_in_call(x, None if given is None else initial_state)
            start = self._start(given)
            runs = self._runs(
                x, start, training, (dropout_mask, recurrent_dropout_mask), rng, (batch, timesteps)
            )
            output, arrays = self._loop(x, runs, training, used)
            output, arrays = self._cast_results(output, arrays)
            output = ragged.rows_first(output, ragged_lengths, config)
            states = self._as_states(arrays, start)
            states = self._one_cell_states(states, masked=used is not None)
            self._penalize(output, *(arrays if config.return_state else ()))
            self._record(states, batch)
        if config.return_state:
            return behaviour.state_container((output, *states.in_lists()))
        return output

    def _build_in_call(self, x: Array, initial_state: Any) -> None:
        if not self.built or (self._config.stateful and self._recorded is None):
            self.build(x.shape)
            if initial_state is not None and self.behaviour.build_config_has_states:
                self._build_config = call_build_config(x.shape, initial_state)
            self._check_features(x.shape[2])

    def _initial_states(self, given: Any, batch: int) -> States | None:
        """Return the initial states of a call; None where there are none.

        Raises
        ------
        TypeError, AttributeError
            As `gru_ref.keras.layers.call_checks.initial_state_array`.
        ValueError
            There are not as many as cells, or one has another shape.
        IndexError
            An empty list in Keras 3.
        """
        if given is None:
            return None
        configs, behaviour = self._configs, self.behaviour
        items = list(given) if isinstance(given, (list, tuple)) else [given]
        if not items:
            call_checks.initial_state_array(given, configs[-1], batch, self.built)
            return None
        few = len(items) < len(configs) and behaviour.short_states_run_fewer_cells
        if len(items) != len(configs) and not few:
            raise ValueError(f"initial_state has {len(items)} states, expected {len(configs)}")
        if few:
            behaviour.warn("short_states_run_fewer_cells", f"{len(items)} were given")
        arrays, nested = [], []
        for item, cell, config in zip(items, self.cells, configs, strict=False):
            if not behaviour.initial_state_is_cast and config.dtype != cell.config.dtype:
                config = config.changed(dtype=cell.config.dtype)
            in_list = self._stacked and isinstance(item, (list, tuple)) and len(item) == 1
            array = call_checks.initial_state_array([item[0] if in_list else item], config, batch)
            assert array is not None
            arrays.append(array)
            nested.append(in_list)
        return States(tuple(arrays), tuple(nested))

    def _check_mask(self, used: Array | None) -> None:
        """Refuse a mask of every unit where the cells differ in size, and any where Keras does."""
        around = self._around_dtype
        other = [cell.config.dtype for cell in self.cells if cell.compute_dtype != around]
        if used is not None and other and self.behaviour.initial_state_is_cast:
            raise TypeError(
                f"mask is given to StackedRNNCells of dtype {around} with a cell of {other[0]}, "
                "expected no mask, or one dtype: Keras cannot choose between states of two dtypes"
            )
        units = {cell.units for cell in self.cells}
        if used is not None and used.ndim == 3 and used.shape[2] > 1 and len(units) > 1:
            raise ValueError(
                f"mask has shape {used.shape}, expected no third axis but of size 1: the cells "
                f"have the sizes {sorted(units)}"
            )

    def _one_cell_states(self, states: States, *, masked: bool) -> States:
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
        start: States | None,
        training: Any,
        given: tuple[Any, Any],
        rng: np.random.Generator | None,
        sizes: tuple[int, int],
    ) -> list[CellCall]:
        """Return what every cell runs with; `sizes` are the batch and the timesteps."""
        count = len(self.cells) if start is None else len(start.arrays)
        states = (None,) * count if start is None else start.arrays
        by_cell = [_cell_masks(mask, len(self.cells), self._stacked) for mask in given]
        features = x.shape[2]
        runs: list[CellCall] = []
        used: list[Masks] = []
        shared: dict[GRUCell, Masks] = {}  # a cell in several places drops alike in all of them
        for number, (cell, state) in enumerate(zip(self.cells, states, strict=False)):
            config = self._configs[number]
            if config.dtype != cell.config.dtype:
                config = config.changed(dtype=cell.config.dtype)
            own = by_cell[0][number], by_cell[1][number]
            masks = shared.get(cell) if all(mask is None for mask in own) else None
            if masks is None:
                state_batch = None if state is None else state.shape[0]
                masks = cell.masks.sequence_masks(
                    config, training, own, rng, (*sizes, features, state_batch)
                )
            shared[cell] = masks
            runs.append(CellCall(cell._known_weights(), config, state, *masks))
            used.append(masks)
            features = cell.units
        self._used_masks = used
        return runs

    def _loop(
        self, x: Array, runs: list[CellCall], training: Any, used: Array | None
    ) -> tuple[Array, list[Array]]:
        """Return the output and the states; a cell with a `call` of its own is called.

        The output of such a cell may be another than its state, so it is there twice: as a cell
        that keeps the state, and as one that passes on the output.
        """
        if self._stacked and self.cell._overridden_call:
            raise TypeError(
                f"cell is {shown(self.cell)} with {self.cell.own_call}, expected the call of "
                "StackedRNNCells: an RNN of gru_ref runs the cells of a stack one by one"
            )
        parts: list[CellCall] = []
        kept: list[int] = []  # where the states are
        with contextlib.ExitStack() as stack:
            for cell, run in zip(self.cells, runs, strict=False):
                kept.append(len(parts))
                if cell.own_call is None:
                    parts.append(run)
                    continue
                masks = Masks(run.dropout_mask, run.recurrent_dropout_mask)
                stack.enter_context(cell.masks.kept_in_loop(run.config, masks))
                parts += _called_cell(cell, run, training)
            if not self._one_dtype:
                parts = [self._cast_run(part, first=part is parts[0]) for part in parts]
            output, arrays = stacked_gru(x, parts, mask=used, engine=self._engine)
        return output, [arrays[place] for place in kept]

    def _cast_results(self, output: Array, arrays: Sequence[Array]) -> tuple[Array, list[Array]]:
        """Return the output and the states in the dtype that the release returns them in."""
        dtypes = [config.compute_dtype for config in self._configs]
        if not self.behaviour.initial_state_is_cast:
            dtypes = [numpy_dtype(cell.compute_dtype) for cell in self.cells]
        states = [
            array.astype(dtype, copy=False) for array, dtype in zip(arrays, dtypes, strict=False)
        ]
        return output.astype(dtypes[len(arrays) - 1], copy=False), states

    def _serving_engine(self) -> Engine:
        own = next((cell.own_call for cell in self.cells if cell.own_call), None)
        if own is not None:
            return Engine("core", f"{own} is a call of the user's")
        if not self._one_dtype:
            return Engine("core", "the layer and its cells have several dtypes")
        return super()._serving_engine()

    @property
    def _one_dtype(self) -> bool:
        """Whether the loop, the stack and its cells compute in one dtype."""
        dtypes = {cell.compute_dtype for cell in self.cells}
        return dtypes == {self._around_dtype} == {self._config.compute_dtype.name}

    @property
    def _around_dtype(self) -> str:
        """The compute dtype of the stack, or of the cell where there is none."""
        if isinstance(self.cell, StackedRNNCells):
            return compute_dtype_name(str(self.cell.dtype))
        return str(self.cells[0].compute_dtype)

    def _cast_run(self, run: CellCall, *, first: bool) -> CellCall:
        """Return a run whose steps cast as Keras does between an RNN, a stack and its cells.

        Its loop is in float64, which holds the numbers of every other dtype exactly.
        """
        recurrence, around = run.config.recurrence, numpy_dtype(self._around_dtype)
        states_through = around if self.behaviour.initial_state_is_cast else recurrence.dtype
        inputs_through = around if first else recurrence.dtype
        inner = run.step or gru_step

        def step(x: Array, h_prev: Array, weights: GRUWeights, _: Any, **masks: Any) -> Step:
            x = x.astype(inputs_through).astype(recurrence.dtype)
            h_prev = h_prev.astype(states_through).astype(recurrence.dtype)
            return inner(x, h_prev, weights, recurrence, **masks)

        state = run.initial_state
        if state is not None:
            state = state.astype(states_through)
        wide = run.config.changed(dtype="float64")
        return run._replace(config=wide, initial_state=state, step=step)

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        config = self._config
        regularizer = gru_config.written_argument(config, "activity_regularizer")
        cell = nested_configs.serialize(self.cell, self.behaviour)
        return self._config_start(regularizer) | gru_config.loop_part(config) | {"cell": cell}

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        keras_version: str | None = None,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> RNN:
        """Build the layer from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Parameters
        ----------
        config, keras_version
            As for `gru_ref.GRU.from_config`.
        custom_objects : mapping, optional
            Name → class, of cells of the user's own classes.

        Raises
        ------
        KeyError
            There is no "cell".
        ValueError, TypeError
            As `gru_ref.GRU.from_config`.
        """
        arguments = nested_configs.outer_arguments(config, "cell")
        classes = {**_CELLS, **(custom_objects or {})}
        cell = nested_configs.read_layer(
            config["cell"], classes, "cell", keras_version, custom_objects
        )
        regularizer = arguments.get("activity_regularizer")
        if custom_objects and regularizer is not None:
            made = deserialize(regularizer, custom_objects, cell.behaviour, "activity_regularizer")
            arguments["activity_regularizer"] = regularizer if made is None else made
        return cls(cell, **arguments)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> RNN:
        """Take over a live Keras RNN: its config, cells, recorded states and generation.

        Raises
        ------
        TypeError
            `layer` is not a live RNN of Keras, or its cell is neither a GRUCell nor a stack of
            them.
        ValueError
            gru_ref refuses its arguments.
        """
        version = from_keras.release_of(layer, "RNN", keras_version)
        cell = from_keras.read_part(layer.cell, _CELLS, "the cell of the RNN", version)
        made = cls(cell, **from_keras.arguments_of(layer, resolve(version), "cell"))
        if states := from_keras.states_of(layer):
            made._start_recording(len(states[0]))
            made._record(made._as_states(states, None), len(states[0]))
        made._take_build(layer)
        return made


def _called_cell(cell: GRUCell, run: CellCall, training: Any) -> list[CellCall]:
    """Return a cell that calls another and keeps its state, and one that returns its output."""
    outputs: list[Array] = []
    given = {} if training is None else {"training": training}

    def state_step(x: Array, h_prev: Array, *_: Any, **masks: Any) -> Step:
        shape = h_prev.shape
        output, states = cell(x, [h_prev], **given)
        state = states[0] if isinstance(states, (list, tuple)) else states
        for name, array in (("output", output), ("state", state)):
            if np.shape(array) != shape:
                raise ValueError(
                    f"the {name} of {cell.own_call} has shape {np.shape(array)}, expected {shape}"
                )
        outputs[:] = [np.asarray(output)]
        return _bare_step(np.asarray(state))

    def output_step(x: Array, h_prev: Array, *_: Any, **masks: Any) -> Step:
        return _bare_step(outputs[0])

    bare = run._replace(dropout_mask=None, recurrent_dropout_mask=None)
    return [
        bare._replace(step=state_step),
        bare._replace(step=output_step, initial_state=None),
    ]


def _bare_step(h: Array) -> Step:
    """Return a step of which the state alone is known."""
    return Step(h, h, h, h, (h, h, h), (h, h, h))


def _cell_masks(masks: Any, count: int, stacked: bool) -> Sequence[Any]:
    """Return a given mask, or None, for every cell."""
    if masks is None:
        return [None] * count
    if not stacked:
        return [masks]
    if not isinstance(masks, (list, tuple)) or len(masks) != count:
        raise ValueError(f"a dropout mask is {shown(masks)}, expected a list of {count}")
    return masks
