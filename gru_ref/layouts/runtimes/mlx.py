"""MLX's nn.GRU: transposed kernels, one joined bias, and the candidate's recurrent bias apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.blocks import merged_bias, reorder, restore, split_bias, transposed_kernels
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, floating, read_kernels

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
    direction="none: reverse the input",
    round_trip="bit-exact but for the bias rows of r and z, of which the sum comes back (in row 0)",
    verified="mlx 0.32.4",
    source="mlx/nn/layers/recurrent.py, GRU",
    mistakes=(
        ("z and r swapped", "The blocks are copied in Keras's order z, r, h; MLX's is r, z, n."),
        ("recurrent bias dropped", "Row 1 is left out, for b has one row only."),
    ),
)

_ORDER = "rzh"
_KERNELS = ("Wx", "Wh")
_BIASES = ("b", "bhn")


def to_layout(given: Any) -> dict[str, Any]:
    """Return the parameters: Wx (3u, f), Wh (3u, u), and with a bias b (3u,) and bhn (u,).

    Raises
    ------
    NotRepresentableError
        reset_after is False, go_backwards is True, or an activation is not tanh and sigmoid.
    """
    weights = conversion_input(given, FACTS.label, reset_after=True, backwards=False).weights
    layout = transposed_kernels(weights, _KERNELS, _ORDER)
    if weights.bias is not None:
        joined, recurrent_h = merged_bias(weights)
        layout |= {"b": reorder(joined, _ORDER), "bhn": recurrent_h}
    return layout


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the parameters.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    with_bias = any(name in mapping for name in _BIASES)
    check_keys(mapping, (*_KERNELS, *(_BIASES if with_bias else ())))
    kernels = read_kernels(mapping, _KERNELS, order=_ORDER, transposed=True)
    units, columns = kernels[1].shape
    bias = None
    if with_bias:
        joined = restore(floating(mapping, "b", columns), _ORDER)
        bias = split_bias(joined, floating(mapping, "bhn", units))
    return Read.from_weights(GRUWeights(*kernels, bias), reset_after=True)
