"""PyTorch's nn.GRUCell: the state_dict of one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.reading import Read, check_keys
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
    weights = conversion_input(given, FACTS.label, reset_after=True, backwards=False).weights
    return torch.ordered_arrays(weights, _NAMES)


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read a state_dict.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    check_keys(mapping, _NAMES[: 4 if any("bias" in name for name in mapping) else 2])
    weights = torch.ordered_weights(mapping, _NAMES)
    return Read.from_weights(weights, reset_after=True)
