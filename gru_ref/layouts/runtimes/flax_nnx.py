"""flax.nnx.GRUCell: one Linear layer for the input and one, without a bias, for the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import NotRepresentableError
from gru_ref.layouts.blocks import merged_bias, reorder, restore, split_bias
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, floating, read_kernels
from gru_ref.layouts.runtimes.flax_cell import cell_arguments, flax_input, read_cell

FACTS = Facts(
    name="flax_nnx",
    title="flax.nnx.GRUCell",
    gates=("r", "z", "n"),
    arrays={
        "dense_i/kernel": "(f, 3u) input weights",
        "dense_i/bias": "(3u,) r and z: sum of both rows; n: row 0",
        "dense_h/kernel": "(u, 3u) recurrent weights",
        "gate_fn": "a name in jax.nn: 'sigmoid'",
        "activation_fn": "a name in jax.nn: 'tanh'",
        "reverse": "for nnx.RNN(cell, reverse=…)",
    },
    transposes="nothing",
    blocks="as Keras",
    bias="one row; there is no recurrent bias of the candidate, so row 1 [h] has to be zero",
    formula=(
        "r = σ(W_ir x + b_ir + W_hr h)",
        "z = σ(W_iz x + b_iz + W_hz h)",
        "n = tanh(W_in x + b_in + r ∘ (W_hn h))",
        "h' = (1 − z) ∘ n + z ∘ h",
    ),
    activations="any function; converted are those of jax.nn that Keras 3 has",
    direction="nnx.RNN(reverse=True); with keep_order=False the output is in processing order, as "
    "Keras's",
    reversed_output="as processed",
    round_trip="bit-exact but for the bias rows of z and r, of which the sum comes back (in row "
    "0), and use_bias=False, which comes back as a bias of zeros",
    verified="flax 0.12.8",
    source="flax/nnx/nn/recurrent.py, GRUCell",
    mistakes=(
        ("bias rows merged", "The recurrent bias of the candidate is added to the input's."),
        ("recurrent bias dropped", "Row 1 is left out, for dense_h has no bias."),
        ("z and r swapped", "The blocks are copied in Keras's order z, r, h; Flax's is r, z, n."),
    ),
)

_ORDER = "rzh"
_KEYS = tuple(FACTS.arrays)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the parameters of a cell under joined names, and the arguments of cell and RNN.

    Returns
    -------
    dict
        dense_i/kernel (f, 3u), dense_i/bias (3u,), dense_h/kernel (u, 3u), in the weights' dtype.
        gate_fn and activation_fn name functions of jax.nn; reverse is the argument of nnx.RNN.

    Raises
    ------
    NotRepresentableError
        The candidate has a recurrent bias, reset_after is False, or an activation is none of
        jax.nn's.
    """
    source = flax_input(given, FACTS.label)
    weights = source.weights
    joined, recurrent_h = merged_bias(weights)
    if recurrent_h.any():
        raise NotRepresentableError(
            FACTS.label,
            "recurrent bias of the candidate (bias[1, 2 * units:])",
            f"up to {np.abs(recurrent_h).max():.3g} in size",
            "zeros",
            f"it in {np.count_nonzero(recurrent_h)} of {weights.units} units; flax.linen.GRUCell "
            "has a place for it",
        )
    return {
        "dense_i/kernel": reorder(weights.kernel, _ORDER),
        "dense_i/bias": reorder(joined, _ORDER),
        "dense_h/kernel": reorder(weights.recurrent_kernel, _ORDER),
        **cell_arguments(source),
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the parameters of a cell under joined names, and the arguments of cell and RNN.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or functions do not fit.
    """
    check_keys(mapping, _KEYS)
    kernels = read_kernels(mapping, ("dense_i/kernel", "dense_h/kernel"), order=_ORDER)
    units, columns = kernels[1].shape
    joined = restore(floating(mapping, "dense_i/bias", columns), _ORDER)
    weights = GRUWeights(*kernels, split_bias(joined, np.zeros(units, joined.dtype)))
    return read_cell(mapping, weights)
