"""TensorFlow.js's tf.layers.gru: Keras's arrays, reset before the product only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, Function
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import (
    Read,
    attribute,
    check_keys,
    flag,
    floating,
    named_functions,
    read_kernels,
)

FACTS = Facts(
    name="tfjs",
    title="TensorFlow.js tf.layers.gru",
    gates=("z", "r", "h"),
    arrays={
        "kernel": "(f, 3u)",
        "recurrent_kernel": "(u, 3u)",
        "bias": "(3u,); absent for useBias: false",
        "activation": "'tanh'",
        "recurrentActivation": "'sigmoid'; the default is 'hardSigmoid', Keras 2's",
        "useBias": "whether there is a bias",
        "goBackwards": "go_backwards",
    },
    transposes="nothing",
    blocks="as Keras",
    bias="one row",
    formula=(
        "z = ρ(x W_z + h R_z + b_z)",
        "r = ρ(x W_r + h R_r + b_r)",
        "ĥ = φ(x W_h + b_h + (r ∘ h) R_h)",
        "h' = z ∘ h + (1 − z) ∘ ĥ",
    ),
    reset_forms=("before",),
    activations="tanh, sigmoid, hardSigmoid (slope 0.2, Keras 2's), relu, relu6, elu, selu, "
    "linear, softplus, softsign, swish, mish",
    direction="goBackwards",
    reversed_output="as processed",
    round_trip="bit-exact",
    verified="@tensorflow/tfjs-layers 4.22.0",
    source="tfjs-layers/src/layers/recurrent.ts, GRUCell",
    mistakes=(
        (
            "sigmoid replaced by hard_sigmoid",
            "recurrentActivation is left out: the default is 'hardSigmoid'.",
        ),
        (
            "reset before for after, recurrent bias dropped",
            "reset_after=True throws; its arrays without the recurrent bias load.",
        ),
    ),
)

# Names of Keras, of which TensorFlow.js has all but one as well.
_NAMES = (
    "tanh", "sigmoid", "hard_sigmoid", "relu", "relu6", "elu", "selu", "linear", "softplus",
    "softsign", "swish", "mish",
)  # fmt: skip
KNOWN: Mapping[Function, str] = {
    KERAS_2[name]: "hardSigmoid" if name == "hard_sigmoid" else name for name in _NAMES
}


def to_layout(given: Any) -> dict[str, Any]:
    """Return what ``layer.setWeights`` takes, by name, and the arguments of ``tf.layers.gru``.

    Raises
    ------
    NotRepresentableError
        reset_after is True, or an activation is none of TensorFlow.js's.
    """
    weights, config, candidate, gates = conversion_input(
        given, FACTS.label, reset_after=False, activations=KNOWN
    )
    layout = {name: array.copy() for name, array in weights.named().items()}
    return layout | {
        "activation": candidate,
        "recurrentActivation": gates,
        "useBias": weights.bias is not None,
        "goBackwards": bool(config.go_backwards),
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the weights by name and the arguments.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or attributes do not fit.
    """
    check_keys(mapping, tuple(name for name in FACTS.arrays if name != "bias"), ("bias",))
    attribute(mapping, "useBias", ("bias" in mapping,))
    backwards = flag(mapping, "goBackwards")
    kernels = read_kernels(mapping)
    bias = floating(mapping, "bias", kernels[0].shape[1]) if "bias" in mapping else None
    functions = named_functions(mapping, KNOWN, "recurrentActivation", "activation")
    return Read.from_weights(
        GRUWeights(*kernels, bias), reset_after=False, go_backwards=backwards, **functions
    )
