"""The error that a mistake of `gru_ref.debugging.mistakes.table` causes in one fixed layer."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.mistakes.gru_run import Attempt, Call, run
from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.keras.config import GRUConfig

BATCH, TIMESTEPS, FEATURES, UNITS = 4, 20, 16, 32
BIAS_SCALE = 0.5

# Mistake → the arguments of a layer in which it can be made, where the defaults do not do.
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "reset after for before": {"reset_after": False},
    "reversed output not flipped": {"go_backwards": True},
    "hard_sigmoid of the other generation": {
        "recurrent_activation": "hard_sigmoid",
        "keras_version": "3",
    },
}


@functools.cache
def cost(mistake_name: str) -> float:
    """Return the largest error that a mistake causes in a state, which lies in (−1, 1).

    The layer has 32 units, 16 features, 20 timesteps and a batch of 4, tanh and a random bias in
    both rows. Its numbers are normal, with a fixed seed; those of a kernel are divided by the root
    of its number of rows, as initializers do, so that the gates do not saturate.

    Examples
    --------
    >>> cost("z and r swapped") > 0.5
    True
    """
    arguments = ARGUMENTS.get(mistake_name, {})
    config = GRUConfig(UNITS, return_sequences=True, dtype="float64", **arguments)
    rng = np.random.default_rng(0)
    arrays = [
        rng.normal(scale=BIAS_SCALE if name == "bias" else shape[0] ** -0.5, size=shape)
        for name, shape in config.weight_shapes(FEATURES).items()
    ]
    x = rng.normal(size=(BATCH, TIMESTEPS, FEATURES))
    right = Attempt(config, GRUWeights(*arrays), (Call(x),))
    (expected,), (actual,) = run(right).outputs, BY_NAME[mistake_name].run(right).outputs
    return float(np.abs(actual - expected).max())
