"""flax.nnx.GRUCell in nnx.RNN, on a CPU."""

from __future__ import annotations

from typing import Any

import flax
import jax
import numpy as np
from flax import nnx

VERSION = f"flax {flax.__version__}"


def _cell(features: int, units: int, gate_fn: str, activation_fn: str) -> Any:
    return nnx.GRUCell(
        features,
        units,
        gate_fn=getattr(jax.nn, gate_fn),
        activation_fn=getattr(jax.nn, activation_fn),
        rngs=nnx.Rngs(0),
    )


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the runtime's own parameters."""
    state = nnx.state(_cell(features, units, "sigmoid", "tanh"), nnx.Param)
    return {
        "/".join(map(str, path)): tuple(value.get_value().shape)
        for path, value in nnx.to_flat_state(state)
    }


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    units = layout["dense_h/kernel"].shape[0]
    cell = _cell(x.shape[2], units, layout["gate_fn"], layout["activation_fn"])
    for name, value in layout.items():
        if isinstance(value, np.ndarray):
            module, parameter = name.split("/")
            getattr(getattr(cell, module), parameter).set_value(jax.numpy.asarray(value))
    rnn = nnx.RNN(cell, reverse=layout["reverse"], return_carry=True, rngs=nnx.Rngs(0))
    state, output = rnn(jax.numpy.asarray(x), initial_carry=initial_state)
    return np.asarray(output), np.asarray(state)
