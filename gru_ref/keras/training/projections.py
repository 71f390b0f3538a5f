"""What an optimizer makes of a layer's weights after its step: their projections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.training import constraints

Array = NDArray[Any]


def of_weights(config: GRUConfig, weights: Mapping[str, Array], epsilon: Any) -> dict[str, Array]:
    """Return the weights, those that have a constraint projected.

    Parameters
    ----------
    config : GRUConfig
    weights : mapping
        kernel, recurrent_kernel and bias, by these names.
    epsilon : float
        See `gru_ref.keras.training.constraints.project`.

    Raises
    ------
    TypeError
        epsilon is no number.
    ValueError
        See `gru_ref.keras.training.constraints.project`.

    Source
    ------
    The end of apply_gradients in tf_keras/src/optimizers/optimizer.py (2.21) and of apply in
    keras/src/optimizers/base_optimizer.py (3.15.1).
    """
    if isinstance(epsilon, str) or not isinstance(epsilon, (int, float, np.number)):
        raise TypeError(f"epsilon is {shown(epsilon)}, expected a number")
    behaviour = config.behaviour
    projected = dict(weights)
    for name, weight in weights.items():
        argument = f"{name.removesuffix('_kernel')}_constraint"
        found = constraints.resolve(getattr(config, argument), behaviour, argument)
        if found is not None:
            projected[name] = constraints.project(
                found, weight, behaviour, argument, float(epsilon)
            )
    return projected
