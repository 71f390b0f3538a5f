"""Core ML's GRULayerParams, of the NeuralNetwork format: nine arrays, one a gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, KERAS_3, Function, sigmoid, tanh
from gru_ref.layouts.blocks import named_gates
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import (
    Read,
    attribute,
    check_keys,
    flag,
    floating,
    listed_functions,
    read_gates,
)

# In Keras's order.
_INPUT = ("updateGateWeightMatrix", "resetGateWeightMatrix", "outputGateWeightMatrix")
_RECURRENT = ("updateGateRecursionMatrix", "resetGateRecursionMatrix", "outputGateRecursionMatrix")
_BIASES = ("updateGateBiasVector", "resetGateBiasVector", "outputGateBiasVector")

FACTS = Facts(
    name="coreml_neuralnetwork",
    title="Core ML NeuralNetwork GRU",
    gates=("z", "r", "o"),
    arrays={
        **dict.fromkeys(_INPUT, "(u, f) input weights"),
        **dict.fromkeys(_RECURRENT, "(u, u) recurrent weights"),
        **dict.fromkeys(_BIASES, "(u,) bias"),
        "hasBiasVectors": "whether the bias vectors are there",
        "reverseInput": "go_backwards",
        "activations": "[gates, candidate]: 'sigmoid', 'tanh', 'sigmoidHard(alpha, beta)'",
        "inputVectorSize": "f",
        "outputVectorSize": "u",
    },
    transposes="every gate's block of both kernels, on its own",
    bias="one vector a gate",
    formula=(
        "z = f(clip(W_z x + R_z h + b_z))                clip: to ±50",
        "r = f(clip(W_r x + R_r h + b_r))",
        "o = g(clip(W_o x + R_o (h ∘ r) + b_o))",
        "h' = (1 − z) ∘ o + z ∘ h",
    ),
    reset_forms=("before",),
    activations="sigmoid, tanh, sigmoidHard(alpha, beta); relu and linear exist, but what enters "
    "them is clipped to ±50, so they are refused",
    direction="reverseInput",
    round_trip="bit-exact",
    source="coremltools' format reference, NeuralNetwork.proto, GRULayerParams",
    mistakes=(
        (
            "reset before for after, recurrent bias dropped",
            "A layer with reset_after=True is converted with its input bias.",
        ),
        ("recurrent kernel transposed", "A recursion matrix is left as Keras has it."),
    ),
)

KNOWN: Mapping[Function, str] = {
    tanh: "tanh",
    sigmoid: "sigmoid",
    KERAS_2["hard_sigmoid"]: "sigmoidHard(0.2, 0.5)",
    KERAS_3["hard_sigmoid"]: f"sigmoidHard({1 / 6}, 0.5)",
}
_REQUIRED = tuple(name for name in FACTS.arrays if name not in _BIASES)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the fields of GRULayerParams.

    Returns
    -------
    dict
        Three matrices (u, f), three (u, u) and, with a bias, three vectors (u,), in the weights'
        dtype; hasBiasVectors, reverseInput, activations, inputVectorSize, outputVectorSize.

    Raises
    ------
    NotRepresentableError
        reset_after is True, or an activation is none of those.
    """
    weights, config, candidate, gates = conversion_input(
        given, FACTS.label, reset_after=False, activations=KNOWN
    )
    layout = {
        **named_gates(weights.kernel, _INPUT, transposed=True),
        **named_gates(weights.recurrent_kernel, _RECURRENT, transposed=True),
    }
    if weights.bias is not None:
        layout |= named_gates(weights.bias, _BIASES)
    return layout | {
        "hasBiasVectors": weights.bias is not None,
        "reverseInput": bool(config.go_backwards),
        "activations": [gates, candidate],
        "inputVectorSize": weights.features,
        "outputVectorSize": weights.units,
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the fields of GRULayerParams.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or attributes do not fit.
    """
    with_bias = any(name in mapping for name in _BIASES)
    check_keys(mapping, _REQUIRED + (_BIASES if with_bias else ()))
    attribute(mapping, "hasBiasVectors", (with_bias,))
    reverse = flag(mapping, "reverseInput")
    features, units = floating(mapping, _INPUT[0], None, None).shape[::-1]
    attribute(mapping, "inputVectorSize", (features,))
    attribute(mapping, "outputVectorSize", (units,))
    weights = GRUWeights(
        read_gates(mapping, _INPUT, units, features, transposed=True),
        read_gates(mapping, _RECURRENT, units, units, transposed=True),
        read_gates(mapping, _BIASES, units) if with_bias else None,
    )
    functions = listed_functions(mapping, KNOWN)
    return Read.from_weights(weights, reset_after=False, go_backwards=reverse, **functions)
