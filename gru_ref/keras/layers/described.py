"""What a layer says of itself without a call, its shapes and its config, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.dropout.streams import MaskStreams
from gru_ref.keras.layers import call_checks
from gru_ref.keras.layers.variables import Variables
from gru_ref.keras.layers.weight_checks import three_sizes
from gru_ref.keras.ledger import resolve
from gru_ref.keras.serialization import from_keras, gru_config

Shape = tuple[int | None, ...]
D = TypeVar("D", bound="Described")


class Described(Variables):
    """The part of `gru_ref.GRU` that computes no timestep."""

    name: str
    _layer_arguments: Mapping[str, Any]
    _mask_streams: MaskStreams

    # ---- shapes

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: `mask` for return_sequences, else None.

        With return_state it is a list, None for the state. `inputs` is not read, as in Keras.
        """
        if isinstance(mask, (list, tuple)):
            mask = call_checks.first_mask(mask)
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
        return gru_config.to_keras(self.config, self.name, self.trainable, self._layer_arguments)

    @classmethod
    def from_config(
        cls: type[D], config: Mapping[str, Any], *, keras_version: str | None = None
    ) -> D:
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
        version = keras_version or gru_config.generation_of(config)
        arguments = gru_config.from_keras(config, resolve(version))
        return cls(**arguments | {"keras_version": version})

    @classmethod
    def from_keras(cls: type[D], layer: Any, *, keras_version: str | None = None) -> D:
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
            `layer` is no live GRU of Keras.
        ValueError
            It has weights that a GRU has not.

        Notes
        -----
        Its dropout masks go on where they stand: those of Keras 3, and in Keras 2 those of a layer
        with a seed. Any other layer of Keras 2 draws from TensorFlow's global seed, which is not
        the layer's: seed both again, ``set_random_seed`` here and there, or hand masks in. Where a
        ``tf.random.Generator`` of Keras 2 stands is not known. Where the cell within is frozen,
        the layer is.
        """
        made = from_keras.without_weights(cls, "GRU", layer, keras_version)
        if weights := from_keras.weights_of(layer):
            made.take_weights(GRUWeights(*weights))
            made._build_config = from_keras.build_config_of(layer)
        if states := from_keras.states_of(layer):
            made._batch = states[0].shape[0]
            made._state = states[0].astype(made.config.variable_dtype)
        if not getattr(getattr(layer, "cell", None), "trainable", True):
            made.trainable = False  # the weights are the cell's
        made._mask_streams.continue_as(layer)
        return made
