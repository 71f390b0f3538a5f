"""A small GRU of gru_ref, whose weights and inputs are not alike: what tests of the shell call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gru_ref import GRU, GRUWeights
from gru_ref.debugging.mistakes.table import Attempt, Call

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5
KERNEL, RECURRENT, BIAS = 0, 1, 2


def x(timesteps: int = TIMESTEPS) -> np.ndarray:
    """Return an input."""
    values = np.random.default_rng(1).normal(size=(BATCH, timesteps, FEATURES))
    return values.astype("float32")


def layer(**constructor: Any) -> GRU:
    """Return a layer with weights that are not alike."""
    return with_weights(GRU(UNITS, **constructor), (BATCH, TIMESTEPS, FEATURES))


def with_weights(layer: GRU, shape: tuple[int | None, ...], scale: float = 1.0) -> GRU:
    """Return the layer, built for inputs of a shape and given random weights."""
    layer.build(shape)
    rng = np.random.default_rng(2)
    shapes = layer.config.weight_shapes(shape[-1]).values()
    layer.set_weights([rng.normal(scale=scale, size=each) for each in shapes])
    return layer


def change_array(layer: GRU, index: int, change: Callable[[np.ndarray], Any]) -> GRU:
    """Change one array of a layer, to numbers that may be fewer, and return the layer."""
    arrays = layer.get_weights()
    arrays[index] = change(arrays[index]) * np.ones_like(arrays[index])
    layer.set_weights(arrays)
    return layer


def attempt_of(layer: GRU, *call: Any, **keywords: Any) -> Attempt:
    """Return the layer and a call of it, as what makes mistakes takes them."""
    return Attempt(layer.config, GRUWeights(*layer.get_weights()), (Call(*call, **keywords),))
