"""What a Bidirectional keeps between calls: its two layers, and their recorded states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.identifiers import dtype_name
from gru_ref.keras.layers import directions
from gru_ref.keras.layers.variables import ABSENT, Variables
from gru_ref.keras.layers.wrapper_base import Composite
from gru_ref.keras.serialization import nested_configs

MERGE_MODES = ("sum", "mul", "ave", "concat", None)


class BothDirections(Composite):
    """The forward and the backward layer, with Keras's methods for their states."""

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        for argument, value in (("layer", layer), ("backward_layer", backward_layer)):
            missing = argument == "backward_layer" and value is None
            if not (missing or isinstance(value, (Variables, Composite))):
                raise ValueError(f"{argument} is {shown(value)}, expected a GRU or an RNN")
        if merge_mode not in MERGE_MODES:
            raise ValueError(f"merge_mode is {shown(merge_mode)}, expected one of {MERGE_MODES}")
        directions.check(layer, backward_layer)
        behaviour = layer.config.behaviour
        forward, backward = directions.made(layer, backward_layer)
        given_backward = None
        if backward_layer is not None:
            given_backward = nested_configs.serialized(backward_layer, behaviour)
        directions.rename(forward, backward, backward_layer is not None)
        self._hold(layer, forward, backward, given_backward, merge_mode=merge_mode, **kwargs)
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
        for one in (forward, backward):
            directions.change(one, zero_output_for_mask=config.return_sequences)
        if config.behaviour.bidirectional_is_as_trainable_as_its_layer:
            kwargs = {"trainable": layer.trainable, **kwargs}
        super().__init__([forward, backward], config, kwargs)
        self.name = self.name or "bidirectional"
        self.dtype = dtype_name(kwargs.get("dtype") or "float32", config.behaviour)
        self.merge_mode = merge_mode

    @property
    def config(self) -> GRUConfig:
        """What the forward layer was asked for."""
        config: GRUConfig = self.forward_layer.config
        return config

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

    def __repr__(self) -> str:
        return f"Bidirectional({self.layer}, merge_mode={self.merge_mode!r}, name={self.name!r})"

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build both layers; see `gru_ref.GRU.build`."""
        with self._unchanged_by_errors():
            for layer in (self.forward_layer, self.backward_layer):
                if not (layer.built and self.behaviour.bidirectional_copies_are_built):
                    layer.build(input_shape)
            self._built, self._build_config = True, {"input_shape": tuple(input_shape)}

    # ---- state

    @property
    def states(self) -> Any:
        """The recorded states of both layers (Keras 3), None without one.

        Raises
        ------
        AttributeError
            Keras 2 does not have it.
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
            Keras 2: the states are no list, or of another number or shape.
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

    def reset_state(self) -> None:
        """Set the recorded states to zeros (Keras 3).

        Raises
        ------
        AttributeError
            Keras 2 has reset_states alone; or the layers are not stateful.
        """
        if not self.behaviour.reset_state_method:
            raise AttributeError(
                f"reset_state is not in Keras {self.keras_version}, expected reset_states"
            )
        self.reset_states()
