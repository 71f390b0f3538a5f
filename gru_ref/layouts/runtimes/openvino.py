"""OpenVINO's GRUSequence: its inputs W, R, B and its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, Function, sigmoid, tanh
from gru_ref.layouts.activation_pairs import two_functions
from gru_ref.layouts.arguments import arguments
from gru_ref.layouts.blocks import merged_bias, split_bias
from gru_ref.layouts.conversion_input import Read, attribute, check_keys, floating
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.representability import check_activations, checked

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
    z_keeps_old=True,
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
        ("reset before for after", "linear_before_reset is left out: the default is False."),
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
    weights, config = checked(given, FACTS.label)
    candidate, gates = check_activations(FACTS.label, config, KNOWN)
    joined, recurrent_h = merged_bias(weights)
    bias = np.concatenate([joined, recurrent_h]) if config.reset_after else joined
    return {
        "W": np.ascontiguousarray(weights.kernel.T)[np.newaxis],
        "R": np.ascontiguousarray(weights.recurrent_kernel.T)[np.newaxis],
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
    reset_after = bool(attribute(mapping, "linear_before_reset", (False, True)))
    reverse = attribute(mapping, "direction", ("forward", "reverse")) == "reverse"
    recurrent = floating(mapping, "R", 1, None, None)[0]
    units = recurrent.shape[1]
    attribute(mapping, "hidden_size", (units,))
    kernel = floating(mapping, "W", 1, 3 * units, None)[0]
    bias = floating(mapping, "B", 1, (4 if reset_after else 3) * units)[0]
    if reset_after:
        bias = split_bias(bias[: 3 * units], bias[3 * units :])
    weights = GRUWeights(np.ascontiguousarray(kernel.T), np.ascontiguousarray(recurrent.T), bias)
    gates, candidate = two_functions(mapping, {name: f for f, name in KNOWN.items()})
    return Read(
        weights,
        arguments(
            weights,
            reset_after=reset_after,
            go_backwards=reverse,
            candidate=candidate,
            gates=gates,
        ),
    )
