"""The activation names of Keras 2 and Keras 3, and the function each one stands for.

`KERAS_2` and `KERAS_3` hold every name that resolves in tf_keras 2.21 and in Keras 3.15.1 and that
a GRU can use, aliases included; `UNUSABLE_2` and `UNUSABLE_3` hold the other names that resolve.
The functions live in `gru_ref.core.smooth_activations` and `gru_ref.core.piecewise_activations`,
those of one release or layer alone in `gru_ref.keras.activations.variants`.

Notes
-----
The same name is not always the same function:

- hard_sigmoid has slope 0.2 in Keras 2 and 1/6 in Keras 3.
- leaky_relu has slope 0.2, the layer LeakyReLU 0.3, both rounded to float32 in float64 layers too.
- gelu rounds a constant to float32; which one depends on the release (`EARLIER_2`, `EARLIER_3`).
  Keras 3.0.0, and Keras 3.3.3 and later, take it from TensorFlow, whose formula changed in 2.19.
- sparsemax is wrong in Keras 3.8 to 3.15.1, and `KERAS_3` holds it as released
  (`sparsemax_3_8`); `gru_ref.core.piecewise_activations.sparsemax` is the right one.

Keras 2's layer classes resolve to layers of the default dtype, floatx. Under the usual floatx,
float32, they work in float32 layers; a float64 layer fails in its first call with
InvalidArgumentError (`FLOATX_ONLY_2`).

Until TensorFlow 2.9 every global of Keras's own activations module resolves, modules and strings
included ('nn', 'backend', '__name__'); `GONE_2` lists the callable ones.

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

from gru_ref.core.piecewise_activations import (
    hard_shrink,
    hard_sigmoid_fifth,
    hard_sigmoid_sixth,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    relu,
    relu6,
    soft_shrink,
    sparse_plus,
    sparse_sigmoid,
)
from gru_ref.core.smooth_activations import (
    Array,
    Function,
    celu,
    elu,
    exponential,
    gelu,
    log_sigmoid,
    log_softmax,
    mish,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    squareplus,
    tanh,
    tanh_shrink,
)
from gru_ref.keras.activations.variants import (
    gelu_3_0_1,
    gelu_tf_2_4,
    leaky_relu_layer,
    sigmoid_tf_2_1,
    sparsemax_3_8,
    thresholded_relu_layer,
)

__all__ = [
    "EARLIER_2",
    "EARLIER_3",
    "FLOATX_ONLY_2",
    "GONE_2",
    "KERAS_2",
    "KERAS_3",
    "SIGMOIDS",
    "SINCE_2",
    "SINCE_3",
    "UNUSABLE_2",
    "UNUSABLE_3",
    "Array",
    "Function",
    "linear",
    "names",
    "sigmoid",
    "tanh",
    "unusable",
]

KERAS_2: Mapping[str, Function] = {
    "linear": linear,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid_fifth,
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": silu,
    "swish": silu,
    "mish": mish,
    "softplus": softplus,
    "softsign": softsign,
    "exponential": exponential,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "ReLU": relu,
    "LeakyReLU": leaky_relu_layer,
    "ThresholdedReLU": thresholded_relu_layer,
    "ELU": elu,
    "Softmax": softmax,
}

KERAS_3: Mapping[str, Function] = {
    "linear": linear,
    "tanh": tanh,
    "tanh_shrink": tanh_shrink,
    "hard_tanh": hard_tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid_sixth,
    "log_sigmoid": log_sigmoid,
    "sparse_sigmoid": sparse_sigmoid,
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "gelu": gelu,
    "silu": silu,
    "swish": silu,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "mish": mish,
    "softplus": softplus,
    "squareplus": squareplus,
    "sparse_plus": sparse_plus,
    "softsign": softsign,
    "soft_shrink": soft_shrink,
    "hard_shrink": hard_shrink,
    "exponential": exponential,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "sparsemax": sparsemax_3_8,
}

UNUSABLE_2: Mapping[str, str] = {
    "get": "it looks a name up and raises TypeError on a tensor",
    "serialize": "it returns a dict and the cell raises ValueError",
    "deserialize": "it looks a name up and raises TypeError on a tensor, ValueError before 2.13",
    "PReLU": "it adds a trained array of shape (units,) to the layer's weights in the first call",
}

UNUSABLE_3: Mapping[str, str] = {
    "glu": "it halves the units: InvalidArgumentError, ValueError for odd units; 2 units broadcast",
    "threshold": "it takes two more arguments and raises TypeError without them",
}

# First release that resolves the name; "tf-2.1" and "3.0" also stand for all that came before.
SINCE_2: Mapping[str, str] = {
    "linear": "tf-2.1",
    "tanh": "tf-2.1",
    "sigmoid": "tf-2.1",
    "hard_sigmoid": "tf-2.1",
    "relu": "tf-2.1",
    "elu": "tf-2.1",
    "selu": "tf-2.1",
    "softplus": "tf-2.1",
    "softsign": "tf-2.1",
    "exponential": "tf-2.1",
    "softmax": "tf-2.1",
    "get": "tf-2.1",
    "serialize": "tf-2.1",
    "deserialize": "tf-2.1",
    "swish": "tf-2.2",
    "gelu": "tf-2.4",
    "ReLU": "tf-2.5",
    "LeakyReLU": "tf-2.5",
    "ThresholdedReLU": "tf-2.5",
    "ELU": "tf-2.5",
    "PReLU": "tf-2.5",
    "Softmax": "tf-2.5",
    "relu6": "tf-2.6",
    "leaky_relu": "tf-2.6",
    "silu": "tf-2.6",
    "log_softmax": "tf-2.6",
    "mish": "tf-2.13",
}

SINCE_3: Mapping[str, str] = {
    "linear": "3.0",
    "tanh": "3.0",
    "sigmoid": "3.0",
    "hard_sigmoid": "3.0",
    "relu": "3.0",
    "relu6": "3.0",
    "leaky_relu": "3.0",
    "elu": "3.0",
    "selu": "3.0",
    "gelu": "3.0",
    "silu": "3.0",
    "swish": "3.0",
    "mish": "3.0",
    "softplus": "3.0",
    "softsign": "3.0",
    "exponential": "3.0",
    "softmax": "3.0",
    "log_softmax": "3.0",
    "hard_silu": "3.0.1",
    "hard_swish": "3.0.1",
    "tanh_shrink": "3.7",
    "hard_tanh": "3.7",
    "log_sigmoid": "3.7",
    "celu": "3.7",
    "squareplus": "3.7",
    "soft_shrink": "3.7",
    "hard_shrink": "3.7",
    "glu": "3.7",
    "sparse_plus": "3.8",
    "sparsemax": "3.8",
    "threshold": "3.8",
    "sparse_sigmoid": "3.10",
}

# Name -> (first release of the table's function, the function of the releases before that).
EARLIER_2: Mapping[str, tuple[str, Function]] = {
    "gelu": ("2.19", gelu_tf_2_4),
    "sigmoid": ("2.9", sigmoid_tf_2_1),
}
EARLIER_3: Mapping[str, tuple[str, Function]] = {"gelu": ("3.3.3", gelu_3_0_1)}

# The logistic function of every release: Keras 2's fused path knows it as such.
SIGMOIDS: tuple[Function, ...] = (sigmoid, sigmoid_tf_2_1)

FLOATX_ONLY_2 = frozenset({"ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax"})

# Callables that resolved once -> (first release, last release, what they did in a GRU).
GONE_2: Mapping[str, tuple[str, str, str]] = {
    "Layer": ("tf-2.5", "tf-2.8", "works as linear in float32"),
    "keras_export": ("tf-2.1", "tf-2.12", "TypeError on a tensor"),
    "get_globals": ("tf-2.5", "tf-2.9", "TypeError on a tensor"),
    "deserialize_keras_object": ("tf-2.1", "tf-2.9", "ValueError on a tensor"),
    "serialize_keras_object": ("tf-2.1", "tf-2.9", "ValueError on a tensor"),
}


@functools.cache
def names(release: tuple[int, int]) -> Mapping[str, Function]:
    """Return the names a GRU of one release can use, with that release's functions.

    Parameters
    ----------
    release : (generation, minor)
        Generation 2 counts its minors as TensorFlow does. A minor stands for its last patch.

    Examples
    --------
    >>> "mish" in names((2, 12)), "mish" in names((2, 13))
    (False, True)
    >>> names((3, 0))["gelu"].__name__, names((3, 15))["gelu"].__name__
    ('gelu_3_0_1', 'gelu')
    """
    generation, minor = release
    table, since, earlier = (
        (KERAS_2, SINCE_2, EARLIER_2) if generation == 2 else (KERAS_3, SINCE_3, EARLIER_3)
    )
    found = {name: function for name, function in table.items() if minor >= _minor(since[name])}
    for name, (first, function) in earlier.items():
        if name in found and minor < _minor(first):
            found[name] = function
    return found


def unusable(release: tuple[int, int]) -> dict[str, str]:
    """Return the names that resolve in one release but fail in a GRU, each with its reason.

    Parameters
    ----------
    release : (generation, minor)
        As for `names`.

    Examples
    --------
    >>> sorted(unusable((3, 7)))
    ['glu']
    """
    generation, minor = release
    table, since = (UNUSABLE_2, SINCE_2) if generation == 2 else (UNUSABLE_3, SINCE_3)
    return {name: reason for name, reason in table.items() if minor >= _minor(since[name])}


def _minor(release: str) -> int:
    """Return the minor number of 'tf-2.4', '2.19', '3.7' or '3.0.1'."""
    return int(release.split(".")[1])
