"""Bidirectional: Keras's wrapper that runs a layer in both directions and merges the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru_ref.keras.layers import call_checks, directions, ragged
from gru_ref.keras.layers.both_directions import BothDirections
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.rnn import RNN
from gru_ref.keras.layers.wrapper_base import PartMasks
from gru_ref.keras.ledger import resolve
from gru_ref.keras.serialization import from_keras, nested_configs

_LAYERS = {"GRU": GRU, "RNN": RNN}


class Bidirectional(BothDirections):
    """The Bidirectional layer of Keras around a GRU or an RNN of GRU cells, in NumPy.

    Equation
    --------
    With y the forward layer's output and y_back the backward layer's, put back into the order of
    the input for return_sequences::

        concat: [y, y_back]     sum: y + y_back     ave: (y + y_back) / 2
        mul: y ∘ y_back         None: y and y_back

    Parameters
    ----------
    layer : GRU or RNN
        Made anew from its config twice: its weights and what a config does not hold are left
        behind.
    merge_mode : "sum", "mul", "ave", "concat" or None
    weights : list, optional
        Taken and not used, as in every Keras.
    backward_layer : GRU or RNN, optional
        Used itself.
    **kwargs
        name, trainable, dtype, ….

    Attributes
    ----------
    forward_layer, backward_layer : GRU or RNN
        Both have zero_output_for_mask where they return sequences, and not where they do not.

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

    # ---- call

    @property
    def last_masks(self) -> PartMasks:
        """The dropout masks of the last call, each a list of the forward and the backward one."""
        pairs = zip(self.forward_layer.last_masks, self.backward_layer.last_masks, strict=True)
        return PartMasks(*map(list, pairs))

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
        """Run both layers.

        Parameters
        ----------
        x, mask, training, rng, ragged_lengths
            As for `gru_ref.GRU`.
        initial_state : list or tuple, optional
            The states of the forward layer, then those of the backward layer.
        dropout_mask, recurrent_dropout_mask : optional
            A list of the forward layer's and the backward layer's.

        Returns
        -------
        array, or a list (Keras 2) or tuple (Keras 3) of arrays
            The merged output, or the two for merge_mode=None; then, for return_state, the forward
            and the backward states.

        Raises
        ------
        TypeError, ValueError, IndexError, AttributeError, AssertionError
            As the release of Keras raises. Weights and states stay as they were.

        Warns
        -----
        KerasQuirkWarning
            A quirk of the release changed the numbers.
        """
        behaviour = self.behaviour
        own = self.config.changed(dtype=self.dtype)
        count = len(x) if isinstance(x, list) else 0  # of too many states the layers complain
        x, initial_state = call_checks.split_x(x, initial_state, own, count)
        x = call_checks.x_array(x, own, self._layer_arguments.get("autocast", True))
        halves = directions.split_states(initial_state, behaviour)
        given = [
            directions.pair(name, masks)
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
                results[1] = ragged.reversed_in_time(results[1], ragged_lengths, own)
            merged = directions.merge(results[0], results[1], self.merge_mode)
        if self.return_state and self.stateful and behaviour.bidirectional_state_mask_fails:
            behaviour.warn("bidirectional_state_mask_fails")
        if self.merge_mode is None or states:
            outputs = merged if self.merge_mode is None else [merged]
            return behaviour.state_container([*outputs, *states])
        return merged

    # ---- shapes

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: `mask` for return_sequences, else None.

        Of two outputs a list (Keras 2) or tuple (Keras 3); for return_state with None for every
        state, which Keras 3 leaves out unless the layer is stateful and built.
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
        """Return the shapes of the outputs, both from the forward layer's as in Keras.

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
            backward = nested_configs.serialized(self.backward_layer, behaviour)
        written = nested_configs.serialized(forward, behaviour)
        return nested_configs.of_bidirectional(self, self.merge_mode, written, backward)

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, keras_version: str | None = None
    ) -> Bidirectional:
        """Build the layer from what ``get_config()`` of any Keras, or of gru_ref, returned.

        Raises
        ------
        KeyError
            There is no "layer".
        ValueError, TypeError
            As `gru_ref.GRU.from_config`.
        """
        arguments = nested_configs.arguments_of(config, "layer", "backward_layer")
        layer = nested_configs.read(config["layer"], _LAYERS, "layer", keras_version)
        backward = config.get("backward_layer")
        if backward is not None:
            version = layer.keras_version
            backward = nested_configs.read(backward, _LAYERS, "backward_layer", version)
        return cls(layer, backward_layer=backward, **arguments)

    @classmethod
    def from_keras(cls, layer: Any, *, keras_version: str | None = None) -> Bidirectional:
        """Take over a live Keras Bidirectional: its config, both layers and generation.

        Raises
        ------
        TypeError
            `layer` is no live Bidirectional of Keras, or around neither a GRU nor an RNN of GRU
            cells.
        """
        from_keras.check(layer, "Bidirectional")
        version = keras_version or from_keras.version_of(layer)
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
        made._built, made._build_config = bool(layer.built), from_keras.build_config_of(layer)
        return made
