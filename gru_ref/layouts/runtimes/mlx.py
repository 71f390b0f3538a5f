"""MLX's nn.GRU: transposed kernels, one joined bias, and the candidate's recurrent bias apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.arguments import arguments
from gru_ref.layouts.blocks import merged_bias, reorder, restore, split_bias
from gru_ref.layouts.conversion_input import Read, check_keys, floating
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.representability import (
    check_forward,
    check_reset_form,
    check_tanh_sigmoid,
    checked,
)

FACTS = Facts(
    name="mlx",
    title="MLX nn.GRU",
    gates=("r", "z", "n"),
    arrays={
        "Wx": "(3u, f) input weights",
        "Wh": "(3u, u) recurrent weights",
        "b": "(3u,) r and z: sum of both rows; n: row 0; absent for bias=False",
        "bhn": "(u,) row 1 of n; absent for bias=False",
    },
    transposes="kernel and recurrent_kernel, whole",
    bias="the rows of r and z are added into b; those of n are b and bhn",
    formula=(
        "r = σ(W_xr x + W_hr h + b_r)",
        "z = σ(W_xz x + W_hz h + b_z)",
        "n = tanh(W_xn x + b_n + r ∘ (W_hn h + b_hn))",
        "h' = (1 − z) ∘ n + z ∘ h",
    ),
    reset_forms=("after",),
    z_keeps_old=True,
    activations="tanh and sigmoid, fixed",
    direction="none: reverse the input",
    reversed_output="",
    round_trip="bit-exact but for the bias rows of r and z, of which the sum comes back (in row 0)",
    verified="mlx 0.32.4",
    source="mlx/nn/layers/recurrent.py, GRU",
    mistakes=(
        ("z and r swapped", "The blocks are copied in Keras's order z, r, h; MLX's is r, z, n."),
        ("recurrent bias dropped", "Row 1 is left out, for b has one row only."),
    ),
)

_BIASES = ("b", "bhn")


def to_layout(given: Any) -> dict[str, Any]:
    """Return the parameters: Wx (3u, f), Wh (3u, u), and with a bias b (3u,) and bhn (u,).

    Raises
    ------
    NotRepresentableError
        reset_after is False, go_backwards is True, or an activation is not tanh and sigmoid.
    """
    weights, config = checked(given, FACTS.label)
    check_reset_form(FACTS.label, config, reset_after=True)
    check_tanh_sigmoid(FACTS.label, config)
    check_forward(FACTS.label, config)
    layout: dict[str, Any] = {
        "Wx": np.ascontiguousarray(reorder(weights.kernel, "rzh").T),
        "Wh": np.ascontiguousarray(reorder(weights.recurrent_kernel, "rzh").T),
    }
    if weights.bias is not None:
        joined, recurrent_h = merged_bias(weights)
        layout |= {"b": reorder(joined, "rzh"), "bhn": recurrent_h}
    return layout


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the parameters.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    with_bias = any(name in mapping for name in _BIASES)
    check_keys(mapping, ("Wx", "Wh", *(_BIASES if with_bias else ())))
    units = floating(mapping, "Wh", None, None).shape[1]
    bias = None
    if with_bias:
        joined = restore(floating(mapping, "b", 3 * units), "rzh")
        bias = split_bias(joined, floating(mapping, "bhn", units))
    weights = GRUWeights(
        restore(floating(mapping, "Wx", 3 * units, None).T, "rzh"),
        restore(floating(mapping, "Wh", 3 * units, units).T, "rzh"),
        bias,
    )
    return Read(weights, arguments(weights, reset_after=True, go_backwards=False))
