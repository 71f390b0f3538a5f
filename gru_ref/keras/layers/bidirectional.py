"""Bidirectional: Keras's wrapper that runs a layer in both directions and merges the outputs."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gru_ref.engines.choice import ENGINES, EngineName
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers import call_checks, ragged
from gru_ref.keras.layers.base import BaseLayer, PartMasks, WrapperLayer
from gru_ref.keras.layers.constructor_checks import LayerKeywords
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.loop_layer import ABSENT, Outputs, SequenceLayer
from gru_ref.keras.layers.rnn import RNN
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
from gru_ref.keras.ledger import Behaviour, resolve
from gru_ref.keras.serialization import from_keras, nested_configs

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from gru_ref.provenance import Provenance

Array = NDArray[Any]
MergeMode: TypeAlias = Literal["sum", "mul", "ave", "concat"] | None

MERGE_MODES = ("sum", "mul", "ave", "concat", None)
_LAYERS = {"GRU": GRU, "RNN": RNN}


class Bidirectional(SequenceLayer, WrapperLayer):
    """The Bidirectional layer of Keras around a GRU or an RNN of GRU cells, in NumPy.

    Equation
    --------
    With y the forward layer's output and y_back the backward layer's, reversed into the order of
    the input for return_sequences::

        concat: [y, y_back]     sum: y + y_back     ave: (y + y_back) / 2
        mul: y ∘ y_back         None: y and y_back

    Parameters
    ----------
    layer : GRU or RNN
        Both layers are made from its config, so its weights, and attributes that a config does not
        hold, are not used.
    merge_mode : "sum", "mul", "ave", "concat" or None
    weights : list, optional
        Accepted but not used, as in every Keras.
    backward_layer : GRU or RNN, optional
        Used as it is.
    engine : "core", "numpy" or "numba", optional
        As for `gru_ref.GRU`, of both layers; by default each computes as the layer given for it.
    **kwargs
        name, trainable, dtype, ….

    Attributes
    ----------
    forward_layer, backward_layer : GRU or RNN
        Both have zero_output_for_mask if and only if they return sequences.

    Raises
    ------
    TypeError, ValueError, KeyError
        As the release of Keras raises; the message names the argument.

    Warns
    -----
    KerasQuirkWarning
        The release forgets an argument of the layer, or ignores the weights.

    Source
    ------
    Bidirectional in tf_keras/src/layers/rnn/bidirectional.py (2.21) and
    keras/src/layers/rnn/bidirectional.py (3.15.1).

    Examples
    --------
    >>> ones = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
    >>> layer = Bidirectional(GRU(2, return_sequences=True, **ones), merge_mode="sum")
    >>> layer(np.ones((1, 3, 1), "float32")).shape, layer.count_params()
    ((1, 3, 2), 60)
    """

    # Of a layer that gru_ref.load_layers read.
    provenance: Provenance | None = None

    def __init__(
        self,
        layer: Any,
        merge_mode: MergeMode = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        *,
        engine: EngineName | None = None,
        **kwargs: Unpack[LayerKeywords],
    ) -> None:
        for argument, value in (("layer", layer), ("backward_layer", backward_layer)):
            missing = argument == "backward_layer" and value is None
            if not (missing or isinstance(value, BaseLayer)):
                raise ValueError(f"{argument} is {shown(value)}, expected a GRU or an RNN")
        _check_merge_mode(merge_mode)
        _check_layers(layer, backward_layer)
        behaviour = layer.config.behaviour
        forward, backward = _two_layers(layer, backward_layer)
        given_backward = None
        if backward_layer is not None:
            given_backward = nested_configs.serialize(backward_layer, behaviour)
        self._hold(layer, forward, backward, given_backward, merge_mode=merge_mode, **kwargs)
        _rename(forward, backward, backward_layer is not None)
        if engine is not None:
            self.engine = engine
        none = weights is None or (isinstance(weights, (list, tuple)) and not weights)
        if not none and behaviour.bidirectional_ignores_weights:
            behaviour.warn("bidirectional_ignores_weights")

    def _hold(
        self,
        layer: Any,
        forward: Any,
        backward: Any,
        given_backward: Any,
        *,
        merge_mode: str | None,
        **kwargs: Any,
    ) -> None:
        """Take the two layers that run.

        Parameters
        ----------
        layer : GRU or RNN
            The one that was given.
        given_backward : dict, optional
            The backward layer that was given, serialized.
        """
        config: GRUConfig = layer.config
        self.layer = layer
        self.forward_layer, self.backward_layer = forward, backward
        self._given_backward = given_backward
        if config.behaviour.bidirectional_is_as_trainable_as_its_layer:
            kwargs = {"trainable": layer.trainable, **kwargs}
        super().__init__([forward, backward], config, "bidirectional", kwargs)
        for one in (forward, backward):
            one.change_loop(zero_output_for_mask=config.return_sequences)
        self.merge_mode = merge_mode

    @classmethod
    def from_layers(
        cls,
        forward: GRU | RNN,
        backward: GRU | RNN,
        merge_mode: str | None = "concat",
        *,
        given_backward: bool = False,
        **kwargs: Any,
    ) -> Bidirectional:
        """Return the wrapper of two built layers that run as they are: with their own weights.

        Parameters
        ----------
        forward, backward : GRU or RNN
            `forward_layer` and `backward_layer`.
        merge_mode, **kwargs
            As for `Bidirectional`.
        given_backward : bool
            Whether `backward` was given as backward_layer; else it was made from `forward`.

        Raises
        ------
        ValueError
            The two layers cannot be of one Bidirectional, or there is no such merge_mode.
        """
        _check_merge_mode(merge_mode)
        _check_layers(forward, backward)
        _check_pair(forward, backward)
        behaviour = forward.behaviour
        original, written = forward, None
        if behaviour.config_has_keras_2_keys:
            original = copy.copy(forward)  # its name is another
            original.name = forward.name.removeprefix("forward_")
            if given_backward:
                written = nested_configs.serialize(backward, behaviour)
                written["config"]["name"] = backward.name.removeprefix("backward_")
        made = cls.__new__(cls)
        made._hold(original, forward, backward, written, merge_mode=merge_mode, **kwargs)
        made._built = forward.built and backward.built
        return made

    @property
    def config(self) -> GRUConfig:
        """The config of the forward layer."""
        config: GRUConfig = self.forward_layer.config
        return config

    @property
    def engine(self) -> EngineName:
        """What computes the calls of both layers: see `SequenceLayer.engine`.

        The slower, where two layers that differ are computed by two engines.
        """
        names = {self.forward_layer.engine, self.backward_layer.engine}
        return next(name for name in reversed(ENGINES) if name in names)

    @engine.setter
    def engine(self, name: EngineName | None) -> None:
        self.forward_layer.engine = self.backward_layer.engine = name

    @property
    def stateful(self) -> bool:
        """Whether both layers are stateful."""
        return self.config.stateful

    @property
    def return_sequences(self) -> bool:
        """Whether both layers return sequences."""
        return self.config.return_sequences

    @property
    def return_state(self) -> bool:
        """Whether both layers return their states."""
        return self.config.return_state

    def change_loop(self, **values: Any) -> None:
        """Set arguments of the loop of both layers, as `gru_ref.GRU.change_loop` does."""
        for layer in (self.forward_layer, self.backward_layer):
            layer.change_loop(**values)
            layer.change_loop(zero_output_for_mask=layer.config.return_sequences)

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}({self.layer}, merge_mode={self.merge_mode!r}, name={self.name!r})"

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build both layers; see `gru_ref.GRU.build`."""
        with self._unchanged_by_errors():
            for layer in (self.forward_layer, self.backward_layer):
                if not (layer.built and self.behaviour.bidirectional_copies_are_built):
                    layer.build(input_shape)
            self._built, self._build_config = True, {"input_shape": tuple(input_shape)}

    # ---- call

    @property
    def last_masks(self) -> PartMasks:
        """The dropout masks of the last call, each a list of the forward and backward masks."""
        pairs = zip(self.forward_layer.last_masks, self.backward_layer.last_masks, strict=True)
        return PartMasks(*map(list, pairs))

    def _run_override(self, x: Any, initial_state: Any, given: dict[str, Any]) -> Outputs:
        own = self.config.changed(dtype=self.dtype)
        count = len(x) if isinstance(x, list) else 0
        x, state = call_checks.split_x(x, initial_state, own, count)
        x = call_checks.x_array(x, own, self._layer_arguments.get("autocast", True))
        with self._unchanged_by_errors():
            if not self.built:
                self.build(x.shape)
            if state is not None:
                given = {**given, "initial_state": state}
            outputs: Outputs = self.call(x, **given)
        return outputs

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
        behaviour = self.behaviour
        own = self.config.changed(dtype=self.dtype)
        count = len(x) if isinstance(x, list) else 0  # of too many states the layers complain
        x, initial_state = call_checks.split_x(x, initial_state, own, count)
        x = call_checks.x_array(x, own, self._layer_arguments.get("autocast", True))
        halves = _split_states(initial_state, behaviour)
        given = [
            _mask_pair(name, masks)
            for name, masks in (
                ("dropout_mask", dropout_mask),
                ("recurrent_dropout_mask", recurrent_dropout_mask),
            )
        ]
        shared = {"mask": mask, "training": training, "rng": rng, "ragged_lengths": ragged_lengths}
        results = []
        with self._unchanged_by_errors():
            if not self.built:
                self.build(x.shape)
            for number, layer in enumerate((self.forward_layer, self.backward_layer)):
                masks = {
                    "dropout_mask": given[0][number],
                    "recurrent_dropout_mask": given[1][number],
                }
                results.append(layer(x, halves[number], **shared, **masks))
            states: list[Any] = []
            if self.return_state:
                states = [state for result in results for state in result[1:]]
                results = [result[0] for result in results]
            if behaviour.bidirectional_output_is_cast:
                results = [result.astype(own.compute_dtype) for result in results]
            if self.return_sequences:
                results[1] = ragged.reverse_in_time(results[1], ragged_lengths, own)
            merged = _merge(results[0], results[1], self.merge_mode)
        if self.return_state and self.stateful and behaviour.bidirectional_state_mask_fails:
            behaviour.warn("bidirectional_state_mask_fails")
        if self.merge_mode is None or states:
            outputs = merged if self.merge_mode is None else [merged]
            return behaviour.state_container([*outputs, *states])
        return merged

    # ---- state

    @property
    def states(self) -> Any:
        """The recorded states of both layers (Keras 3); None for a state that is not recorded.

        Raises
        ------
        AttributeError
            Keras 2 does not have this attribute.
        """
        if not self.behaviour.bidirectional_has_states:
            raise AttributeError(
                f"states is not in Bidirectional of Keras {self.keras_version}, expected "
                "forward_layer.states and backward_layer.states"
            )
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return (*forward, *backward) if forward and backward else None

    def reset_states(self, states: Any = ABSENT) -> None:
        """Set the recorded states to zeros or, in Keras 2, to `states`.

        Parameters
        ----------
        states : list, optional
            The forward states, then the backward ones.

        Raises
        ------
        AttributeError
            The layers are not stateful.
        TypeError
            Keras 3: a state is given.
        ValueError
            Keras 2: the states are not a list, or their number or a shape is wrong.
        """
        if self.behaviour.reset_states_takes_values and not self.stateful:
            raise AttributeError("stateful is False, expected a stateful layer")
        forward = backward = states
        if self.behaviour.reset_states_takes_values and states is not None and states is not ABSENT:
            if not isinstance(states, (list, tuple)):
                raise ValueError(f"states is {shown(states)}, expected a list of states")
            half = len(states) // 2
            forward, backward = states[:half], states[half:]
        with self._unchanged_by_errors():
            self.forward_layer.reset_states(forward)
            self.backward_layer.reset_states(backward)
        if not self.stateful:
            raise AttributeError("stateful is False, expected a stateful layer")

    # ---- shapes

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: `mask` for return_sequences, else None.

        For two outputs it is a list (Keras 2) or tuple (Keras 3). With return_state there is a None
        for every state, which Keras 3 leaves out unless the layer is stateful and built.
        """
        if isinstance(mask, list):
            mask = call_checks.first_mask(mask)
        behaviour = self.behaviour
        output_mask = mask if self.return_sequences else None
        masks = [output_mask] * (2 if self.merge_mode is None else 1)
        with_states = self.return_state
        if behaviour.bidirectional_has_states:
            with_states = with_states and self.states is not None
            if with_states and behaviour.bidirectional_state_mask_fails:
                behaviour.warn("bidirectional_state_mask_fails")
        if with_states:
            count = len(self.forward_layer.states)
            return behaviour.state_container([*masks, *[None] * (2 * count)])
        return behaviour.state_container(masks) if self.merge_mode is None else output_mask

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Any:
        """Return the shapes of the outputs, both taken from the forward layer, as in Keras.

        Returns
        -------
        tuple, or a list (Keras 2) or tuple (Keras 3) of tuples
        """
        shape = self.forward_layer.compute_output_shape(input_shape)
        states: list[Any] = []
        if self.return_state:
            shape, *states = shape
        if self.merge_mode == "concat":
            shape = (*shape[:-1], 2 * shape[-1])
        container = self.behaviour.state_container
        if self.merge_mode is None:
            return container([shape, shape, *states, *states])
        return container([shape, *states, *states]) if self.return_state else shape

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments under the keys that the release's own get_config uses."""
        behaviour = self.behaviour
        if behaviour.config_has_keras_2_keys:
            forward, backward = self.layer, self._given_backward
        else:
            forward = self.forward_layer
            backward = nested_configs.serialize(self.backward_layer, behaviour)
        pair = {
            "layer": nested_configs.serialize(forward, behaviour),
            "merge_mode": self.merge_mode,
        }
        if behaviour.merge_mode_before_layer:
            pair = {name: pair[name] for name in ("merge_mode", "layer")}
        if backward is not None or not behaviour.config_has_keras_2_keys:
            pair["backward_layer"] = backward
        return self._config_start() | pair

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        keras_version: str | None = None,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> Bidirectional:
        """Build the layer from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Parameters
        ----------
        config, keras_version, custom_objects
            As for `gru_ref.RNN.from_config`; classes of layers too.

        Raises
        ------
        KeyError
            There is no "layer".
        ValueError, TypeError
            As `gru_ref.GRU.from_config`.
        """
        arguments = nested_configs.outer_arguments(config, "layer", "backward_layer")
        classes = {**_LAYERS, **(custom_objects or {})}
        layer = nested_configs.read_layer(
            config["layer"], classes, "layer", keras_version, custom_objects
        )
        backward = config.get("backward_layer")
        if backward is not None:
            version = layer.keras_version
            backward = nested_configs.read_layer(
                backward, classes, "backward_layer", version, custom_objects
            )
        return cls(layer, backward_layer=backward, **arguments)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> Bidirectional:
        """Take over a live Keras Bidirectional: its config, both layers and generation.

        Raises
        ------
        TypeError
            `layer` is not a live Bidirectional of Keras, or it wraps neither a GRU nor an RNN of
            GRU cells.
        """
        version = from_keras.release_of(layer, "Bidirectional", keras_version)
        behaviour = resolve(version)
        forward, backward = (
            from_keras.read_part(one, _LAYERS, "a layer of the Bidirectional", version)
            for one in (layer.forward_layer, layer.backward_layer)
        )
        arguments = from_keras.arguments_of(layer, behaviour, "layer")
        given_backward, original = arguments.pop("backward_layer", None), forward
        if behaviour.config_has_keras_2_keys:
            original = from_keras.read_part(layer.layer, _LAYERS, "layer.layer", version)
        made = cls.__new__(cls)
        made._hold(original, forward, backward, given_backward, **arguments)
        made._take_build(layer)
        return made


def _check_merge_mode(merge_mode: Any) -> None:
    if merge_mode not in MERGE_MODES:
        raise ValueError(f"merge_mode is {shown(merge_mode)}, expected one of {MERGE_MODES}")


def _check_layers(layer: Any, backward: Any) -> None:
    """Check that the two layers are of a class and a release that go together.

    Raises
    ------
    KeyError (Keras 2), TypeError (Keras 3)
        One is neither a GRU nor an RNN.
    ValueError
        They are of two releases.
    """
    for argument, one in (("layer", layer), ("backward_layer", backward)):
        if one is not None and not isinstance(one, (GRU, RNN)):
            raise one.behaviour.not_a_sequence_layer_error(
                f"{argument} is {shown(one)}, expected a GRU or an RNN"
            )
    if backward is not None and backward.config.behaviour is not layer.config.behaviour:
        raise ValueError(
            f"backward_layer is of Keras {backward.keras_version}, expected "
            f"{layer.keras_version} as layer is"
        )


def _two_layers(layer: Any, backward: Any) -> tuple[Any, Any]:
    """Return the forward and the backward layer.

    Raises
    ------
    ValueError
        As `_check_pair`, or the layer's config cannot be read again.
    """
    behaviour: Behaviour = layer.config.behaviour
    forward = _copy_layer(layer, layer.config.go_backwards)
    if backward is None:
        go_backwards = not layer.config.go_backwards if behaviour.backward_is_opposite else True
        backward = _copy_layer(layer, go_backwards)
    if behaviour.use_cudnn_argument and isinstance(layer, GRU):
        forward.change_loop(use_cudnn=layer.config.use_cudnn)
        backward.change_loop(use_cudnn=layer.config.use_cudnn)
    _check_pair(forward, backward)
    return forward, backward


def _check_pair(forward: Any, backward: Any) -> None:
    """Check that two layers run as the two of one Bidirectional.

    Raises
    ------
    ValueError
        They go in the same direction, or differ in stateful, return_sequences or return_state.
    """
    if forward.config.go_backwards == backward.config.go_backwards:
        raise ValueError(
            f"go_backwards is {forward.config.go_backwards} of both layers, expected another of "
            "backward_layer than of layer"
        )
    for name in ("stateful", "return_sequences", "return_state"):
        ours, theirs = getattr(forward.config, name), getattr(backward.config, name)
        if ours != theirs:
            raise ValueError(f"{name} of backward_layer is {theirs}, expected {ours} as of layer")


def _copy_layer(layer: Any, go_backwards: bool) -> Any:
    """Return a new layer of the same config, built where the release builds it."""
    behaviour: Behaviour = layer.config.behaviour
    config = _with_execution(layer.get_config(), layer.config.execution)
    config["go_backwards"] = go_backwards
    implementations = _implementations(layer)
    again = type(layer).from_config(
        config, keras_version=layer.keras_version, **_custom_objects(layer)
    )
    again._engine = layer._engine
    if not behaviour.implementation_in_config and _implementations(again) != implementations:
        behaviour.warn("implementation_in_config", f"implementation={implementations}")
    if behaviour.bidirectional_copies_are_built and layer.build_config is not None:
        nested_configs.build(again, layer.build_config, "layer")
    elif behaviour.build_config_in_config and isinstance(layer, RNN):
        _build_cells(layer, again)
    return again


def _custom_objects(layer: Any) -> dict[str, dict[str, Any]]:
    """Return the keyword that `from_config` needs for the cells of a class of the user's."""
    inner = {type(cell) for cell in (layer.cell, *layer.cells)} if isinstance(layer, RNN) else set()
    own = {cls.__name__: cls for cls in inner - {GRUCell, StackedRNNCells}}
    return {"custom_objects": own} if own else {}


def _build_cells(layer: RNN, again: RNN) -> None:
    """Build the cells of a new RNN as those of the old one are, the stack of them too."""
    for old, new in zip((*layer.cells, layer.cell), (*again.cells, again.cell), strict=True):
        if old.build_config is not None and not new.built:
            nested_configs.build(new, old.build_config, "cell")


def _implementations(layer: Any) -> list[Any]:
    """Return the argument of the layer, or of its cells."""
    cells = layer.cells if isinstance(layer, RNN) else [layer]
    return [cell.config.implementation for cell in cells]


def _with_execution(config: Any, execution: str) -> Any:
    """Return a config whose GRU, or whose cells, run as the layer's."""
    if isinstance(config, list):
        return [_with_execution(item, execution) for item in config]
    if not isinstance(config, dict):
        return copy.copy(config)
    made = {key: _with_execution(value, execution) for key, value in config.items()}
    return made | {"execution": execution} if "units" in config else made


def _rename(forward: Any, backward: Any, given: bool) -> None:
    """Give both layers the names that the release gives them."""
    behaviour: Behaviour = forward.config.behaviour
    if behaviour.backward_is_opposite:
        forward.name, backward.name = f"forward_{forward.name}", f"backward_{backward.name}"
        return
    forward.name = f"forward_{forward.name.removeprefix('forward_')}"
    if not given:
        backward.name = f"backward_{backward.name.removeprefix('backward_')}"


def _split_states(given: Any, behaviour: Behaviour) -> tuple[Any, Any]:
    """Return the initial states of the forward and of the backward layer.

    Raises
    ------
    IndexError
        Keras 2: an empty list.
    ValueError
        Keras 2: not an even number.
    """
    if given is None:
        return None, None
    if behaviour.initial_state_array_is_split:
        if not isinstance(given, (list, tuple)):
            if not hasattr(given, "__len__"):
                raise TypeError(f"initial_state is {shown(given)}, expected a list of states")
            behaviour.warn("initial_state_array_is_split")
        half = len(given) // 2
        return given[:half], given[half:]
    states = list(given) if isinstance(given, (list, tuple)) else [given]
    if not states:
        raise IndexError(f"initial_state is {shown(given)}, expected the states of both layers")
    if len(states) % 2:
        raise ValueError(f"initial_state has {len(states)} states, expected an even number")
    half = len(states) // 2
    return states[:half], states[half:]


def _mask_pair(argument: str, masks: Any) -> Sequence[Any]:
    """Return the dropout masks of the two layers.

    Raises
    ------
    ValueError
        There are not two.
    """
    if masks is None:
        return None, None
    if not isinstance(masks, (list, tuple)) or len(masks) != 2:
        raise ValueError(
            f"{argument} is {shown(masks)}, expected a list of the forward and the backward one"
        )
    return masks


def _merge(y: Array, y_back: Array, mode: str | None) -> Any:
    """Return the two outputs as `merge_mode` merges them, or both.

    Raises
    ------
    ValueError
        They have different units, for another mode than concat and None.
    """
    if mode is None:
        return [y, y_back]
    if mode == "concat":
        return np.concatenate([y, y_back], axis=-1)
    if y.shape[-1] != y_back.shape[-1] and 1 not in (y.shape[-1], y_back.shape[-1]):
        raise ValueError(
            f"backward_layer has {y_back.shape[-1]} units, expected {y.shape[-1]} for merge_mode="
            f"{mode!r}"
        )
    if mode == "mul":
        return y * y_back
    total = y + y_back
    return total if mode == "sum" else total / total.dtype.type(2)
