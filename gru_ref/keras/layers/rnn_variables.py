"""What an RNN keeps between calls: its cells, and their recorded states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.laws import Masks
from gru_ref.keras.identifiers import dtype_name
from gru_ref.keras.layers import rnn_states
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
from gru_ref.keras.layers.variables import ABSENT
from gru_ref.keras.layers.weight_checks import known_features, three_sizes
from gru_ref.keras.layers.wrapper_base import Composite
from gru_ref.keras.training import regularizers

Array = NDArray[Any]

_LOOP_ARGUMENTS = (
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "time_major",
    "zero_output_for_mask",
)


class RNNVariables(Composite):
    """The cells and the recorded states of one RNN, with Keras's methods for them."""

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        if not isinstance(cell, (GRUCell, StackedRNNCells)):
            raise ValueError(
                f"cell is {shown(cell)}, expected a GRUCell, StackedRNNCells or a list of GRUCell"
            )
        self.cell = cell
        self.cells = cell.cells if isinstance(cell, StackedRNNCells) else (cell,)
        last = self.cells[-1].config
        also = ["zero_output_for_mask", "activity_regularizer"]
        if last.behaviour.time_major_argument:
            also.append("time_major")
        super().__init__([cell], last, kwargs, also)
        self.name = self.name or "rnn"
        self.dtype = dtype_name(kwargs.get("dtype") or "float32", last.behaviour)
        if self.dtype != last.dtype:
            raise ValueError(
                f"dtype is {self.dtype} and that of the cell {last.dtype}, expected the same"
            )
        self.activity_regularizer = kwargs.get("activity_regularizer")
        regularizers.resolve(self.activity_regularizer, last.behaviour, "activity_regularizer")
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
        }
        self._configs = [cell.config.changed(**loop) for cell in self.cells]
        self._config = self._configs[-1]
        self._batch: int | None = None
        self._recorded: rnn_states.States | None = None
        self._used_masks: list[Masks] = []
        self._activity_losses: list[Array] = []

    @property
    def config(self) -> GRUConfig:
        """What the loop is asked for, and the last cell."""
        return self._config

    def __getattr__(self, name: str) -> Any:
        if name in _LOOP_ARGUMENTS and "_config" in self.__dict__:
            return getattr(self._config, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"RNN({self.cell}, name={self.name!r})"

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build the cells; see `gru_ref.GRU.build`."""
        config = self._config
        shape = three_sizes(input_shape, config)
        features = known_features(shape, config)
        batch = shape[1] if config.time_major else shape[0]
        if config.stateful and batch is None:
            raise ValueError(
                f"input_shape is {shown(input_shape)}, expected a known batch: a stateful layer "
                "keeps one state for each of its rows"
            )
        if self.cell.built:
            self._check_features(features)
        else:
            self.cell.build((batch, features))
        self._batch, self._built, self._build_config = batch, True, {"input_shape": shape}
        if config.stateful and batch is not None:
            self._recorded = rnn_states.zeros(self._configs, batch, stacked=self._stacked)

    def change_loop(self, **values: Any) -> None:
        """Set arguments of the loop, as Bidirectional does."""
        self._configs = [config.changed(**values) for config in self._configs]
        self._config = self._configs[-1]

    @property
    def _stacked(self) -> bool:
        return isinstance(self.cell, StackedRNNCells)

    def _check_features(self, features: int) -> None:
        for number, cell in enumerate(self.cells):
            expected = cell.weight_shapes()["kernel"][0]
            if features != expected:
                what = f"what enters cell {number}" if number else "x"
                raise ValueError(f"{what} has {features} features, expected {expected}, as built")
            features = cell.units

    def _own_activity_losses(self) -> list[Array]:
        return list(self._activity_losses)

    # ---- state

    @property
    def states(self) -> Any:
        """The recorded states of a stateful layer, in the containers of the release."""
        return rnn_states.listed(
            self._recorded, len(self.cells), self.behaviour, stacked=self._stacked
        )

    def reset_states(self, states: Any = ABSENT) -> None:
        """Set the recorded states to zeros or, in Keras 2, to `states`.

        Parameters
        ----------
        states : list of (batch, units), or of one cell that alone, optional

        Raises
        ------
        AttributeError, TypeError, ValueError
            As `gru_ref.GRU.reset_states`.

        Warns
        -----
        KerasQuirkWarning
            Keras 3 cannot reset the states of a stack.
        """
        self._recorded = rnn_states.reset(self._recorded, states, self._config)

    def reset_state(self) -> None:
        """Set the recorded states to zeros (Keras 3).

        Raises
        ------
        AttributeError
            Keras 2 has reset_states alone.
        """
        if not self.behaviour.reset_state_method:
            raise AttributeError(
                f"reset_state is not in Keras {self.keras_version}, expected reset_states"
            )
        self.reset_states()
