"""A GRU and a call of it in which every mistake shows, for the tests of the lint."""

from __future__ import annotations

from typing import Any

import numpy as np

import gru_ref

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 3, 5


def layer_of(
    *, batch: int = BATCH, features: int = FEATURES, units: int = UNITS, **arguments: Any
) -> gru_ref.GRU:
    """Return a built layer, of sizes that are all unlike, with weights of its own."""
    layer = gru_ref.GRU(units, **{"dtype": "float64", **arguments})
    layer.build((batch, None, features))
    rng = np.random.default_rng(5)
    shapes = layer.config.weight_shapes(features).values()
    layer.set_weights([rng.uniform(-1, 1, shape) for shape in shapes])
    return layer


def call() -> dict[str, np.ndarray]:
    """Return the arguments of `lint_vectors` for a call with a state and a mask."""
    rng = np.random.default_rng(6)
    mask = np.ones((BATCH, TIMESTEPS), bool)
    mask[1, 2] = False
    return {
        "inputs": rng.uniform(-1, 1, (BATCH, TIMESTEPS, FEATURES)),
        "initial_state": rng.uniform(-1, 1, (BATCH, UNITS)),
        "mask": mask,
    }
