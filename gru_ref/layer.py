"""GRU: Keras's shell over the functional core — construction, calls, shapes and config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref import call_arguments, keras_config, losses
from gru_ref.config import GRUConfig
from gru_ref.dropout import Masks, masks_of_call
from gru_ref.layer_arguments import check_keywords, check_values, checked_as_given
from gru_ref.loop import gru
from gru_ref.mask_streams import MaskStreams
from gru_ref.origin import Origin
from gru_ref.releases import release_of
from gru_ref.variables import CONFIG_ARGUMENTS, Variables
from gru_ref.versions import resolve
from gru_ref.weights import three_sizes

Array = NDArray[Any]
Shape = tuple[int | None, ...]


class GRU(Variables):
    """The GRU layer of Keras, in NumPy.

    Equation
    --------
    See `gru_ref.cell.gru_step` for one timestep and `gru_ref.loop.gru` for the sequence.

    Parameters
    ----------
    units, activation, …, reset_after
        Keras's own arguments, in the order of TensorFlow 2.1–2.3; see `gru_ref.config.GRUConfig`.
        By position only up to recurrent_dropout, unless keras_version is one of those.
    keras_version : str
        Which Keras to be: "2" (tf_keras), "3", "2.15.0", "3.7.0", "tf-2.3", …
    execution : "eager", "graph" or "xla"
        How that Keras would run the calls; it matters for the dropout masks alone. "graph": in a
        ``tf.function`` that holds this layer and nothing else that draws. "xla": with
        jit_compile=True, Keras 3.
    **kwargs
        What hides in Keras's own ``**kwargs``: zero_output_for_mask, dtype, seed, use_cudnn, name,
        trainable, autocast, input_shape, input_dim, and for Keras 2 batch_input_shape, batch_size,
        input_length, weights, dynamic, return_runtime, enable_caching_device, force_generator,
        rng_type.

    Raises
    ------
    TypeError, ValueError, KeyError
        As the release of Keras raises; the message names the argument.

    Source
    ------
    GRU in tf_keras/src/layers/rnn/gru.py (2.21) and keras/src/layers/rnn/gru.py (3.15.1).

    Examples
    --------
    >>> layer = GRU(2, return_state=True, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> output, state = layer(np.ones((1, 3, 1), "float32"))
    >>> output.shape, bool((output == state).all()), layer.count_params()
    ((1, 2), True, 30)
    """

    # Of a layer that gru_ref.load_layers read.
    origin: Origin | None = None

    @checked_as_given
    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        implementation: Any = 2,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        time_major: bool = False,
        reset_after: bool = True,
        *,
        keras_version: str = "2",
        execution: str = "eager",
        **kwargs: Any,
    ) -> None:
        keras_version = str(release_of(keras_version))
        given = {**locals(), **kwargs}
        behaviour = resolve(keras_version)
        check_keywords(kwargs, implementation, behaviour)
        name, trainable = kwargs.get("name"), kwargs.get("trainable", True)
        check_values(name, trainable, kwargs, behaviour)
        super().__init__(GRUConfig(**{k: v for k, v in given.items() if k in CONFIG_ARGUMENTS}))
        self.name = name or "gru"
        self.trainable = trainable
        self._layer_arguments = kwargs
        self._pending = kwargs.get("weights")
        self._mask_streams = MaskStreams(
            self.config, kwargs.get("rng_type"), kwargs.get("force_generator")
        )
        self._masks = Masks(None, None)

    def __getattr__(self, name: str) -> Any:
        if name in CONFIG_ARGUMENTS and "config" in self.__dict__:
            return getattr(self.config, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"GRU({self.config.units}, keras_version={self.keras_version!r}, name={self.name!r})"

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the features and make the weights; see `gru_ref.variables.Variables.build`."""
        first = not self.built
        if first:
            self._mask_streams.before_weights()
        super().build(input_shape)
        if first:
            self._mask_streams.after_weights()

    # ---- call

    @property
    def last_masks(self) -> Masks:
        """The dropout masks of the last call; None where it dropped nothing.

        They can be handed in again: ``layer(x, training=True, **layer.last_masks._asdict())``.
        """
        return self._masks

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
    ) -> Any:
        """Run the layer.

        Parameters
        ----------
        x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
            Keras 2 also takes [x, initial_state].
        initial_state : (batch, units), optional
            An array, or a list or tuple of one. None: the recorded state if stateful, else zeros.
        mask : (batch, timesteps[, 1 or units]), optional
            True: use this timestep. time_major: (timesteps, batch, …).
        training : bool, optional
            Whether dropout acts. None is False.
        dropout_mask, recurrent_dropout_mask : optional
            The masks to drop with, in the shapes that `gru_ref.dropout.laws` gives, already scaled.
            By default those that Keras draws from the same seeds.
        rng : numpy.random.Generator, optional
            Draws the masks that are not handed in, instead of Keras's seeds; in training only.

        Returns
        -------
        array, or [output, state] (Keras 2), (output, state) (Keras 3) for return_state
            output : (batch, timesteps, units) in processing order for return_sequences, else
            (batch, units). state : (batch, units).

        Raises
        ------
        TypeError, ValueError, IndexError, AttributeError, AssertionError
            As the release of Keras raises. Weights and state stay as they were.
        UnseededError
            The weights would be drawn without a seed; the message names the initializer.

        Warns
        -----
        KerasQuirkWarning
            A quirk of the release changed the numbers.
        """
        config = self.config
        x, initial_state = call_arguments.split_x(x, initial_state, config)
        x = call_arguments.x_array(x, config, self._layer_arguments.get("autocast", True))
        self._check_sizes(x.shape)
        batch, timesteps = x.shape[:2][:: -1 if config.time_major else 1]
        used = call_arguments.mask_array(mask, config, batch, timesteps)
        given = call_arguments.initial_state_array(initial_state, config, batch)
        given_masks = dropout_mask, recurrent_dropout_mask
        if config.use_cudnn is True and config.behaviour.use_cudnn_argument:
            raise ValueError(
                "use_cudnn is True, expected 'auto' or False: there is no cuDNN on a CPU"
            )
        with self._unchanged_by_errors():
            late = self.built and config.behaviour.weights_argument_needs_the_building_call
            if not self.built:
                self.build(x.shape)
            if self._pending is not None and late:
                config.behaviour.warn("weights_argument_needs_the_building_call")
            elif self._pending is not None:
                self.set_weights(self._pending)
            self._pending = None
            weights, start = self._known_weights(), self._start(given)
            sizes = batch, timesteps, x.shape[2], None if start is None else start.shape[0]
            self._masks = masks_of_call(
                config, training, given_masks, rng, sizes, self._mask_streams
            )
            output, state = gru(
                x, weights, config, initial_state=start, mask=used, **self._masks._asdict()
            )
            self._activity_losses = losses.of_outputs(config, output, state)
        if config.stateful:
            self._state = state.copy()
        if config.return_state:
            return config.behaviour.state_container((output, state))
        if self._layer_arguments.get("return_runtime"):
            if self._activity_losses and config.behaviour.activity_fails_with_runtime:
                config.behaviour.warn("activity_fails_with_runtime")
            return output, np.float32(config.path == "fused")
        return output

    def _start(self, given: Array | None) -> Array | None:
        """Return the state a call starts from: given, recorded, or None for zeros."""
        if self._state is None:
            return given
        if given is None:
            return self._state
        if self.config.behaviour.recorded_state_wins and self._state.any():
            if not np.array_equal(given, self._state):
                self.config.behaviour.warn("recorded_state_wins")
            return self._state
        return given

    # ---- shapes

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: `mask` for return_sequences, else None.

        With return_state it is a list, None for the state. `inputs` is not read, as in Keras.
        """
        if isinstance(mask, (list, tuple)):
            mask = call_arguments.first_mask(mask)
        output_mask = mask if self.config.return_sequences else None
        return [output_mask, None] if self.config.return_state else output_mask

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Any:
        """Return the shape of the output, and with return_state also that of the state.

        Returns
        -------
        tuple, or [output, state] (Keras 2), (output, state) (Keras 3) of tuples
        """
        shape = three_sizes(input_shape, self.config)
        units = self.config.units
        batch = shape[1] if self.config.time_major else shape[0]
        output: Shape = (*shape[:2], units) if self.config.return_sequences else (batch, units)
        if not self.config.return_state:
            return output
        return self.config.behaviour.state_container((output, (batch, units)))

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        return keras_config.to_keras(self.config, self.name, self.trainable, self._layer_arguments)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, keras_version: str | None = None) -> GRU:
        """Build a layer from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Parameters
        ----------
        config : mapping
        keras_version : str, optional
            Which Keras wrote it; by default recognised by its keys.

        Raises
        ------
        ValueError
            The generation cannot be recognised, or an argument is wrong.
        """
        version = keras_version or keras_config.generation_of(config)
        return cls(**keras_config.from_keras(config, resolve(version)), keras_version=version)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> GRU:
        """Take over a live Keras GRU: its config, weights, recorded state and generation.

        Keras itself is not imported: everything comes from the layer's own methods.

        Parameters
        ----------
        layer : keras.layers.GRU, tf_keras.layers.GRU or tf.keras.layers.GRU
        keras_version : str, optional
            By default the version of the package that the layer's class comes from.

        Raises
        ------
        TypeError
            `layer` has no get_config and get_weights.
        """
        version, arguments, weights, state = keras_config.read_layer(layer, keras_version)
        made = cls(**arguments, keras_version=version)
        if weights:
            batch = None if state is None else state.shape[0]
            features = int(weights[0].shape[0])
            made.build(
                (None, batch, features) if made.config.time_major else (batch, None, features)
            )
            made.set_weights(weights)
        if state is not None:
            made._state = np.array(state, made.config.dtype)
        made._mask_streams.continue_as(layer)
        return made
