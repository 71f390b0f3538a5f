"""GRU: Keras's layer around `gru_ref.keras.functional.gru`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Moment
from gru_ref.engines.choice import EngineName
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.dropout.masks import Masks, call_masks
from gru_ref.keras.dropout.streams import MaskStreams
from gru_ref.keras.functional import CellCall, Result, stacked_gru
from gru_ref.keras.layers import call_checks, ragged
from gru_ref.keras.layers.base import CONFIG_ARGUMENTS, LeafLayer
from gru_ref.keras.layers.build_checks import call_build_config, three_sizes
from gru_ref.keras.layers.constructor_checks import (
    ActivationArgument,
    Execution,
    GRUKeywords,
    KerasVersion,
    check_call,
    check_keywords,
    gru_keywords,
)
from gru_ref.keras.layers.loop_layer import LoopLayer
from gru_ref.keras.layers.quick_call import QuickCall
from gru_ref.keras.layers.reproducibility import Reproducibility
from gru_ref.keras.ledger import resolve
from gru_ref.keras.ledger.releases import release_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from gru_ref.keras.layers.trace import Trace
    from gru_ref.provenance import Provenance

Array = NDArray[Any]
G = TypeVar("G", bound="GRU")


class GRU(LoopLayer, LeafLayer):
    """The GRU layer of Keras, in NumPy.

    Equation
    --------
    See `gru_ref.core.step.gru_step` for a timestep, `gru_ref.core.loop.run_cells` for a sequence.

    Parameters
    ----------
    units, activation, …, reset_after
        Keras's own arguments, in the order of TensorFlow 2.1–2.3; see
        `gru_ref.keras.config.GRUConfig`.
        By position only up to recurrent_dropout, unless keras_version is one of those.
    keras_version : str
        The Keras to imitate: "2" (tf_keras), "3", "2.15.0", "3.7.0", "tf-2.3", …
    execution : "eager", "graph" or "xla"
        How that Keras would run the calls; it only affects the dropout masks. "graph": in a
        ``tf.function`` that holds this layer and nothing else that draws. "xla": with
        jit_compile=True, Keras 3.
    engine : "core", "numpy" or "numba", optional
        What computes the calls; see `engine`. By default the one that the environment variable
        GRU_REF_ENGINE names, or the fastest.
    **kwargs
        Arguments in Keras's own ``**kwargs``: zero_output_for_mask, dtype, seed, use_cudnn, name,
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

    _config_arguments = CONFIG_ARGUMENTS
    # Of a layer that gru_ref.load_layers read.
    provenance: Provenance | None = None

    @check_call
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
        keras_version: KerasVersion = "2",
        execution: Execution = "eager",
        engine: EngineName | None = None,
        **kwargs: Unpack[GRUKeywords],
    ) -> None:
        keras_version = str(release_of(keras_version))
        given = {**locals(), **kwargs}
        behaviour = resolve(keras_version)
        keywords = dict(kwargs)
        if implementation != 2 and not behaviour.implementation_argument:
            keywords["implementation"] = implementation
        check_keywords(keywords, gru_keywords(behaviour), "GRU", behaviour)
        config = GRUConfig(**{k: v for k, v in given.items() if k in CONFIG_ARGUMENTS})
        super().__init__(config, "gru", kwargs)
        self._init_loop(engine)
        self._pending = kwargs.get("weights")
        self._mask_streams = MaskStreams(
            config, kwargs.get("rng_type"), kwargs.get("force_generator")
        )
        self._masks = Masks(None, None)

    def __repr__(self) -> str:
        name = type(self).__name__
        units, version = self.config.units, self.keras_version
        return f"{name}({units}, keras_version={version!r}, name={self.name!r})"

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the features (and, if stateful, the batch) and make the weights.

        Without a seed the weights are drawn from the system's entropy: see `reproducible`.

        Parameters
        ----------
        input_shape : (batch, timesteps, features)
            time_major: (timesteps, batch, features). None where a size is not known.

        Raises
        ------
        TypeError
            No shape; in Keras 2 features that are not a size.
        IndexError
            Fewer than two sizes; in Keras 2 a list of sizes.
        ValueError
            Not three sizes, or stateful without a batch, or other features than the layer is built
            for. In Keras 3 features that are not a size.
        """
        shape = three_sizes(input_shape, self.config)
        features = self._known_features(input_shape, shape)
        batch = self._known_batch(input_shape, shape)
        with self._unchanged_by_errors():
            if not self.built:
                self._mask_streams.before_weights()
                self._make_weights(features)
                self._mask_streams.after_weights()
            self._build_config = {"input_shape": shape}
            self._start_recording(batch)

    def change_loop(self, **values: Any) -> None:
        """Set arguments of the loop, as Bidirectional does."""
        self._config = self._config.changed(**values)

    @property
    def reproducible(self) -> Reproducibility:
        """Whether a seed gives the weights and the dropout masks again, and if not, why."""
        return self._reproducibility(self._mask_streams.unrepeatable(self.config))

    # ---- call

    @property
    def last_masks(self) -> Masks:
        """The dropout masks of the last call; None where it dropped nothing.

        They can be passed in again: ``layer(x, training=True, **layer.last_masks._asdict())``.
        """
        return self._masks

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
        """Return what `__call__` does: the method that a subclass overrides, as in Keras.

        Parameters
        ----------
        x
            In the layer's dtype where a subclass overrides this method.
        initial_state, mask, training, dropout_mask, recurrent_dropout_mask, rng, ragged_lengths
            By name alone, for the generations order them differently. `__call__` passes on those
            that it is given, so an override needs no others.

        Examples
        --------
        >>> class Doubled(GRU):
        ...     def call(self, x, **given):
        ...         return 2 * super().call(x, **given)
        >>> ones = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
        >>> x = np.ones((1, 3, 1), "float32")
        >>> bool((Doubled(2, **ones)(x) == 2 * GRU(2, **ones)(x)).all())
        True
        """
        config = self.config
        masks = dropout_mask, recurrent_dropout_mask
        output, state = self._run(
            x, initial_state, mask, training, masks, rng, ragged_lengths=ragged_lengths
        )
        if config.return_state:
            return config.behaviour.state_container((output, state))
        if self._layer_arguments.get("return_runtime"):
            if self._activity_losses and config.behaviour.activity_fails_with_runtime:
                config.behaviour.warn("activity_fails_with_runtime")
            return output, np.float32(config.path == "fused")
        return output

    def trace(
        self,
        x: Any,
        initial_state: Any = None,
        *,
        mask: Any = None,
        training: Any = None,
        dropout_mask: Any = None,
        recurrent_dropout_mask: Any = None,
        rng: np.random.Generator | None = None,
    ) -> Trace:
        """Run the layer, as a call does, and return everything that each timestep computes.

        Parameters, errors and effects are those of a call: it records the state of a stateful
        layer, and draws masks. A class that overrides `call` is refused with a TypeError.

        Returns
        -------
        Trace
            ``trace.output[-1]`` is the call's output as the core computes it; with
            return_sequences, ``trace.output`` is.

        Examples
        --------
        >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
        >>> trace = layer.trace(np.ones((1, 3, 1), "float32"))
        >>> trace.z.shape, float(trace.z[0, 0, 0])  # timesteps first; sigmoid(1)
        ((3, 1, 2), 0.7310585975646973)
        """
        from gru_ref.keras.layers.trace import stack_record  # not cheap, for its pages

        self.check_own_call("the trace of a plain GRU")
        record: list[Moment] = []
        masks = dropout_mask, recurrent_dropout_mask
        self._run(x, initial_state, mask, training, masks, rng, record)
        return stack_record(record)

    def _run(
        self,
        x: Any,
        initial_state: Any,
        mask: Any,
        training: Any,
        given_masks: tuple[Any, Any],
        rng: np.random.Generator | None,
        record: list[Moment] | None = None,
        ragged_lengths: Any = None,
    ) -> Result:
        """Check the arguments of a call and run the loop; return the output and the state."""
        config = self.config
        x, initial_state = call_checks.split_x(x, initial_state, config)
        x = call_checks.x_array(x, config, self._layer_arguments.get("autocast", True))
        x, mask = ragged.pad(x, ragged_lengths, mask, config)
        config = ragged.call_config(config, ragged_lengths)
        if self._features is not None and x.shape[2] != self._features:
            raise ValueError(f"x has shape {x.shape}, expected {self._features} features")
        batch, timesteps = self._sizes(x)
        used = call_checks.mask_array(mask, config, batch, timesteps)
        given = call_checks.initial_state_array(initial_state, config, batch, self.built)
        if config.use_cudnn is True and config.behaviour.use_cudnn_argument:
            raise ValueError(
                "use_cudnn is True, expected 'auto' or False: there is no cuDNN on a CPU"
            )
        with self._unchanged_by_errors():
            self._build_in_call(x, None if given is None else initial_state)
            states = self._start(None if given is None else self._as_states([given], None))
            start = None if states is None else states.arrays[0]
            weights = self._known_weights()
            sizes = batch, timesteps, x.shape[2], None if start is None else start.shape[0]
            self._masks = call_masks(config, training, given_masks, rng, sizes, self._mask_streams)
            cell = CellCall(weights, config, start, *self._masks)
            output, (state,) = stacked_gru(x, [cell], mask=used, record=record, engine=self._engine)
            result = Result(ragged.rows_first(output, ragged_lengths, config), state)
            self._penalize(*(result if config.return_state else result[:1]))
            self._record(self._as_states([result.state], None), batch)
        if self._quick is None or not self._quick.is_current(self):
            self._quick = QuickCall(self) if QuickCall.serves(self) else None
        return result

    def _build_in_call(self, x: Array, initial_state: Any) -> None:
        behaviour = self.behaviour
        late = self.built and behaviour.weights_argument_needs_the_building_call
        if not self.built:
            self.build(x.shape)
            if initial_state is not None and behaviour.build_config_has_states:
                self._build_config = call_build_config(x.shape, initial_state)
        if self._pending is not None and late:
            behaviour.warn("weights_argument_needs_the_building_call")
        elif self._pending is not None:
            self.set_weights(self._pending)
        self._pending = None

    # ---- state

    @property
    def recorded_state(self) -> Array | None:
        """The recorded state of a stateful layer, (batch, units); None without one."""
        return None if self._recorded is None else self._recorded.arrays[0].copy()

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        from gru_ref.keras.serialization import gru_config

        rng_type = self._mask_streams.rng_type
        return gru_config.layer_config(
            self.config, self.name, self.trainable, self._layer_arguments, rng_type
        )

    @classmethod
    def from_config(
        cls: type[G],
        config: Mapping[str, Any],
        *,
        keras_version: str | None = None,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> G:
        """Build a layer from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Parameters
        ----------
        config : mapping
        keras_version : str, optional
            The Keras that wrote it; by default recognised by the keys.
        custom_objects : mapping, optional
            Name → function or class, of what is not Keras's own: as in Keras's
            ``custom_object_scope``. The names are those in the config.

        Raises
        ------
        ValueError
            The generation cannot be recognised, or an argument is wrong.
        """
        from gru_ref.keras.serialization import gru_config

        version = str(release_of(keras_version or gru_config.generation_of(config)))
        arguments = gru_config.constructor_arguments(config, resolve(version), custom_objects)
        return cls(**arguments | {"keras_version": version})

    @classmethod
    def from_keras(cls: type[G], layer: Any, *, keras_version: str | None = None) -> G:
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
            `layer` is not a live GRU of Keras, or is of a class that overrides a method which
            computes, such as `call`.
        ValueError
            It has weights that a GRU does not have.

        Notes
        -----
        The sequence of dropout masks continues where the live layer's stands, in Keras 3, and in
        Keras 2 for a layer with a seed. Any other layer of Keras 2 draws from TensorFlow's global
        seed: seed both again, with ``set_random_seed`` here and in Keras, or pass masks in. The
        state of a ``tf.random.Generator`` of Keras 2 is not known. If the inner cell is frozen,
        so is the layer.
        """
        from gru_ref.keras.serialization import from_keras

        made = from_keras.read_without_weights(cls, "GRU", layer, keras_version)
        made._take_live_weights(layer)
        if states := from_keras.states_of(layer):
            made._record(made._as_states(states, None), len(states[0]))
        if not getattr(getattr(layer, "cell", None), "trainable", True):
            made.trainable = False  # the weights are the cell's
        made._mask_streams.continue_as(layer)
        return made
