"""The activation names of Keras 2 and Keras 3, and the function each one stands for.

`KERAS_2` and `KERAS_3` hold every name that resolves in tf_keras 2.21 and in Keras 3.15.1 and that
a GRU can use, including aliases. `gru_ref.keras.ledger.activations` has the names of each
release. The functions are in `gru_ref.core.smooth_activations` and
`gru_ref.core.piecewise_activations`, those specific to a release or a layer in
`gru_ref.keras.activations.variants`.

Notes
-----
Keras 2's layer classes resolve to layers of the default dtype, floatx. With the usual floatx,
float32, they work in float32 layers; a float64 layer fails in its first call with
InvalidArgumentError (`FLOATX_ONLY_2`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from gru_ref.core import piecewise_activations, smooth_activations
from gru_ref.core.piecewise_activations import linear
from gru_ref.core.smooth_activations import Array, Function, sigmoid, tanh
from gru_ref.keras.activations import variants
from gru_ref.keras.ledger import Behaviour, resolve

__all__ = [
    "FLOATX_ONLY_2", "KERAS_2", "KERAS_3", "SIGMOIDS", "Array", "Function", "linear", "names",
    "sigmoid", "tanh",
]  # fmt: skip

# The logistic function of every release: Keras 2's fused path knows it as such.
SIGMOIDS: tuple[Function, ...] = (sigmoid, variants.sigmoid_tf_2_1)

FLOATX_ONLY_2 = frozenset({"ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax"})

_MODULES = (smooth_activations, piecewise_activations, variants)
_FUNCTIONS: Mapping[str, Function] = {
    name: function for module in _MODULES for name, function in vars(module).items()
}


@functools.cache
def names(behaviour: Behaviour) -> Mapping[str, Function]:
    """Return the names that a GRU of the release can use, each with the release's function.

    Examples
    --------
    >>> names(resolve("3.0"))["gelu"].__name__, names(resolve("3.15"))["gelu"].__name__
    ('gelu_3_0_1', 'gelu')
    """
    return MappingProxyType(
        {name: _FUNCTIONS[function] for name, function in behaviour.activation_names.items()}
    )


KERAS_2: Mapping[str, Function] = names(resolve("2"))
KERAS_3: Mapping[str, Function] = names(resolve("3"))
