"""WebNN's MLGraphBuilder.gru(): its operands and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.keras.activations.tables import KERAS_2, Function, sigmoid, tanh
from gru_ref.layouts.activation_pairs import two_functions
from gru_ref.layouts.arguments import arguments
from gru_ref.layouts.blocks import bias_rows, restore
from gru_ref.layouts.conversion_input import Read, attribute, check_keys, floating
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.representability import check_activations, checked

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
    z_keeps_old=True,
    activations="sigmoid, tanh, relu",
    direction="direction: 'backward'; the output is in the order of the input",
    reversed_output="as the input",
    round_trip="bit-exact, also from 'rzn' (written back as 'zrn'); for reset-before the two "
    "biases come back added",
    verified="",
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
_FUNCTIONS = {name: function for function, name in KNOWN.items()}
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
    weights, config = checked(given, FACTS.label)
    candidate, gates = check_activations(FACTS.label, config, KNOWN)
    layout: dict[str, Any] = {
        "weight": np.ascontiguousarray(weights.kernel.T)[np.newaxis],
        "recurrentWeight": np.ascontiguousarray(weights.recurrent_kernel.T)[np.newaxis],
    }
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
    reset_after = bool(attribute(mapping, "resetAfter", (False, True)))
    backward = attribute(mapping, "direction", ("forward", "backward")) == "backward"
    order = attribute(mapping, "layout", ("zrn", "rzn")).replace("n", "h")
    units = floating(mapping, "recurrentWeight", 1, None, None).shape[2]
    attribute(mapping, "hiddenSize", (units,))
    rows = [
        restore(floating(mapping, name, 1, 3 * units)[0], order) if name in mapping else None
        for name in _BIASES
    ]
    kernel = restore(floating(mapping, "weight", 1, 3 * units, None)[0].T, order)
    bias = None
    if any(row is not None for row in rows):
        zeros = np.zeros(3 * units, kernel.dtype)
        both = np.stack([zeros if row is None else row for row in rows])
        bias = both if reset_after else both[0] + both[1]
    weights = GRUWeights(
        kernel,
        restore(floating(mapping, "recurrentWeight", 1, 3 * units, units)[0].T, order),
        bias,
    )
    gates, candidate = two_functions(mapping, _FUNCTIONS)
    return Read(
        weights,
        arguments(
            weights,
            reset_after=reset_after,
            go_backwards=backward,
            candidate=candidate,
            gates=gates,
        ),
    )
