"""MLX's nn.GRU, on its CPU device."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn

VERSION = f"mlx {version('mlx')}"
mx.set_default_device(mx.cpu)


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the runtime's own parameters."""
    made = nn.GRU(features, units, bias=arguments["use_bias"]).parameters()
    return {name: tuple(value.shape) for name, value in made.items()}


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    gru = nn.GRU(x.shape[2], layout["Wh"].shape[1], bias="b" in layout)
    gru.load_weights([(name, mx.array(array)) for name, array in layout.items()])
    start = None if initial_state is None else mx.array(initial_state)
    output = np.array(gru(mx.array(x), start))
    return output, output[:, -1]
