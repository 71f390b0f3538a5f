"""PyTorch's nn.GRU: the state_dict of one layer and direction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.layouts.blocks import bias_rows, reorder, transposed_kernels
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, check_mapping, read_bias_rows, read_kernels

FACTS = Facts(
    name="torch",
    title="PyTorch nn.GRU",
    gates=("r", "z", "n"),
    arrays={
        "weight_ih_l0": "(3u, f) input weights",
        "weight_hh_l0": "(3u, u) recurrent weights",
        "bias_ih_l0": "(3u,) input bias; absent for bias=False",
        "bias_hh_l0": "(3u,) recurrent bias; absent for bias=False",
    },
    transposes="kernel and recurrent_kernel, whole",
    bias="bias_ih is row 0, bias_hh row 1, both in the order r, z, n",
    formula=(
        "r = σ(W_ir x + b_ir + W_hr h + b_hr)",
        "z = σ(W_iz x + b_iz + W_hz h + b_hz)",
        "n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn))",
        "h' = (1 − z) ∘ n + z ∘ h",
    ),
    direction="the suffix _reverse: the backward half of bidirectional=True, whose output is in "
    "the order of the input",
    reversed_output="as the input",
    round_trip="bit-exact",
    verified="torch 2.13.0",
    source="torch/nn/modules/rnn.py, GRU",
    mistakes=(
        (
            "z and r swapped",
            "The blocks are copied in Keras's order z, r, h; PyTorch's is r, z, n.",
        ),
        ("bias rows swapped", "bias_ih and bias_hh are handed the rows the wrong way round."),
        ("bias rows merged", "Both rows are added into bias_ih, as LSTM allows."),
        ("reversed output not flipped", "The backward half's output is in the order of the input."),
    ),
)

ORDER = "rzh"
_NAME = re.compile(r"(?:weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)(_reverse)?")


def to_layout(given: Any, *, prefix: str = "", layer: int = 0) -> dict[str, Any]:
    """Return the entries of a state_dict.

    Parameters
    ----------
    given : GRU, or (weights, config)
    prefix : str
        What stands before every name in the state_dict of a larger module: "encoder.gru.".
    layer : int
        Which layer of a stacked nn.GRU.

    Returns
    -------
    dict
        weight_ih_l0 (3u, f), weight_hh_l0 (3u, u), bias_ih_l0 and bias_hh_l0 (3u,), in the
        weights' dtype. With go_backwards the names end in _reverse; a bidirectional nn.GRU takes
        the entries of both directions together.

    Raises
    ------
    NotRepresentableError
        reset_after is False, or an activation is not tanh and sigmoid.
    """
    weights, config, *_ = conversion_input(given, FACTS.label, reset_after=True)
    names = _names(layer, bool(config.go_backwards))
    return ordered_arrays(weights, [prefix + name for name in names])


def from_layout(
    mapping: Mapping[str, Any],
    *,
    prefix: str = "",
    layer: int | None = None,
    reverse: bool | None = None,
) -> Read:
    """Read one layer and direction from a state_dict.

    Parameters
    ----------
    mapping : mapping of arrays
        As ``{name: tensor.numpy() for name, tensor in gru.state_dict().items()}``.
    prefix : str
        Read the names that begin so, and no others.
    layer, reverse : int, bool, optional
        Which one; may be left out where there is only one.

    Raises
    ------
    TypeError, ValueError
        There are several, or none, or names or shapes do not fit.
    """
    check_mapping(mapping)
    entries = {
        name.removeprefix(prefix): value
        for name, value in mapping.items()
        if name.startswith(prefix)
    }
    found = set()
    for name in entries:
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"layout has the key {shown(name)}, expected weight_ih_l0 and its kin")
        found.add((int(match[1]), match[2] is not None))
    chosen = [
        (number, backward)
        for number, backward in found
        if layer in (None, number) and reverse in (None, backward)
    ]
    if len(chosen) != 1:
        raise ValueError(
            f"layout holds the (layer, reverse) {sorted(found)}, expected one: choose by layer "
            "and reverse, which layout('torch').from_layout takes"
        )
    ((number, backward),) = chosen
    names = _names(number, backward)
    one = {name: value for name, value in entries.items() if name in names}
    check_keys(one, names[: 4 if any(name in one for name in names[2:]) else 2])
    weights = ordered_weights(one, names)
    return Read.from_weights(weights, reset_after=True, go_backwards=backward)


def ordered_arrays(weights: GRUWeights, names: Sequence[str]) -> dict[str, Any]:
    """Return (3u, f), (3u, u) and, with a bias, twice (3u,): the gates in PyTorch's order."""
    arrays = transposed_kernels(weights, (names[0], names[1]), ORDER)
    if weights.bias is not None:
        for name, row in zip(names[2:], bias_rows(weights), strict=True):
            arrays[name] = reorder(row, ORDER)
    return arrays


def ordered_weights(mapping: Mapping[str, Any], names: Sequence[str]) -> GRUWeights:
    """Undo `ordered_arrays`; `names` are those of the four, of which the biases may be absent."""
    kernels = read_kernels(mapping, (names[0], names[1]), order=ORDER, transposed=True)
    return GRUWeights(*kernels, read_bias_rows(mapping, (names[2], names[3]), kernels[0], ORDER))


def _names(layer: int, backward: bool) -> tuple[str, ...]:
    """Return the names of one layer and direction, the biases last."""
    suffix = f"_l{layer}" + ("_reverse" if backward else "")
    return tuple(f"{name}{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
