"""GRUCell: Keras's layer for one timestep, alone or as the cell of an RNN."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.masks import CellMasks
from gru_ref.keras.dropout.streams import MaskStreams
from gru_ref.keras.functional import CellCall
from gru_ref.keras.layers.base import CONFIG_ARGUMENTS, LeafLayer
from gru_ref.keras.layers.constructor_checks import (
    ActivationArgument,
    CellKeywords,
    Execution,
    KerasVersion,
    cell_keywords,
    check_keywords,
)
from gru_ref.keras.layers.reproducibility import Reproducibility
from gru_ref.keras.ledger import resolve
from gru_ref.keras.ledger.releases import release_of
from gru_ref.keras.serialization import from_keras, gru_config

if TYPE_CHECKING:
    from typing_extensions import Unpack

Array = NDArray[Any]


class GRUCell(LeafLayer):
    """The GRUCell layer of Keras, in NumPy.

    Equation
    --------
    See `gru_ref.core.step.gru_step`.

    Parameters
    ----------
    units, activation, …, reset_after, seed
        Keras's own arguments, in its order; see `gru_ref.keras.config.GRUConfig`. Keras 2 itself
        takes seed only by name.
    keras_version, execution : str
        As for `gru_ref.GRU`.
    **kwargs
        implementation, name, trainable, dtype, autocast, input_shape, input_dim, and for Keras 2
        batch_input_shape, batch_size, input_length, dynamic, enable_caching_device,
        force_generator, rng_type.

    Raises
    ------
    TypeError, ValueError, KeyError
        As the release of Keras raises; the message names the argument.

    Source
    ------
    GRUCell in tf_keras/src/layers/rnn/gru.py (2.21) and keras/src/layers/rnn/gru.py (3.15.1).

    Examples
    --------
    >>> cell = GRUCell(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> output, states = cell(np.ones((1, 3), "float32"), [np.zeros((1, 2), "float32")])
    >>> output.shape, bool((output == states[0]).all()), cell.state_size
    ((1, 2), True, 2)
    """

    def __init__(
        self,
        units: int,
        activation: ActivationArgument = "tanh",
        recurrent_activation: ActivationArgument = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: Any = None,
        *,
        keras_version: KerasVersion = "2",
        execution: Execution = "eager",
        **kwargs: Unpack[CellKeywords],
    ) -> None:
        keras_version = str(release_of(keras_version))
        given = {**locals(), **kwargs}
        behaviour = resolve(keras_version)
        keywords = kwargs if seed is None else {**kwargs, "seed": seed}
        check_keywords(keywords, cell_keywords(behaviour), "GRUCell", behaviour)
        config = GRUConfig(**{k: v for k, v in given.items() if k in CONFIG_ARGUMENTS})
        # No cell runs a fused path, or tries cuDNN.
        config = config.changed(path="loop", use_cudnn=False)
        super().__init__(config, "gru_cell", kwargs)
        self.masks = CellMasks(
            MaskStreams(
                config, kwargs.get("rng_type"), kwargs.get("force_generator"), for_cell=True
            )
        )

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}({self.units}, keras_version={self.keras_version!r}, name={self.name!r})"

    @property
    def units(self) -> int:
        """Size of the state."""
        return self.config.units

    @property
    def state_size(self) -> int:
        """Size of the state, as RNN asks for it."""
        return self.config.units

    @property
    def output_size(self) -> int:
        """Size of the output, equal to that of the state."""
        return self.config.units

    @property
    def reproducible(self) -> Reproducibility:
        """Whether a seed gives the weights and the dropout masks again, and if not, why."""
        return self._reproducible_around(self.config)

    def _reproducible_around(self, config: GRUConfig) -> Reproducibility:
        """Return what `reproducible` is of the cell in a layer of this config."""
        return self._reproducibility(self.masks.streams.unrepeatable(config))

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the features and make the weights.

        Parameters
        ----------
        input_shape : (batch, features)
            Only the last size counts, as in Keras.

        Raises
        ------
        TypeError, IndexError
            `input_shape` is not a sequence, or is empty.
        ValueError
            The features are not known, or not those that the cell is built for.
        """
        try:
            sizes = tuple(input_shape)
        except TypeError:
            raise TypeError(
                f"input_shape is {shown(input_shape)}, expected (batch, features)"
            ) from None
        if not sizes:
            raise IndexError(f"input_shape is {shown(input_shape)}, expected (batch, features)")
        shape = None, None, sizes[-1]
        features = self._known_features(shape, shape)
        with self._unchanged_by_errors():
            if not self.built:
                self.masks.streams.before_weights()
                self._make_weights(features)
            self._build_config = {"input_shape": sizes}

    @contextlib.contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        kept = self.masks.kept
        try:
            with super()._unchanged_by_errors():
                yield
        except BaseException:
            self.masks.keep(kept)
            raise

    def __call__(
        self,
        inputs: Any,
        states: Any,
        *,
        training: Any = None,
        dropout_mask: Any = None,
        recurrent_dropout_mask: Any = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, Any]:
        """Compute one timestep.

        Parameters
        ----------
        inputs : (batch, features)
        states : (batch, units), or a list or tuple of it
            The batch may be 1.
        training : bool, optional
            Whether dropout acts. None is False.
        dropout_mask, recurrent_dropout_mask, rng : optional
            As for `gru_ref.GRU`.

        Returns
        -------
        output, states
            (batch, units), and the same as the new state: in a list where `states` was one.

        Raises
        ------
        TypeError, ValueError, IndexError, AttributeError
            As the release of Keras raises. Weights stay as they were.

        Warns
        -----
        KerasQuirkWarning
            The cell drops with the masks of an earlier call: see `reset_dropout_mask`.
        """
        named = {
            "training": training,
            "dropout_mask": dropout_mask,
            "recurrent_dropout_mask": recurrent_dropout_mask,
            "rng": rng,
        }
        given = {name: value for name, value in named.items() if value is not None}
        if self._overridden_call is None:
            return self.call(inputs, states, **given)
        x = self._array("inputs", inputs, self.behaviour.inputs_are_cast)
        with self._unchanged_by_errors():
            if not self.built:
                self.build(x.shape)
            output, new_states = self.call(x, states, **given)
        return output, new_states

    def call(
        self,
        inputs: Any,
        states: Any,
        *,
        training: Any = None,
        dropout_mask: Any = None,
        recurrent_dropout_mask: Any = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, Any]:
        """Return what `__call__` does: the method that a subclass overrides; see `GRU.call`."""
        config = self.config
        nested = isinstance(states, (list, tuple))
        if nested and not states:
            raise IndexError(f"states is {shown(states)}, expected one state")
        x = self._array("inputs", inputs, config.behaviour.inputs_are_cast)
        h = self._array("states", states[0] if nested else states, False)
        if self._features is not None and x.shape[1] != self._features:
            raise ValueError(f"inputs has shape {x.shape}, expected {self._features} features")
        if h.shape[1] != config.units or h.shape[0] not in (1, x.shape[0]):
            raise ValueError(f"states has shape {h.shape}, expected {(x.shape[0], config.units)}")
        with self._unchanged_by_errors():
            if not self.built:
                self.build(x.shape)
            weights = self._known_weights()
            given = dropout_mask, recurrent_dropout_mask
            sizes = x.shape[0], 1, x.shape[1], h.shape[0]
            masks = self.masks.step_masks(config, training, given, rng, sizes)
            new = CellCall(weights, config, None, *masks).core_cell(1).step_at(0, x, h).h
        return new, [new] if nested else new

    def _array(self, name: str, value: Any, cast: bool) -> Array:
        """Return the input or the state in the config's dtype."""
        config = self.config
        if not hasattr(value, "__array__"):
            raise config.behaviour.state_type_error(f"{name} is {shown(value)}, expected an array")
        array = np.asarray(value)
        other = array.dtype != config.compute_dtype
        uncast = name == "states" and not config.behaviour.initial_state_is_cast
        uncast |= not self._layer_arguments.get("autocast", True)
        if dtype_kind(array.dtype) not in ("fiub" if cast else "f") or (other and uncast):
            raise TypeError(f"{name} has dtype {array.dtype}, expected {config.compute_dtype}")
        if array.ndim != 2:
            raise ValueError(f"{name} has shape {array.shape}, expected two dimensions")
        return array.astype(config.compute_dtype)

    def reset_dropout_mask(self) -> None:
        """Forget the input mask of earlier calls, so that the next call in training draws one."""
        self.masks.forget("dropout")

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the recurrent mask of earlier calls, as `reset_dropout_mask` does the input's."""
        self.masks.forget("recurrent_dropout")

    def get_initial_state(
        self, inputs: Any = None, batch_size: int | None = None, dtype: Any = None
    ) -> Any:
        """Return zeros as the state: an array (Keras 2), or a list of one (Keras 3).

        Parameters
        ----------
        inputs : (batch, features), optional
            In Keras 2, instead of batch_size and dtype; Keras 3 takes only batch_size.

        Raises
        ------
        TypeError
            Keras 3: inputs or dtype is given.
        ValueError
            The batch is not known; in Keras 2 the dtype is not.
        """
        config = self.config
        if not config.behaviour.cell_state_is_list:
            if inputs is not None:
                array = np.asarray(inputs)
                batch_size, dtype = array.shape[0], array.dtype
            if batch_size is None or dtype is None:
                raise ValueError(
                    f"batch_size is {batch_size} and dtype is {dtype}, expected both, or inputs"
                )
            return np.zeros((batch_size, config.units), dtype)
        if inputs is not None or dtype is not None:
            raise TypeError(
                f"inputs is {shown(inputs)} and dtype is {shown(dtype)}, expected batch_size alone"
            )
        if batch_size is None:
            raise ValueError("batch_size is None, expected a number of rows")
        return [np.zeros((batch_size, config.units), config.compute_dtype)]

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        rng_type = self.masks.streams.rng_type
        return gru_config.layer_config(
            self.config, self.name, self.trainable, self._layer_arguments, rng_type, for_cell=True
        )

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        keras_version: str | None = None,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> GRUCell:
        """Build a cell from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Raises
        ------
        ValueError, TypeError
            As `gru_ref.GRU.from_config`.
        """
        version = keras_version or gru_config.generation_of(config)
        arguments = gru_config.constructor_arguments(
            config, resolve(version), custom_objects, for_cell=True
        )
        return cls(**arguments, keras_version=version)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> GRUCell:
        """Take over a live Keras GRUCell: as `gru_ref.GRU.from_keras`, and the masks it keeps.

        Raises
        ------
        TypeError
            `layer` is not a live GRUCell of Keras.
        """
        made = from_keras.read_without_weights(cls, "GRUCell", layer, keras_version)
        made._take_live_weights(layer)
        by_gate = made.config.mask_per_gate
        made.masks.keep(from_keras.cell_masks_of(layer, by_gate=by_gate))
        made.masks.streams.continue_as(layer)
        return made
