"""Activations: which names and layers there are, and how they round.

The tables list each name with the minors from which it stands for which function; a minor stands
for its last patch. Functions are named as in `gru_ref.core` and `gru_ref.keras.activations.variants`.

Notes
-----
The same name is not always the same function:

- hard_sigmoid has slope 0.2 in Keras 2 and 1/6 in Keras 3.
- leaky_relu has slope 0.2, the layer LeakyReLU 0.3, both rounded to float32 in float64 layers too.
- gelu rounds a constant to float32; which one depends on the release. Keras 3.0.0, and Keras 3.3.3
  and later, take it from TensorFlow, whose formula changed in 2.19.
- sparsemax is wrong in Keras 3.8 to 3.15.1 (`sparsemax_3_8`);
  `gru_ref.core.piecewise_activations.sparsemax` is the right one.

Until TensorFlow 2.9 every global of Keras's own activations module resolves, including modules and
strings ('nn', 'backend', '__name__'). Of the callable ones Layer (TensorFlow 2.5 to 2.8) works as
linear in float32; on a tensor keras_export (to 2.12) and get_globals (2.5 to 2.9) raise TypeError,
deserialize_keras_object and serialize_keras_object (to 2.9) ValueError.

Source
------
activations.get and activations.deserialize of tf_keras 2.21 and Keras 3.15.1. The first releases
were read in the source of TensorFlow 2.2 and 2.3, Keras 2.6 to 2.15 and every minor of Keras 3, and
measured on TensorFlow 2.1, 2.4, 2.5 and 2.9 and on Keras 3.0.0, 3.0.5, 3.2, 3.3, 3.5, 3.7, 3.8,
3.10 and 3.14.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gru_ref.keras.ledger.releases import Release
from gru_ref.keras.ledger.row import Changes, row, topic, value_at

# Name → {minor: the function from there on}, in the order in which a function's name is looked for.
_KERAS_2: Mapping[str, Mapping[int, str]] = {
    "linear": {1: "linear"},
    "tanh": {1: "tanh"},
    "sigmoid": {1: "sigmoid_tf_2_1", 9: "sigmoid"},
    "hard_sigmoid": {1: "hard_sigmoid_fifth"},
    "relu": {1: "relu"},
    "relu6": {6: "relu6"},
    "leaky_relu": {6: "leaky_relu"},
    "elu": {1: "elu"},
    "selu": {1: "selu"},
    "gelu": {4: "gelu_tf_2_4", 19: "gelu"},
    "silu": {6: "silu"},
    "swish": {2: "silu"},
    "mish": {13: "mish"},
    "softplus": {1: "softplus"},
    "softsign": {1: "softsign"},
    "exponential": {1: "exponential"},
    "softmax": {1: "softmax"},
    "log_softmax": {6: "log_softmax"},
    "ReLU": {5: "relu"},
    "LeakyReLU": {5: "leaky_relu_layer"},
    "ThresholdedReLU": {5: "thresholded_relu_layer"},
    "ELU": {5: "elu"},
    "Softmax": {5: "softmax"},
}
_KERAS_3: Mapping[str, Mapping[int, str]] = {
    "linear": {0: "linear"},
    "tanh": {0: "tanh"},
    "tanh_shrink": {7: "tanh_shrink"},
    "hard_tanh": {7: "hard_tanh"},
    "sigmoid": {0: "sigmoid"},
    "hard_sigmoid": {0: "hard_sigmoid_sixth"},
    "log_sigmoid": {7: "log_sigmoid"},
    "sparse_sigmoid": {10: "sparse_sigmoid"},
    "relu": {0: "relu"},
    "relu6": {0: "relu6"},
    "leaky_relu": {0: "leaky_relu"},
    "elu": {0: "elu"},
    "selu": {0: "selu"},
    "celu": {7: "celu"},
    "gelu": {0: "gelu_3_0_1", 3: "gelu"},
    "silu": {0: "silu"},
    "swish": {0: "silu"},
    "hard_silu": {0: "hard_silu"},
    "hard_swish": {0: "hard_silu"},
    "mish": {0: "mish"},
    "softplus": {0: "softplus"},
    "squareplus": {7: "squareplus"},
    "sparse_plus": {8: "sparse_plus"},
    "softsign": {0: "softsign"},
    "soft_shrink": {7: "soft_shrink"},
    "hard_shrink": {7: "hard_shrink"},
    "exponential": {0: "exponential"},
    "softmax": {0: "softmax"},
    "log_softmax": {0: "log_softmax"},
    "sparsemax": {8: "sparsemax_3_8"},
}

# Name that resolves but fails in a GRU → its first minor, and why it fails.
_UNUSABLE_2: Mapping[str, tuple[int, str]] = {
    "get": (1, "it looks a name up and raises TypeError on a tensor"),
    "serialize": (1, "it returns a dict and the cell raises ValueError"),
    "deserialize": (
        1,
        "it looks a name up and raises TypeError on a tensor, ValueError before 2.13",
    ),
    "PReLU": (
        5,
        "it adds a trained array of shape (units,) to the layer's weights in the first call",
    ),
}
_UNUSABLE_3: Mapping[str, tuple[int, str]] = {
    "glu": (
        7,
        "it halves the units: InvalidArgumentError, ValueError for odd units; 2 units broadcast",
    ),
    "threshold": (8, "it takes two more arguments and raises TypeError without them"),
}

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
    renamed_activations: Mapping[str, str] = row(
        keras_2=Changes(
            {
                1: {},
                6: {"silu": "swish", "log_softmax": "log_softmax_v2"},
                13: {"silu": "swish"},
            }
        ),
        keras_3={"swish": "silu", "hard_swish": "hard_silu"},
        source="activations.serialize, TF 2.5, 2.9, 2.12 and 2.15, measured, and Keras 2.6 and 2.13, read",
    )
    relu_config_holds_arrays: bool = row(
        keras_2=Changes({1: True, 13: False}),
        keras_3=False,
        source="ReLU.get_config inside that of a GRU, TF 2.12 and 2.15, measured, and Keras 2.13, read",
    )
    elu_alpha_stands_second: bool = row(
        keras_2=False,
        keras_3=True,
        source="ELU.get_config, tf_keras 2.21 and Keras 3.12.4–3.15.1, measured: its key before those of any layer",
    )


@functools.cache
def activation_names(release: Release) -> Mapping[str, str]:
    """Return the name of the function of every activation name that a GRU of the release can use.

    Examples
    --------
    >>> "mish" in activation_names(Release(2, 12)), "mish" in activation_names(Release(2, 13))
    (False, True)
    >>> activation_names(Release(3, 0))["gelu"], activation_names(Release(3, 15))["gelu"]
    ('gelu_3_0_1', 'gelu')
    """
    table = _KERAS_2 if release.generation == 2 else _KERAS_3
    return MappingProxyType(
        {
            name: value_at(changes, release.minor)
            for name, changes in table.items()
            if release.minor >= min(changes)
        }
    )


@functools.cache
def unusable_activations(release: Release) -> Mapping[str, str]:
    """Return the names that resolve in the release but fail in a GRU, each with its reason.

    Examples
    --------
    >>> sorted(unusable_activations(Release(3, 7)))
    ['glu']
    """
    table = _UNUSABLE_2 if release.generation == 2 else _UNUSABLE_3
    return MappingProxyType(
        {name: reason for name, (since, reason) in table.items() if release.minor >= since}
    )
