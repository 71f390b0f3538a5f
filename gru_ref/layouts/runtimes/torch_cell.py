"""PyTorch's nn.GRUCell: the state_dict of one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gru_ref.layouts.arguments import arguments
from gru_ref.layouts.conversion_input import Read, check_keys
from gru_ref.layouts.representability import (
    check_forward,
    check_reset_form,
    check_tanh_sigmoid,
    checked,
)
from gru_ref.layouts.rows import from_rows, to_rows
from gru_ref.layouts.runtimes import torch

FACTS = replace(
    torch.FACTS,
    name="torch_cell",
    title="PyTorch nn.GRUCell",
    arrays={name.removesuffix("_l0"): what for name, what in torch.FACTS.arrays.items()},
    direction="none: the loop around the cell is yours",
    reversed_output="",
    source="torch/nn/modules/rnn.py, GRUCell",
    mistakes=torch.FACTS.mistakes[:3],
)

_NAMES = tuple(FACTS.arrays)


def to_layout(given: Any) -> dict[str, Any]:
    """Return the state_dict: weight_ih (3u, f), weight_hh (3u, u), bias_ih and bias_hh (3u,).

    Raises
    ------
    NotRepresentableError
        reset_after is False, go_backwards is True, or an activation is not tanh and sigmoid.
    """
    weights, config = checked(given, FACTS.label)
    check_reset_form(FACTS.label, config, reset_after=True)
    check_tanh_sigmoid(FACTS.label, config)
    check_forward(FACTS.label, config)
    return dict(zip(_NAMES, to_rows(weights, "rzh"), strict=False))


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read a state_dict.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    check_keys(mapping, _NAMES[: 4 if any("bias" in name for name in mapping) else 2])
    weights = from_rows(mapping, _NAMES, "rzh")
    return Read(weights, arguments(weights, reset_after=True, go_backwards=False))
