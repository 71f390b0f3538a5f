"""The base of GRU and RNN: the shapes of their outputs, and the states that they record."""

from __future__ import annotations

import abc
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gru_ref.engines import choice
from gru_ref.engines.choice import Engine, EngineName
from gru_ref.errors import EngineWarning, shown, warn_user
from gru_ref.keras import quirks
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.functional import serving_engine
from gru_ref.keras.layers import call_checks
from gru_ref.keras.layers.base import BaseLayer
from gru_ref.keras.layers.build_checks import three_sizes
from gru_ref.keras.training import regularizers

Array = NDArray[Any]
Shape = tuple[int | None, ...]

if TYPE_CHECKING:
    from gru_ref.keras.layers.quick_call import QuickCall

# No value at all: reset_states of Keras 3 refuses even None.
ABSENT: Any = object()
# What a call returns: one array, or where there are states too a list (Keras 2) or tuple (Keras 3).
Outputs: TypeAlias = Array | list[Any] | tuple[Any, ...]


class States(NamedTuple):
    """One state per cell, (batch, units) each, and whether it is in a list of its own."""

    arrays: tuple[Array, ...]
    nested: tuple[bool, ...]

    def in_lists(self) -> list[Any]:
        """Return the states, each in its list if it is in one."""
        pairs = zip(self.arrays, self.nested, strict=True)
        return [[array] if nested else array for array, nested in pairs]

    def map(self, function: Any) -> States:
        """Return the results of a function of every array, in the same containers."""
        return self._replace(arrays=tuple(map(function, self.arrays)))


def starts_from_record(
    config: GRUConfig, given: Sequence[Array] | None, recorded: Sequence[Array] | None
) -> bool:
    """Return whether a call starts from the recorded states, or from zeros if there are none."""
    if given is None or recorded is None:
        return given is None
    return quirks.recorded_state_wins(config, given, recorded)


def flatten(values: Any) -> list[Array]:
    """Return the arrays of nested lists and tuples."""
    if isinstance(values, (list, tuple)):
        return [array for value in values for array in flatten(value)]
    return [np.asarray(values)]


class SequenceLayer(BaseLayer):
    """A layer that reads a whole sequence, and may record states."""

    # Of a GRU that was called.
    _quick: QuickCall | None = None

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
    ) -> Outputs:
        """Run the layer.

        Parameters
        ----------
        x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
            Keras 2 also takes [x, initial_state].
        initial_state : optional
            Of a GRU (batch, units), or a list or tuple of it. Of a stack of cells a list or tuple
            of a state for every cell, each (batch, units) or a list of one. Of a Bidirectional a
            list or tuple of the states of the forward layer, then those of the backward layer.
            None: the recorded state if stateful, else zeros.
        mask : (batch, timesteps[, 1 or units]), optional
            True: use this timestep. time_major: (timesteps, batch, …).
        training : bool, optional
            Whether dropout acts. None is False.
        dropout_mask, recurrent_dropout_mask : optional
            The masks to use, already scaled, in the shapes that `gru_ref.keras.dropout.masks.laws`
            describes; of a stack a list of one for every cell, of a Bidirectional a list of the
            forward layer's and the backward layer's. By default those that Keras draws from the
            same seeds; without any seed, those of the system's entropy, as `reproducible` tells.
        rng : numpy.random.Generator, optional
            Draws the masks that are not passed in, instead of Keras's seeds; only in training.
        ragged_lengths : (batch,), integers, optional
            The number of timesteps of each row: x stands for a RaggedTensor (Keras 2). The output
            of return_sequences is as long as the longest row, with zeros after the end of each row.

        Returns
        -------
        array, or [output, state, …] (Keras 2), (output, state, …) (Keras 3) for return_state
            output : (batch, timesteps, units) in processing order for return_sequences, else
            (batch, units); of a Bidirectional merged, or the two for merge_mode=None. A state
            (batch, units) for every cell, of a Bidirectional the forward ones first; in a list of
            its own each where `initial_state` gave it so, and in Keras 3 wherever a stack started
            from zeros.

        Raises
        ------
        TypeError, ValueError, IndexError, AttributeError, AssertionError
            As the release of Keras raises. Weights and states do not change.

        Warns
        -----
        KerasQuirkWarning
            A quirk of the release changed the numbers.
        """
        if (
            self._quick is not None
            and mask is None
            and not training
            and dropout_mask is None
            and recurrent_dropout_mask is None
            and rng is None
            and ragged_lengths is None
        ):
            quick: Outputs | None = self._quick.run(self, x, initial_state)
            if quick is not None:
                return quick
        named = {
            "mask": mask,
            "training": training,
            "dropout_mask": dropout_mask,
            "recurrent_dropout_mask": recurrent_dropout_mask,
            "rng": rng,
            "ragged_lengths": ragged_lengths,
        }
        given = {name: value for name, value in named.items() if value is not None}
        if self._overridden_call is not None:
            return self._run_override(x, initial_state, given)
        outputs: Outputs = self.call(x, initial_state=initial_state, **given)
        return outputs

    @abc.abstractmethod
    def call(self, x: Any, *args: Any, **given: Any) -> Any:
        """Return what `__call__` does: the method that a subclass overrides, as in Keras."""

    @abc.abstractmethod
    def _run_override(self, x: Any, initial_state: Any, given: dict[str, Any]) -> Outputs:
        """Run a subclass's own `call`, with the arguments that are given.

        It gets x in the layer's dtype, as Keras hands it over, and finds the layer built; the
        penalty of the outputs is that of what it returns.
        """

    @property
    @abc.abstractmethod
    def engine(self) -> EngineName:
        """What computes the calls of the layer: "core", "numpy" or "numba".

        Setting it asks for another; None is the fastest that is installed and serves the layer.
        Calls with dropout masks or a mask of every unit are computed by the core, and so is a
        trace. The engines differ in how sums are rounded; docs/engines.md has their bounds.

        Raises
        ------
        ValueError
            When set: there is no engine of this name.
        ModuleNotFoundError
            When set: it is "numba", and Numba is not installed.

        Warns
        -----
        EngineWarning
            When set: it does not serve the layer, and another one does.
        """

    @abc.abstractmethod
    def reset_states(self, states: Any = ABSENT) -> None:
        """Set the recorded states to zeros or, in Keras 2, to `states`."""

    def reset_state(self) -> None:
        """Set the recorded states to zeros (Keras 3).

        Raises
        ------
        AttributeError
            Keras 2 has only reset_states.
        """
        if not self.behaviour.reset_state_method:
            raise AttributeError(
                f"reset_state is not in Keras {self.keras_version}, expected reset_states"
            )
        self.reset_states()


class LoopLayer(SequenceLayer):
    """A layer that runs a loop over the timesteps: GRU and RNN."""

    # What is read from the config as if it were the layer's own.
    _config_arguments: Collection[str] = ()
    # Of a stack of cells, whose states are in containers of their own.
    _stacked = False

    def __getattr__(self, name: str) -> Any:
        if name in self._config_arguments and "_config" in self.__dict__:
            return getattr(self._config, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._config_arguments:
            raise AttributeError(
                f"{name} is fixed when the layer is made, expected a new layer with "
                f"{name}={shown(value)}"
            )
        super().__setattr__(name, value)

    def _init_loop(self, engine: EngineName | None) -> None:
        """Choose the engine, and set what a layer knows of its states before it is built."""
        self._batch: int | None = None
        self._recorded: States | None = None
        self._engine = choice.default_name()
        if engine is not None:
            self._choose_engine(engine)

    @property
    def engine(self) -> EngineName:
        """What computes the calls of the layer: see `SequenceLayer.engine`."""
        return self._serving_engine().name

    @engine.setter
    def engine(self, name: EngineName | None) -> None:
        self._choose_engine(name)

    def _choose_engine(self, name: EngineName | None) -> None:
        self._engine, self._quick = choice.check_name(name), None
        serving = self._serving_engine()
        if name not in (None, serving.name):
            warn_user(
                f"engine is {name!r}, but {serving.name} computes the layer: {serving.reason}",
                EngineWarning,
            )

    def _serving_engine(self) -> Engine:
        """Return the engine that computes plain calls."""
        return serving_engine(self._engine, self._cell_configs)

    @property
    def _cell_configs(self) -> Sequence[GRUConfig]:
        """The config of every cell of the loop."""
        return [self.config]

    @abc.abstractmethod
    def _build_in_call(self, x: Array, initial_state: Any) -> None:
        """Build the layer for an input, where it is not built."""

    def _run_override(self, x: Any, initial_state: Any, given: dict[str, Any]) -> Outputs:
        config = self.config
        x, state = call_checks.split_x(x, initial_state, config, len(self._cell_configs))
        x = call_checks.x_array(x, config, self._layer_arguments.get("autocast", True))
        with self._unchanged_by_errors():
            self._build_in_call(x, state)
            if state is not None:
                given = {**given, "initial_state": state}
            outputs: Outputs = self.call(x, **given)
            self._penalize(*flatten(outputs))
        return outputs

    # ---- shapes

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: `mask` for return_sequences, else None.

        With return_state it is a list, with None for each state. `inputs` is not read, as in Keras.
        """
        if isinstance(mask, (list, tuple)):
            mask = call_checks.first_mask(mask)
        output_mask = mask if self.config.return_sequences else None
        if not self.config.return_state:
            return output_mask
        return [output_mask, *[None] * len(self._cell_configs)]

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Any:
        """Return the shape of the output, and with return_state also those of the states.

        Returns
        -------
        tuple, or [output, state, …] (Keras 2), (output, state, …) (Keras 3) of tuples
        """
        config = self.config
        shape = three_sizes(input_shape, config)
        batch, _ = config.batch_and_time(shape)
        output: Shape = (batch, config.units)
        if config.return_sequences:
            output = (*shape[:2], config.units)
        if not config.return_state:
            return output
        states = [(batch, cell.units) for cell in self._cell_configs]
        return self.behaviour.state_container((output, *states))

    def _known_batch(self, input_shape: Any, shape: Shape) -> int | None:
        """Return the batch of a shape of three sizes; a stateful layer has to know it."""
        batch, _ = self.config.batch_and_time(shape)
        if self.config.stateful and batch is None:
            raise ValueError(
                f"input_shape is {shown(input_shape)}, expected a known batch: a stateful layer "
                "keeps one state for each of its rows"
            )
        return batch

    def _sizes(self, x: Array) -> tuple[int, int]:
        """Return the batch and the timesteps of an input, whose batch is that of the states."""
        batch, timesteps = self.config.batch_and_time(x.shape)
        if self.config.stateful and self._batch not in (None, batch):
            raise ValueError(
                f"x has batch {batch}, expected {self._batch}: a stateful layer keeps one state "
                "for each row"
            )
        return batch, timesteps

    def _penalize(self, *outputs: Array) -> None:
        """Keep the penalties of what a call returns."""
        config = self.config
        self._activity_losses = regularizers.activity_penalties(
            config.identifiers["activity_regularizer"],
            outputs,
            config.behaviour,
            time_is_first=config.time_major and config.return_sequences,
        )

    # ---- states

    @property
    def states(self) -> Any:
        """The recorded states, as in Keras: in a list, or in a tuple for a stack in Keras 2.

        If no state is recorded: None for every cell, or just None in Keras 3.
        """
        recorded = self._recorded
        if recorded is None and self.behaviour.states_are_none_without_record:
            return None
        items: list[Any] = [None] * len(self._cell_configs)
        if recorded is not None:
            items = recorded.map(np.copy).in_lists()
        return tuple(items) if self._stacked and not self.behaviour.cell_state_is_list else items

    def _zeros(self, batch: int) -> States:
        """Return the states that a stateful layer records when it is built."""
        dtype = self.config.variable_dtype
        arrays = [np.zeros((batch, config.units), dtype) for config in self._cell_configs]
        return self._as_states(arrays, None)

    def _as_states(self, arrays: Sequence[Array], start: States | None) -> States:
        """Return states in the containers of those they come from; None: Keras's own zeros."""
        own = self._stacked and self.behaviour.cell_state_is_list
        nested = (own,) * len(arrays) if start is None else start.nested
        return States(tuple(arrays), nested)

    def _start_recording(self, batch: int | None) -> None:
        """Fix the batch and, if stateful, record zeros."""
        self._batch = batch
        if self.config.stateful and batch is not None:
            self._recorded = self._zeros(batch)

    def _start(self, given: States | None) -> States | None:
        """Return the states a call starts from: given, recorded, or None for zeros."""
        states = [state and state.arrays for state in (given, self._recorded)]
        return self._recorded if starts_from_record(self.config, *states) else given

    def _record(self, states: States, batch: int) -> None:
        """Record the states a call ended with, if stateful; a short call leaves the others."""
        if not self.config.stateful:
            return
        if self._recorded is None:
            self._start_recording(batch)
        assert self._recorded is not None
        before = self._recorded.arrays
        ended = tuple(
            array.astype(old.dtype) for array, old in zip(states.arrays, before, strict=False)
        )
        self._recorded = self._recorded._replace(arrays=ended + before[len(ended) :])

    def reset_states(self, states: Any = ABSENT) -> None:
        """Set the recorded states to zeros or, in Keras 2, to `states`.

        Parameters
        ----------
        states : list of (batch, units), or for one cell only (batch, units), optional

        Raises
        ------
        AttributeError
            Keras 2: the layer is not stateful.
        TypeError
            Keras 3: a state is given, even None. Keras 2: it is not an array.
        ValueError
            Keras 2: the layer is not built, or the number or a shape of the states is wrong.

        Warns
        -----
        KerasQuirkWarning
            Keras 3 cannot reset the states of a stack.
        """
        behaviour, recorded = self.behaviour, self._recorded
        if not behaviour.reset_states_takes_values:
            if states is not ABSENT:
                raise TypeError(
                    f"states is {shown(states)}, expected nothing: reset_states of Keras "
                    f"{behaviour.release} takes no values; hand initial_state to the call instead"
                )
            if recorded is None:
                return
            if any(recorded.nested) and behaviour.stack_reset_fails:
                behaviour.warn("stack_reset_fails")
        elif not self.config.stateful:
            raise AttributeError("stateful is False, expected a stateful layer")
        elif recorded is None:
            raise ValueError("the layer is not built, expected build or a call first")
        if states is None or states is ABSENT:
            self._recorded = recorded.map(np.zeros_like)
            return
        given = states if isinstance(states, (list, tuple)) else [states]
        if len(given) != len(recorded.arrays):
            raise ValueError(f"states is {len(given)} states, expected {len(recorded.arrays)}")
        arrays = []
        for value, old in zip(given, recorded.arrays, strict=True):
            if not hasattr(value, "__array__"):
                what = f"has {shown(value)}" if self._parts else f"is {shown(states)}"
                raise TypeError(f"states {what}, expected an array")
            array = np.asarray(value).astype(old.dtype)
            if array.shape != old.shape:
                raise ValueError(f"states has shape {array.shape}, expected {old.shape}")
            arrays.append(array)
        self._recorded = recorded._replace(arrays=tuple(arrays))
