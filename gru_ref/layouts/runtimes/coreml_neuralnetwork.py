"""Core ML's GRULayerParams, of the NeuralNetwork format: nine arrays, one a gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, KERAS_3, Function, sigmoid, tanh
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, attribute, check_keys, flag, floating, listed_functions

_GATES = ("update", "reset", "output")  # Keras's z, r, h

FACTS = Facts(
    name="coreml_neuralnetwork",
    title="Core ML NeuralNetwork GRU",
    gates=("z", "r", "o"),
    arrays={
        **{f"{gate}GateWeightMatrix": "(u, f) input weights" for gate in _GATES},
        **{f"{gate}GateRecursionMatrix": "(u, u) recurrent weights" for gate in _GATES},
        **{f"{gate}GateBiasVector": "(u,) bias" for gate in _GATES},
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
_BIASES = tuple(f"{gate}GateBiasVector" for gate in _GATES)
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
    layout: dict[str, Any] = {}
    for name, W, R in zip(
        _GATES, weights.kernel_gates, weights.recurrent_kernel_gates, strict=True
    ):
        layout[f"{name}GateWeightMatrix"] = np.ascontiguousarray(W.T)
        layout[f"{name}GateRecursionMatrix"] = np.ascontiguousarray(R.T)
    if weights.bias is not None:
        layout |= {
            name: b.copy() for name, b in zip(_BIASES, weights.input_bias_gates, strict=True)
        }
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
    features, units = floating(mapping, "updateGateWeightMatrix", None, None).shape[::-1]
    attribute(mapping, "inputVectorSize", (features,))
    attribute(mapping, "outputVectorSize", (units,))
    bias = None
    if with_bias:
        bias = np.concatenate([floating(mapping, name, units) for name in _BIASES])
    weights = GRUWeights(
        np.concatenate(
            [floating(mapping, f"{g}GateWeightMatrix", units, features).T for g in _GATES], axis=1
        ),
        np.concatenate(
            [floating(mapping, f"{g}GateRecursionMatrix", units, units).T for g in _GATES], axis=1
        ),
        bias,
    )
    functions = listed_functions(mapping, KNOWN)
    return Read.from_weights(weights, reset_after=False, go_backwards=reverse, **functions)
