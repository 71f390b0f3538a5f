"""TensorFlow.js's tf.layers.gru: Keras's arrays, reset before the product only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, Function
from gru_ref.layouts.activation_pairs import named_functions
from gru_ref.layouts.arguments import arguments
from gru_ref.layouts.conversion_input import Read, attribute, check_keys, floating
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.representability import check_activations, check_reset_form, checked

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
    bias="one row",
    formula=(
        "z = ρ(x W_z + h R_z + b_z)",
        "r = ρ(x W_r + h R_r + b_r)",
        "ĥ = φ(x W_h + b_h + (r ∘ h) R_h)",
        "h' = z ∘ h + (1 − z) ∘ ĥ",
    ),
    reset_forms=("before",),
    z_keeps_old=True,
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
            "reset before for after",
            "reset_after=True throws; its arrays without the recurrent bias load.",
        ),
    ),
)

# Keras's name → the name in TensorFlow.js.
_NAMES = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "hard_sigmoid": "hardSigmoid",
    "relu": "relu",
    "relu6": "relu6",
    "elu": "elu",
    "selu": "selu",
    "linear": "linear",
    "softplus": "softplus",
    "softsign": "softsign",
    "swish": "swish",
    "mish": "mish",
}
KNOWN: Mapping[Function, str] = {KERAS_2[name]: js_name for name, js_name in _NAMES.items()}
_FUNCTIONS = {name: function for function, name in KNOWN.items()}


def to_layout(given: Any) -> dict[str, Any]:
    """Return what ``layer.setWeights`` takes, by name, and the arguments of ``tf.layers.gru``.

    Raises
    ------
    NotRepresentableError
        reset_after is True, or an activation is none of TensorFlow.js's.
    """
    weights, config = checked(given, FACTS.label)
    check_reset_form(FACTS.label, config, reset_after=False)
    candidate, gates = check_activations(FACTS.label, config, KNOWN)
    names = ("kernel", "recurrent_kernel", "bias")
    layout = {name: array.copy() for name, array in zip(names, weights.arrays(), strict=False)}
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
    backwards = bool(attribute(mapping, "goBackwards", (False, True)))
    units = floating(mapping, "recurrent_kernel", None, None).shape[0]
    weights = GRUWeights(
        floating(mapping, "kernel", None, 3 * units),
        floating(mapping, "recurrent_kernel", units, 3 * units),
        floating(mapping, "bias", 3 * units) if "bias" in mapping else None,
    )
    functions = named_functions(mapping, _FUNCTIONS, "recurrentActivation", "activation")
    return Read(weights, arguments(weights, reset_after=False, go_backwards=backwards, **functions))
