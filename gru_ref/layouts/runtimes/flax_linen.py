"""flax.linen.GRUCell: six Dense layers, named by gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.blocks import merged_bias, named_gates, split_bias
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, floating, read_gates
from gru_ref.layouts.runtimes.flax_cell import cell_arguments, flax_input, read_cell

FACTS = Facts(
    name="flax_linen",
    title="flax.linen.GRUCell",
    gates=("r", "z", "n"),
    arrays={
        **{f"i{gate}/kernel": "(f, u) input weights" for gate in "rzn"},
        **{f"h{gate}/kernel": "(u, u) recurrent weights" for gate in "rzn"},
        **{f"i{gate}/bias": "(u,) sum of both rows" for gate in "rz"},
        "in/bias": "(u,) row 0",
        "hn/bias": "(u,) row 1",
        "gate_fn": "a name in jax.nn: 'sigmoid'",
        "activation_fn": "a name in jax.nn: 'tanh'",
        "reverse": "for nn.RNN(cell, reverse=…)",
    },
    transposes="nothing",
    blocks="as Keras",
    bias="the rows of z and r are added; those of h are in/bias and hn/bias",
    formula=(
        "r = σ(W_ir x + b_ir + W_hr h)",
        "z = σ(W_iz x + b_iz + W_hz h)",
        "n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn))",
        "h' = (1 − z) ∘ n + z ∘ h",
    ),
    activations="any function; converted are those of jax.nn that Keras 3 has, so Keras 3's "
    "hard_sigmoid, not Keras 2's",
    direction="nn.RNN(reverse=True); with keep_order=False the output is in processing order, as "
    "Keras's",
    reversed_output="as processed",
    round_trip="bit-exact but for the bias rows of z and r, of which the sum comes back (in row "
    "0), and use_bias=False, which comes back as a bias of zeros",
    verified="flax 0.12.8",
    source="flax/linen/recurrent.py, GRUCell",
    mistakes=(
        ("recurrent bias dropped", "Only row 0 is copied, for hr and hz have no bias to fill."),
        ("z and r swapped", "The first kernel, ir, gets the first block, which is z."),
    ),
)

# In Keras's order.
_INPUT = ("iz/kernel", "ir/kernel", "in/kernel")
_RECURRENT = ("hz/kernel", "hr/kernel", "hn/kernel")
_BIASES = ("iz/bias", "ir/bias", "in/bias")
_KEYS = tuple(FACTS.arrays)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the parameters of a cell under joined names, and the arguments of cell and RNN.

    Returns
    -------
    dict
        "ir/kernel" (f, u) and so on, in the weights' dtype: what
        ``flax.traverse_util.unflatten_dict(arrays, sep="/")`` nests. gate_fn and activation_fn
        name functions of jax.nn; reverse is the argument of nn.RNN.

    Raises
    ------
    NotRepresentableError
        reset_after is False, or an activation is none of jax.nn's.
    """
    source = flax_input(given, FACTS.label)
    weights = source.weights
    joined, recurrent_h = merged_bias(weights)
    arrays = {
        **named_gates(weights.kernel, _INPUT),
        **named_gates(joined, _BIASES),
        **named_gates(weights.recurrent_kernel, _RECURRENT),
    }
    by_gate = zip(_INPUT, _BIASES, _RECURRENT, strict=True)
    layout = {name: arrays[name] for names in by_gate for name in names}
    return {**layout, "hn/bias": recurrent_h, **cell_arguments(source)}


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the parameters of a cell under joined names, and the arguments of cell and RNN.

    Raises
    ------
    TypeError, ValueError
        Names, shapes or functions do not fit.
    """
    check_keys(mapping, _KEYS)
    recurrent_h = floating(mapping, "hn/bias", None)
    units = recurrent_h.shape[0]
    weights = GRUWeights(
        read_gates(mapping, _INPUT, None, units),
        read_gates(mapping, _RECURRENT, units, units),
        split_bias(read_gates(mapping, _BIASES, units), recurrent_h),
    )
    return read_cell(mapping, weights)
