"""Haiku's hk.GRU: reset before the product, and z is the share of the candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.arguments import arguments
from gru_ref.layouts.conversion_input import Read, check_keys, floating
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.representability import (
    check_forward,
    check_reset_form,
    check_tanh_sigmoid,
    checked,
)

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
    bias="one row",
    formula=(
        "z = σ(W_iz x + W_hz h + b_z)",
        "r = σ(W_ir x + W_hr h + b_r)",
        "a = tanh(W_ia x + W_ha (r ∘ h) + b_a)",
        "h' = (1 − z) ∘ h + z ∘ a",
    ),
    reset_forms=("before",),
    z_keeps_old=False,
    activations="tanh and sigmoid, fixed",
    direction="none in the core; hk.dynamic_unroll(reverse=True) returns the order of the input",
    reversed_output="",
    round_trip="bit-exact; use_bias=False comes back as a bias of zeros",
    verified="dm-haiku 0.0.17",
    source="haiku/_src/recurrent.py, GRU",
    mistakes=(
        ("1 - z for z", "The columns of z are copied without changing their sign."),
        (
            "reset before for after",
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
    weights, config = checked(given, FACTS.label)
    check_reset_form(FACTS.label, config, reset_after=False)
    check_tanh_sigmoid(FACTS.label, config)
    check_forward(FACTS.label, config)
    bias = np.concatenate(weights.input_bias_gates)
    return {
        "w_i": _complemented(weights.kernel),
        "w_h": _complemented(weights.recurrent_kernel),
        "b": _complemented(bias),
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the parameters of the module.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    check_keys(mapping, tuple(FACTS.arrays))
    units = floating(mapping, "w_h", None, None).shape[0]
    weights = GRUWeights(
        _complemented(floating(mapping, "w_i", None, 3 * units)),
        _complemented(floating(mapping, "w_h", units, 3 * units)),
        _complemented(floating(mapping, "b", 3 * units)),
    )
    return Read(weights, arguments(weights, reset_after=False, go_backwards=False))


def _complemented(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` with the columns of z negated; its own inverse."""
    units = array.shape[-1] // 3
    made = array.copy()
    made[..., :units] *= -1
    return made
