"""OpenVINO's GRUSequence: its inputs W, R, B and its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, Function, sigmoid, tanh
from gru_ref.layouts.blocks import merged_bias, split_bias, transposed_kernels
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import (
    Read,
    attribute,
    check_keys,
    flag,
    floating,
    listed_functions,
    read_kernels,
)

FACTS = Facts(
    name="openvino",
    title="OpenVINO GRUSequence",
    gates=("z", "r", "h"),
    arrays={
        "W": "(1, 3u, f) input weights",
        "R": "(1, 3u, u) recurrent weights",
        "B": "(1, 4u) z sum, r sum, input h, recurrent h; for reset-before (1, 3u)",
        "linear_before_reset": "True for the reset after the product, False for before",
        "direction": "'forward' or 'reverse'",
        "activations": "[gates, candidate]: 'sigmoid', 'tanh', 'relu'",
        "hidden_size": "u",
    },
    transposes="kernel and recurrent_kernel, whole",
    bias="the rows of z and r are added; those of h lie one behind the other",
    formula=(
        "z = f(x W_zᵀ + h R_zᵀ + B_z)",
        "r = f(x W_rᵀ + h R_rᵀ + B_r)",
        "ĥ = g(x W_hᵀ + r ∘ (h R_hᵀ + B_rh) + B_h)      linear_before_reset = True",
        "ĥ = g(x W_hᵀ + (r ∘ h) R_hᵀ + B_h)             linear_before_reset = False",
        "h' = (1 − z) ∘ ĥ + z ∘ h",
    ),
    reset_forms=("after (linear_before_reset=True)", "before (linear_before_reset=False)"),
    activations="sigmoid, tanh, relu",
    direction="direction='reverse'; the output is in the order of the input",
    reversed_output="as the input",
    round_trip="bit-exact but for the bias rows of z and r, of which the sum comes back (in row "
    "0), and use_bias=False, which comes back as a bias of zeros",
    verified="openvino 2026.4.1",
    source="OpenVINO operation specification, GRUSequence-5",
    mistakes=(
        (
            "recurrent bias dropped",
            "The bias of 4u is cut to 3u, as for linear_before_reset=False.",
        ),
        (
            "reset before for after, recurrent bias dropped",
            "linear_before_reset is left out: the default is False.",
        ),
        ("reversed output not flipped", "The output of 'reverse' is in the order of the input."),
    ),
)

KNOWN: Mapping[Function, str] = {tanh: "tanh", sigmoid: "sigmoid", KERAS_2["relu"]: "relu"}
_KEYS = tuple(FACTS.arrays)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the inputs and attributes of the operation.

    Returns
    -------
    dict
        W (1, 3u, f), R (1, 3u, u), B (1, 4u) for reset_after or (1, 3u), in the weights' dtype;
        linear_before_reset, direction, activations, hidden_size.

    Raises
    ------
    NotRepresentableError
        An activation is not sigmoid, tanh or relu.
    """
    weights, config, candidate, gates = conversion_input(given, FACTS.label, activations=KNOWN)
    joined, recurrent_h = merged_bias(weights)
    bias = np.concatenate([joined, recurrent_h]) if config.reset_after else joined
    return {
        **transposed_kernels(weights, ("W", "R"), leading=True),
        "B": bias[np.newaxis],
        "linear_before_reset": bool(config.reset_after),
        "direction": "reverse" if config.go_backwards else "forward",
        "activations": [gates, candidate],
        "hidden_size": weights.units,
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the inputs and attributes of an operation of one direction.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or attributes do not fit.
    """
    check_keys(mapping, _KEYS)
    reset_after = flag(mapping, "linear_before_reset")
    reverse = attribute(mapping, "direction", ("forward", "reverse")) == "reverse"
    kernels = read_kernels(mapping, ("W", "R"), transposed=True, leading=True)
    units = kernels[1].shape[0]
    attribute(mapping, "hidden_size", (units,))
    bias = floating(mapping, "B", 1, (4 if reset_after else 3) * units)[0]
    if reset_after:
        bias = split_bias(bias[: 3 * units], bias[3 * units :])
    weights = GRUWeights(*kernels, bias)
    functions = listed_functions(mapping, KNOWN)
    return Read.from_weights(weights, reset_after=reset_after, go_backwards=reverse, **functions)
