"""Activations: which names and layers there are, and how they round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.keras.ledger.row import Changes, row, topic

# Class → the parameters of its config, with their defaults.
_LAYERS_3: Mapping[str, Mapping[str, Any]] = {
    "ReLU": {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    "LeakyReLU": {"negative_slope": 0.3},
    "ELU": {"alpha": 1.0},
    "Softmax": {"axis": -1},
}
_LAYERS_2: Mapping[str, Mapping[str, Any]] = {
    **_LAYERS_3,
    "LeakyReLU": {"alpha": 0.3},
    "ThresholdedReLU": {"theta": 1.0},
}


@topic
class ActivationRows:
    """Activations: which names and layers there are, and how they round."""

    layer_activations_need_float32: bool = row(
        keras_2=True,
        keras_3=False,
        source="activations.get resolves names of layers, whose own dtype is floatx; TF 2.5 on, measured",
        quirk="Keras raises where a layer's name is the activation in float64; computed as documented",
    )
    activation_layers: Mapping[str, Mapping[str, Any]] = row(
        keras_2=Changes({1: {}, 5: _LAYERS_2}),
        keras_3=Changes({0: {}, 10: _LAYERS_3}),
        source="activations.get given the dict of a layer, TF 2.4 and 2.5, Keras 3.9.2 and 3.10.0, measured",
    )
    activation_layers_need_module: bool = row(
        keras_2=False,
        keras_3=True,
        source="activations.get({'class_name': 'LeakyReLU', …}), TF 2.5–2.21 and Keras 3.10.0–3.15.1, measured",
    )
    activation_layers_round_to_float32: bool = row(
        keras_2=True,
        keras_3=False,
        source="ReLU, LeakyReLU, ELU and ThresholdedReLU in float64, tf_keras 2.21 and Keras 3.15.1, measured: their parameters",
    )
    activation_dict_error: type[Exception] = row(
        keras_2=Changes({1: ValueError}),  # both, or mypy takes this class for the type
        keras_3=Changes({0: ValueError, 10: TypeError}),
        source="activations.get given the dict of an unknown function, TF 2.15, tf_keras 2.21, Keras 3.0.5–3.15.1, measured",
    )
    activation_function_dicts: bool = row(
        keras_2=Changes({1: False, 13: True}),
        keras_3=True,
        source="activations.get given {'class_name': 'function', …}, TF 2.12 and 2.15, Keras 3.0.5–3.15.1, measured, and Keras 2.13, read",
    )
