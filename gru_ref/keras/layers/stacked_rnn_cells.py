"""StackedRNNCells: several cells, run in order inside each timestep, as one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind, numpy_dtype
from gru_ref.errors import shown
from gru_ref.keras.identifiers import compute_dtype_name
from gru_ref.keras.layers.base import WrapperLayer
from gru_ref.keras.layers.constructor_checks import StackKeywords
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.ledger import resolve
from gru_ref.keras.serialization import from_keras, nested_configs

if TYPE_CHECKING:
    from typing_extensions import Unpack

Array = NDArray[Any]


class StackedRNNCells(WrapperLayer):
    """The StackedRNNCells layer of Keras, for GRU cells, in NumPy.

    Equation
    --------
    The output of each cell is the input of the next; see `gru_ref.core.loop.run_cells`.

    Parameters
    ----------
    cells : list or tuple of GRUCell
        All of the same Keras release.
    **kwargs
        name, trainable, dtype, and in Keras 2 reverse_state_order.

    Raises
    ------
    TypeError
        `cells` is not a list.
    ValueError
        One of them is not a GRUCell, or has another release than the first; or as the release of
        Keras raises.

    Source
    ------
    tf_keras/src/layers/rnn/stacked_rnn_cells.py (2.21) and
    keras/src/layers/rnn/stacked_rnn_cells.py (3.15.1).

    Examples
    --------
    >>> cells = StackedRNNCells([GRUCell(3), GRUCell(5)])
    >>> cells.state_size, cells.output_size
    ((3, 5), 5)
    """

    def __init__(self, cells: Sequence[GRUCell], **kwargs: Unpack[StackKeywords]) -> None:
        if not isinstance(cells, (list, tuple)):
            raise TypeError(f"cells is {shown(cells)}, expected a list of GRUCell")
        if not cells:
            raise ValueError(f"cells is {shown(cells)}, expected at least one GRUCell")
        for cell in cells:
            if not isinstance(cell, GRUCell):
                raise ValueError(f"cells has {shown(cell)}, expected a GRUCell in every place")
        first = cells[0].config
        super().__init__(
            cells,
            first,
            "stacked_rnn_cells",
            kwargs,
            reverse_state_order=first.behaviour.reverse_state_order_argument,
        )
        for cell in cells:
            if cell.config.behaviour is not first.behaviour:
                raise ValueError(
                    f"cells has one of Keras {cell.keras_version}, expected {self.keras_version} "
                    "in every place"
                )
        self.cells = tuple(cells)
        if kwargs.get("reverse_state_order"):
            sizes = [cell.units for cell in cells]
            if len(set(sizes)) > 1:
                raise ValueError(
                    f"reverse_state_order is True and the cells have the sizes {sizes}, expected "
                    "one size: Keras hands the last cell's state to the first"
                )
            self.behaviour.warn("reverse_state_order_argument")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.cells)}, name={self.name!r})"

    @property
    def state_size(self) -> Any:
        """The sizes of the cells' states: a tuple (Keras 2), a list (Keras 3)."""
        return self.behaviour.state_size_container(cell.units for cell in self.cells)

    @property
    def output_size(self) -> int:
        """Size of the output, equal to that of the last cell's output."""
        size: int = self.cells[-1].units
        return size

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build the cells.

        Parameters
        ----------
        input_shape : (batch, features)

        Raises
        ------
        TypeError, IndexError, ValueError
            As `gru_ref.GRUCell.build`.
        """
        shape = tuple(input_shape)
        with self._unchanged_by_errors():
            for cell in self.cells:
                if not cell.built:
                    cell.build(shape)
                shape = (shape[0], cell.units)
            self._built, self._build_config = True, {"input_shape": tuple(input_shape)}

    def __call__(self, inputs: Any, states: Any, *, training: Any = None) -> tuple[Array, Any]:
        """Compute one timestep.

        Parameters
        ----------
        inputs : (batch, features)
        states : list or tuple
            A state for every cell, each (batch, units), or a list of one.
        training : bool, optional
            Whether dropout acts.

        Returns
        -------
        output, states
            (batch, units) of the last cell, and the new states, each in the form of its old one in
            Keras 3.

        Raises
        ------
        ValueError
            Keras 2: there are not as many states as cells.
        TypeError, ValueError, IndexError
            As `gru_ref.GRUCell`.
        """
        given = {} if training is None else {"training": training}
        if self._overridden_call is None:
            return self.call(inputs, states, **given)
        with self._unchanged_by_errors():
            if not self.built and hasattr(inputs, "__array__"):
                self.build(np.asarray(inputs).shape)
            output, new_states = self.call(self._cast(inputs), states, **given)
        return output, new_states

    def call(self, inputs: Any, states: Any, *, training: Any = None) -> tuple[Array, Any]:
        """Return what `__call__` does: the method that a subclass overrides; see `GRU.call`."""
        if not isinstance(states, (list, tuple)):
            raise TypeError(f"states is {shown(states)}, expected a list of a state for every cell")
        behaviour = self.behaviour
        if len(states) != len(self.cells):
            if not behaviour.short_states_run_fewer_cells:
                raise ValueError(f"states has {len(states)}, expected {len(self.cells)}")
            behaviour.warn("short_states_run_fewer_cells", f"{len(states)} states were given")
        new_states = []
        with self._unchanged_by_errors():
            if not self.built and hasattr(inputs, "__array__"):  # else the first cell complains
                self.build(np.asarray(inputs).shape)
            inputs = self._cast(inputs)
            for cell, state in zip(self.cells, states, strict=False):
                if behaviour.initial_state_is_cast:
                    state = self._cast(state)
                inputs, new = cell(inputs, state, training=training)
                new_states.append(new)
        if behaviour.cell_state_is_list:
            return inputs, new_states[0] if len(new_states) == 1 else new_states
        flat = [new[0] if isinstance(new, list) else new for new in new_states]
        return inputs, tuple(flat)

    def _cast(self, values: Any) -> Any:
        """Return floating arrays, within lists too, in the dtype in which the stack computes."""
        if isinstance(values, (list, tuple)):
            return type(values)(map(self._cast, values))
        if not hasattr(values, "__array__") or not self._layer_arguments.get("autocast", True):
            return values
        array = np.asarray(values)
        dtype = numpy_dtype(compute_dtype_name(self.dtype))
        return array.astype(dtype) if dtype_kind(array.dtype) == "f" else array

    def get_initial_state(
        self, inputs: Any = None, batch_size: int | None = None, dtype: Any = None
    ) -> Any:
        """Return zeros for every cell; see `gru_ref.GRUCell.get_initial_state`."""
        made = [cell.get_initial_state(inputs, batch_size, dtype) for cell in self.cells]
        return self.behaviour.state_size_container(made)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        cells = [nested_configs.serialize(cell, self.behaviour) for cell in self.cells]
        return self._config_start() | {"cells": cells}

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        keras_version: str | None = None,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> StackedRNNCells:
        """Build the stack from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Parameters
        ----------
        config, keras_version, custom_objects
            As for `gru_ref.RNN.from_config`.

        Raises
        ------
        KeyError
            There is no "cells".
        ValueError, TypeError
            As `gru_ref.GRU.from_config`.
        """
        arguments = nested_configs.outer_arguments(config, "cells")
        if not isinstance(config["cells"], (list, tuple)):
            raise TypeError(f"cells is {shown(config['cells'])}, expected a list of cells")
        classes = {"GRUCell": GRUCell, **(custom_objects or {})}
        cells = [
            nested_configs.read_layer(cell, classes, "cells", keras_version, custom_objects)
            for cell in config["cells"]
        ]
        return cls(cells, **arguments)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> StackedRNNCells:
        """Take over live Keras StackedRNNCells and every cell, as `gru_ref.GRUCell.from_keras`.

        Raises
        ------
        TypeError
            `layer` is not a live StackedRNNCells of Keras, or one of its cells is not a GRUCell.
        ValueError
            gru_ref refuses its arguments.
        """
        version = from_keras.release_of(layer, "StackedRNNCells", keras_version)
        taken: dict[int, GRUCell] = {}  # a cell may stand in several places
        for number, cell in enumerate(layer.cells):
            if id(cell) not in taken:
                what = f"cell {number} of the stack"
                taken[id(cell)] = from_keras.read_part(cell, {"GRUCell": GRUCell}, what, version)
        arguments = from_keras.arguments_of(layer, resolve(version), "cells")
        made = cls([taken[id(cell)] for cell in layer.cells], **arguments)
        made._take_build(layer)
        return made
