"""The mistakes people make when they port GRU weights by hand, and what each one costs.

The cost is measured, not quoted: the mistake is made with gru_ref on one fixed layer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref import activations
from gru_ref.config import GRUConfig
from gru_ref.layouts.blocks import reorder, restore
from gru_ref.layouts.subject import Subject
from gru_ref.loop import gru
from gru_ref.weights import GRUWeights

Array = NDArray[Any]

BATCH, TIMESTEPS, FEATURES, UNITS = 4, 20, 16, 32
BIAS_SCALE = 0.5


_CONFIG = GRUConfig(UNITS, return_sequences=True, dtype="float64")


class Mistake(NamedTuple):
    """A wrong reading of a layer, and the layer on which it can be made."""

    make: Callable[[Subject], Subject]
    config: GRUConfig = _CONFIG
    output: Callable[[Array], Array] = lambda output: output


def _arrays(change: Callable[[Array], Array]) -> Callable[[Subject], Subject]:
    def make(right: Subject) -> Subject:
        return right._replace(weights=GRUWeights(*map(change, right.weights.arrays())))

    return make


def _bias(change: Callable[[Array], Array]) -> Callable[[Subject], Subject]:
    def make(right: Subject) -> Subject:
        kernel, recurrent_kernel, bias = right.weights.arrays()
        return right._replace(weights=GRUWeights(kernel, recurrent_kernel, change(bias)))

    return make


def _merged(bias: Array) -> Array:
    return np.stack([bias[0] + bias[1], np.zeros_like(bias[1])])


def _without_recurrent(bias: Array) -> Array:
    return np.stack([bias[0], np.zeros_like(bias[1])])


def _transposed(right: Subject) -> Subject:
    weights = right.weights
    blocks = [block.T for block in weights.recurrent_kernel_gates]
    changed = GRUWeights(weights.kernel, np.concatenate(blocks, axis=1), weights.bias)
    return right._replace(weights=changed)


def _as_cudnn_gru(right: Subject) -> Subject:
    """Take the arrays of a CuDNNGRU for those of a GRU: only the bias is put right."""
    weights = right.weights
    kernel = [block.T.reshape(block.shape) for block in weights.kernel_gates]
    recurrent = [block.T for block in weights.recurrent_kernel_gates]
    return right._replace(
        weights=GRUWeights(
            np.concatenate(kernel, axis=1), np.concatenate(recurrent, axis=1), weights.bias
        )
    )


def _reset_before(bias_of: Callable[[Array], Array]) -> Callable[[Subject], Subject]:
    """Run a layer with reset_after=True as one without, on one bias row made of its two."""

    def make(right: Subject) -> Subject:
        kernel, recurrent_kernel, bias = right.weights.arrays()
        changed = GRUWeights(kernel, recurrent_kernel, bias_of(bias))
        return Subject(changed, replace(right.config, reset_after=False))

    return make


def _reset_after(right: Subject) -> Subject:
    """Run a layer with reset_after=False as one with it, its second bias row zeros."""
    kernel, recurrent_kernel, bias = right.weights.arrays()
    changed = GRUWeights(kernel, recurrent_kernel, np.stack([bias, np.zeros_like(bias)]))
    return Subject(changed, replace(right.config, reset_after=True))


def _complement(right: Subject) -> Subject:
    """Keep 1 − z of the old state, by negating all that enters z."""

    def negated(array: Array) -> Array:
        made: Array = array * np.repeat([-1.0, 1.0, 1.0], array.shape[-1] // 3)
        return made

    return _arrays(negated)(right)


def _gates(function: Any) -> Callable[[Subject], Subject]:
    def make(right: Subject) -> Subject:
        return right._replace(config=replace(right.config, recurrent_activation=function))

    return make


_KERAS_3 = replace(_CONFIG, recurrent_activation="hard_sigmoid", keras_version="3")

MISTAKES: Mapping[str, Mistake] = {
    "z and r swapped": Mistake(_arrays(lambda array: reorder(array, "rzh"))),
    "candidate and z swapped behind r": Mistake(
        _arrays(lambda array: restore(reorder(array, "rzh"), "rhz"))
    ),
    "recurrent kernel transposed": Mistake(_transposed),
    "CuDNNGRU kernels taken as GRU's": Mistake(_as_cudnn_gru),
    "bias rows swapped": Mistake(_bias(lambda bias: bias[::-1])),
    "bias rows merged": Mistake(_bias(_merged)),
    "recurrent bias dropped": Mistake(_bias(_without_recurrent)),
    "reset before for after": Mistake(_reset_before(lambda bias: bias[0])),
    "reset before for after, bias rows added": Mistake(_reset_before(lambda bias: bias.sum(0))),
    "reset after for before": Mistake(_reset_after, replace(_CONFIG, reset_after=False)),
    "1 - z for z": Mistake(_complement),
    "reversed output not flipped": Mistake(lambda right: right, output=lambda y: y[:, ::-1]),
    "sigmoid replaced by hard_sigmoid": Mistake(_gates(activations.KERAS_2["hard_sigmoid"])),
    "Keras 3's hard_sigmoid as Keras 2's": Mistake(
        _gates(activations.KERAS_2["hard_sigmoid"]), _KERAS_3
    ),
}


@functools.cache
def cost(mistake_name: str) -> float:
    """Return the largest error of a state that a mistake causes, of states within (−1, 1).

    The layer has 32 units, 16 features, 20 timesteps and a batch of 4, tanh and a random bias in
    both rows. Its numbers are normal, of a fixed seed; a kernel's are divided by the root of its
    rows, as initializers do, so that gates move and do not stick.

    Examples
    --------
    >>> cost("z and r swapped") > 0.5
    True
    """
    mistake = MISTAKES[mistake_name]
    rng = np.random.default_rng(0)
    arrays = [
        rng.normal(scale=BIAS_SCALE if name == "bias" else shape[0] ** -0.5, size=shape)
        for name, shape in mistake.config.weight_shapes(FEATURES).items()
    ]
    right = Subject(GRUWeights(*arrays), mistake.config)
    x = rng.normal(size=(BATCH, TIMESTEPS, FEATURES))
    wrong = mistake.make(right)
    expected = gru(x, *right).output
    actual = mistake.output(gru(x, *wrong).output)
    return float(np.abs(actual - expected).max())
