"""Haiku's hk.GRU: reset before the product, and z is the share of the candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.blocks import join_gates, split_gates
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, floating, read_kernels

FACTS = Facts(
    name="haiku",
    title="Haiku hk.GRU",
    gates=("z", "r", "a"),
    arrays={
        "w_i": "(f, 3u) input weights, the columns of z negated",
        "w_h": "(u, 3u) recurrent weights, the columns of z negated",
        "b": "(3u,) bias, that of z negated",
    },
    transposes="nothing",
    blocks="as Keras",
    bias="one row",
    formula=(
        "z = σ(W_iz x + W_hz h + b_z)",
        "r = σ(W_ir x + W_hr h + b_r)",
        "a = tanh(W_ia x + W_ha (r ∘ h) + b_a)",
        "h' = (1 − z) ∘ h + z ∘ a",
    ),
    reset_forms=("before",),
    z_keeps_old=False,
    direction="none in the core; hk.dynamic_unroll(reverse=True) returns the order of the input",
    round_trip="bit-exact; use_bias=False comes back as a bias of zeros",
    verified="dm-haiku 0.0.17",
    source="haiku/_src/recurrent.py, GRU",
    mistakes=(
        ("1 - z for z", "The columns of z are copied without changing their sign."),
        (
            "reset before for after, recurrent bias dropped",
            "A layer with reset_after=True is converted with its input bias.",
        ),
    ),
)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the parameters of the module: w_i (f, 3u), w_h (u, 3u), b (3u,).

    Raises
    ------
    NotRepresentableError
        reset_after is True, go_backwards is True, or an activation is not tanh and sigmoid.

    Notes
    -----
    Haiku's z is 1 − Keras's. 1 − σ(x) = σ(−x), so negating all that enters z is exact; with
    another gate activation than sigmoid (or hard_sigmoid) it would not be.
    """
    weights = conversion_input(given, FACTS.label, reset_after=False, backwards=False).weights
    bias = np.concatenate(weights.input_bias_gates)
    return {
        "w_i": _complement(weights.kernel),
        "w_h": _complement(weights.recurrent_kernel),
        "b": _complement(bias),
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the parameters of the module.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    check_keys(mapping, tuple(FACTS.arrays))
    kernels = read_kernels(mapping, ("w_i", "w_h"))
    bias = floating(mapping, "b", kernels[0].shape[1])
    weights = GRUWeights(*(_complement(array) for array in (*kernels, bias)))
    return Read.from_weights(weights, reset_after=False)


def _complement(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` with the columns of z negated; its own inverse."""
    z, r, h = split_gates(array)
    return join_gates([-z, r, h])
