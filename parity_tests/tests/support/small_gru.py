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
    return with_weights(GRU(UNITS, **constructor), (BATCH, TIMESTEPS, FEATURES))


def with_weights(layer: GRU, shape: tuple[int | None, ...], seed: int = 2) -> GRU:
    """Return the layer, built for inputs of a shape and given random weights."""
    layer.build(shape)
    rng = np.random.default_rng(seed)
    shapes = layer.config.weight_shapes(shape[-1]).values()
    layer.set_weights([rng.normal(size=each) for each in shapes])
    return layer
