"""A small GRU of gru_ref, whose weights and inputs are not alike: what tests of the shell call."""

from __future__ import annotations

from typing import Any

import numpy as np

from gru_ref import GRU

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5


def x(timesteps: int = TIMESTEPS) -> np.ndarray:
    """Return an input."""
    values = np.random.default_rng(1).normal(size=(BATCH, timesteps, FEATURES))
    return values.astype("float32")


def layer(**constructor: Any) -> GRU:
    """Return a layer with weights that are not alike."""
    made = GRU(UNITS, **constructor)
    made.build((BATCH, TIMESTEPS, FEATURES))
    rng = np.random.default_rng(2)
    shapes = made.config.weight_shapes(FEATURES).values()
    made.set_weights([rng.normal(size=shape) for shape in shapes])
    return made
