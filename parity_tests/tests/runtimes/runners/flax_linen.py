"""flax.linen.GRUCell in nn.RNN, on a CPU."""

from __future__ import annotations

from typing import Any

import flax
import jax
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict

VERSION = f"flax {flax.__version__}"


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the runtime's own parameters."""
    made = nn.GRUCell(units).init(
        jax.random.key(0), np.zeros((1, units), "float32"), np.zeros((1, features), "float32")
    )
    flat = flatten_dict(made["params"], sep="/")
    return {name: tuple(value.shape) for name, value in flat.items()}


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    arrays = {name: value for name, value in layout.items() if isinstance(value, np.ndarray)}
    cell = nn.GRUCell(
        layout["hn/bias"].shape[0],
        gate_fn=getattr(jax.nn, layout["gate_fn"]),
        activation_fn=getattr(jax.nn, layout["activation_fn"]),
    )
    rnn = nn.RNN(cell, reverse=layout["reverse"], return_carry=True)
    params = {"params": {"cell": unflatten_dict(arrays, sep="/")}}
    state, output = rnn.apply(params, x, initial_carry=initial_state)
    return np.asarray(output), np.asarray(state)
