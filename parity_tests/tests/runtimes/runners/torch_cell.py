"""PyTorch's nn.GRUCell on a CPU, in a loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

VERSION = f"torch {torch.__version__.partition('+')[0]}"


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the runtime's own parameters."""
    cell = torch.nn.GRUCell(features, units, bias=arguments["use_bias"])
    return {name: tuple(value.shape) for name, value in cell.state_dict().items()}


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    units = layout["weight_hh"].shape[1]
    cell = torch.nn.GRUCell(
        x.shape[2], units, bias="bias_ih" in layout, dtype=torch.from_numpy(x).dtype
    )
    cell.load_state_dict({name: torch.from_numpy(array) for name, array in layout.items()})
    h = None if initial_state is None else torch.from_numpy(initial_state)
    outputs = []
    with torch.no_grad():
        for t in range(x.shape[1]):
            h = cell(torch.from_numpy(x[:, t]), h)
            outputs.append(h.numpy())
    return np.stack(outputs, axis=1), outputs[-1]
