"""WebNN's MLGraphBuilder.gru(): its operands and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, Function, sigmoid, tanh
from gru_ref.layouts.blocks import bias_rows, transposed_kernels
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import (
    Read,
    attribute,
    check_keys,
    flag,
    listed_functions,
    read_bias_rows,
    read_kernels,
)

FACTS = Facts(
    name="webnn",
    title="WebNN gru",
    gates=("z", "r", "n"),
    arrays={
        "weight": "(1, 3u, f) input weights",
        "recurrentWeight": "(1, 3u, u) recurrent weights",
        "bias": "(1, 3u) row 0; absent without a bias",
        "recurrentBias": "(1, 3u) row 1, for resetAfter",
        "resetAfter": "True for the reset after the product (the default), False for before",
        "direction": "'forward' or 'backward'",
        "layout": "'zrn' or 'rzn': the order of the gates (the default is 'zrn')",
        "activations": "[gates, candidate]: 'sigmoid', 'tanh', 'relu'",
        "hiddenSize": "u",
    },
    transposes="kernel and recurrent_kernel, whole",
    bias="bias is row 0, recurrentBias row 1",
    formula=(
        "z = f(x W_zᵀ + b_z + h R_zᵀ + c_z)",
        "r = f(x W_rᵀ + b_r + h R_rᵀ + c_r)",
        "n = g(x W_nᵀ + b_n + r ∘ (h R_nᵀ + c_n))      resetAfter = true",
        "n = g(x W_nᵀ + b_n + (r ∘ h) R_nᵀ + c_n)      resetAfter = false",
        "h' = (1 − z) ∘ n + z ∘ h",
    ),
    reset_forms=("after (resetAfter: true, the default)", "before (resetAfter: false)"),
    activations="sigmoid, tanh, relu",
    direction="direction: 'backward'; the output is in the order of the input",
    reversed_output="as the input",
    round_trip="bit-exact, also from 'rzn' (written back as 'zrn'); for reset-before the two "
    "biases come back added",
    source="Web Neural Network API, MLGraphBuilder.gru()",
    mistakes=(
        ("z and r swapped", "layout 'rzn' is given with the blocks in Keras's order."),
        (
            "reset after for before",
            "resetAfter is left out for reset_after=False: its default is true.",
        ),
        ("reversed output not flipped", "The output of 'backward' is in the order of the input."),
    ),
)

KNOWN: Mapping[Function, str] = {tanh: "tanh", sigmoid: "sigmoid", KERAS_2["relu"]: "relu"}
_KERNELS = ("weight", "recurrentWeight")
_BIASES = ("bias", "recurrentBias")
_REQUIRED = tuple(name for name in FACTS.arrays if name not in _BIASES)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the operands and options, with the gates in the order 'zrn'.

    Returns
    -------
    dict
        weight (1, 3u, f), recurrentWeight (1, 3u, u), with a bias (1, 3u) bias and, for
        resetAfter, recurrentBias, in the weights' dtype; the options, and hiddenSize.

    Raises
    ------
    NotRepresentableError
        An activation is not sigmoid, tanh or relu.
    """
    weights, config, candidate, gates = conversion_input(given, FACTS.label, activations=KNOWN)
    layout = transposed_kernels(weights, _KERNELS, leading=True)
    if weights.bias is not None:
        rows = bias_rows(weights)[: 2 if config.reset_after else 1]
        layout |= {name: row[np.newaxis] for name, row in zip(_BIASES, rows, strict=False)}
    return layout | {
        "resetAfter": bool(config.reset_after),
        "direction": "backward" if config.go_backwards else "forward",
        "layout": "zrn",
        "activations": [gates, candidate],
        "hiddenSize": weights.units,
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the operands and options of one direction.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or options do not fit.
    """
    check_keys(mapping, _REQUIRED, _BIASES)
    reset_after = flag(mapping, "resetAfter")
    backward = attribute(mapping, "direction", ("forward", "backward")) == "backward"
    order = attribute(mapping, "layout", ("zrn", "rzn")).replace("n", "h")
    kernels = read_kernels(mapping, _KERNELS, order=order, transposed=True, leading=True)
    attribute(mapping, "hiddenSize", (kernels[1].shape[0],))
    bias = read_bias_rows(mapping, _BIASES, kernels[0], order, leading=True)
    if bias is not None and not reset_after:
        bias = bias[0] + bias[1]
    return Read.from_weights(
        GRUWeights(*kernels, bias),
        reset_after=reset_after,
        go_backwards=backward,
        **listed_functions(mapping, KNOWN),
    )
