"""The mistakes that the layouts warn of, and the error that each one causes.

The error is measured: the mistake of `gru_ref.debugging.mistakes.table` is made on one fixed layer.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.mistakes.gru_run import Attempt, Call, run
from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.keras.config import GRUConfig

BATCH, TIMESTEPS, FEATURES, UNITS = 4, 20, 16, 32
BIAS_SCALE = 0.5

_CONFIG = GRUConfig(UNITS, return_sequences=True, dtype="float64")
_KERAS_3 = replace(_CONFIG, recurrent_activation="hard_sigmoid", keras_version="3")


class PortingMistake(NamedTuple):
    """A mistake of `gru_ref.debugging.mistakes`, and the layer on which it is made."""

    mistake: str
    config: GRUConfig = _CONFIG


MISTAKES: Mapping[str, PortingMistake] = {
    "z and r swapped": PortingMistake("z and r swapped"),
    "candidate and z swapped behind r": PortingMistake("z and candidate swapped"),
    "recurrent kernel transposed": PortingMistake("recurrent kernel transposed"),
    "CuDNNGRU kernels taken as GRU's": PortingMistake("CuDNNGRU kernels taken as GRU's"),
    "bias rows swapped": PortingMistake("bias rows swapped"),
    "bias rows merged": PortingMistake("bias rows merged"),
    "recurrent bias dropped": PortingMistake("recurrent bias dropped"),
    "reset before for after": PortingMistake("reset before for after, recurrent bias dropped"),
    "reset before for after, bias rows added": PortingMistake(
        "reset before for after, bias rows added"
    ),
    "reset after for before": PortingMistake(
        "reset after for before", replace(_CONFIG, reset_after=False)
    ),
    "1 - z for z": PortingMistake("1 - z for z"),
    "reversed output not flipped": PortingMistake(
        "reversed output not flipped", replace(_CONFIG, go_backwards=True)
    ),
    "sigmoid replaced by hard_sigmoid": PortingMistake("sigmoid replaced by hard_sigmoid"),
    "Keras 3's hard_sigmoid as Keras 2's": PortingMistake(
        "hard_sigmoid of the other generation", _KERAS_3
    ),
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
    case = MISTAKES[mistake_name]
    rng = np.random.default_rng(0)
    arrays = [
        rng.normal(scale=BIAS_SCALE if name == "bias" else shape[0] ** -0.5, size=shape)
        for name, shape in case.config.weight_shapes(FEATURES).items()
    ]
    x = rng.normal(size=(BATCH, TIMESTEPS, FEATURES))
    right = Attempt(case.config, GRUWeights(*arrays), (Call(x),))
    (expected,), (actual,) = run(right).outputs, BY_NAME[case.mistake].run(right).outputs
    return float(np.abs(actual - expected).max())
