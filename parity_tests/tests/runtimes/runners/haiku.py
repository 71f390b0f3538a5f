"""Haiku's hk.GRU under hk.dynamic_unroll, on a CPU."""

from __future__ import annotations

from typing import Any

import haiku
import jax
import numpy as np

VERSION = f"dm-haiku {haiku.__version__}"


def _function(units: int) -> Any:
    def unroll(x: Any, start: Any) -> Any:
        core = haiku.GRU(units, name="gru")
        state = core.initial_state(x.shape[0]) if start is None else start
        return haiku.dynamic_unroll(core, x, state, time_major=False)

    return haiku.without_apply_rng(haiku.transform(unroll))


def shapes(features: int, units: int, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the names and shapes of the runtime's own parameters."""
    made = _function(units).init(jax.random.key(0), np.zeros((1, 1, features), "float32"), None)
    return {name: tuple(value.shape) for name, value in made["gru"].items()}


def run(layout: dict[str, Any], x: np.ndarray, initial_state: np.ndarray | None) -> Any:
    """Return the output (batch, timesteps, units) and the state (batch, units)."""
    function = _function(layout["w_h"].shape[0])
    output, state = function.apply({"gru": layout}, x, initial_state)
    return np.asarray(output), np.asarray(state)
