"""The activation names that each release resolves, and the function that each one stands for.

Each name is listed with the minors from which it stands for which function; a minor stands for its
last patch. Functions are named as in `gru_ref.core` and `gru_ref.keras.activations.variants`.

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

from collections.abc import Mapping

from gru_ref.keras.ledger.releases import Release
from gru_ref.keras.ledger.row import value_at

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


def activation_names(release: Release) -> dict[str, str]:
    """Return the name of the function of every activation name that a GRU of the release can use.

    Examples
    --------
    >>> "mish" in activation_names(Release(2, 12)), "mish" in activation_names(Release(2, 13))
    (False, True)
    >>> activation_names(Release(3, 0))["gelu"], activation_names(Release(3, 15))["gelu"]
    ('gelu_3_0_1', 'gelu')
    """
    table = _KERAS_2 if release.generation == 2 else _KERAS_3
    return {
        name: value_at(changes, release.minor)
        for name, changes in table.items()
        if release.minor >= min(changes)
    }


def unusable_activations(release: Release) -> dict[str, str]:
    """Return the names that resolve in the release but fail in a GRU, each with its reason.

    Examples
    --------
    >>> sorted(unusable_activations(Release(3, 7)))
    ['glu']
    """
    table = _UNUSABLE_2 if release.generation == 2 else _UNUSABLE_3
    return {name: reason for name, (since, reason) in table.items() if release.minor >= since}
