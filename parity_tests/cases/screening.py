"""A small GRU of the suite's own, in float64: it screens witnesses and gives no expected value.

It runs many variants of one witness side by side, each array with a leading axis of variants, and
tells beside the outputs what decides whether float32 computes the same numbers exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from parity_tests.cases.sweeps import Case

_erf = np.vectorize(math.erf, otypes=[float])


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _softplus(a: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, a)


def _softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _sparsemax(a: np.ndarray) -> np.ndarray:
    ordered = -np.sort(-a, axis=-1)
    sums = np.cumsum(ordered, axis=-1)
    ranks = np.arange(1, a.shape[-1] + 1)
    support = 1 + ranks * ordered > sums
    tau = np.max(np.where(support, (sums - 1) / ranks, -np.inf), axis=-1, keepdims=True)
    return np.maximum(a - tau, 0)


def _elu(a: np.ndarray) -> np.ndarray:
    return np.where(a > 0, a, np.expm1(np.minimum(a, 0)))


# Near enough to tell what is sensed; where the generations differ, or Keras errs, so does this.
ACTIVATIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "celu": _elu,
    "elu": _elu,
    "exponential": np.exp,
    "gelu": lambda a: a * (1 + _erf(a / math.sqrt(2))) / 2,
    "hard_shrink": lambda a: np.where(np.abs(a) > 0.5, a, 0),
    "hard_sigmoid": lambda a: np.clip(a / 5 + 0.5, 0, 1),
    "hard_silu": lambda a: a * np.clip(a / 6 + 0.5, 0, 1),
    "hard_swish": lambda a: a * np.clip(a / 6 + 0.5, 0, 1),
    "hard_tanh": lambda a: np.clip(a, -1, 1),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.2 * a),
    "linear": lambda a: a,
    "log_sigmoid": lambda a: -_softplus(-a),
    "log_softmax": lambda a: np.log(_softmax(a)),
    "mish": lambda a: a * np.tanh(_softplus(a)),
    "relu": lambda a: np.maximum(a, 0),
    "relu6": lambda a: np.clip(a, 0, 6),
    "selu": lambda a: 1.0507 * np.where(a > 0, a, 1.6733 * _elu(a)),
    "sigmoid": _sigmoid,
    "silu": lambda a: a * _sigmoid(a),
    "soft_shrink": lambda a: np.sign(a) * np.maximum(np.abs(a) - 0.5, 0),
    "softmax": _softmax,
    "softplus": _softplus,
    "softsign": lambda a: a / (1 + np.abs(a)),
    "sparse_plus": lambda a: np.where(a > 1, a, np.maximum(a + 1, 0) ** 2 / 4),
    "sparse_sigmoid": lambda a: np.clip((a + 1) / 2, 0, 1),
    "sparsemax": _sparsemax,
    "squareplus": lambda a: (a + np.sqrt(a * a + 4)) / 2,
    "swish": lambda a: a * _sigmoid(a),
    "tanh": np.tanh,
    "tanh_shrink": lambda a: a - np.tanh(a),
    "ELU": _elu,
    "LeakyReLU": lambda a: np.where(a > 0, a, 0.3 * a),
    "ReLU": lambda a: np.maximum(a, 0),
    "Softmax": _softmax,
    "ThresholdedReLU": lambda a: np.where(a > 1, a, 0),
}


class Trajectory(NamedTuple):
    """What the variants of a witness gave.

    outputs : for every call the list of what the layer returns, (variants, ...)
    largest : (variants,), the largest sum of |terms| of any sum
    smallest : (variants,), the smallest |pre-activation| that is not zero
    finest : (variants,), the power of two that every state is a multiple of, in the half types
    """

    outputs: list[list[np.ndarray]]
    largest: np.ndarray
    smallest: np.ndarray
    finest: np.ndarray

    def finite(self) -> np.ndarray:
        """Return for each variant whether every output is finite."""
        return np.all(
            [
                np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
                for call in self.outputs
                for array in call
            ],
            axis=0,
        )


class ScreenedLayer:
    """The variants of a layer: a GRU for every weight set, or for every set of dropout masks.

    Weights and sums have a leading axis of 2, the numbers and the sums of |terms|: see `_both`.
    """

    def __init__(self, case: Case, variants: Any, count: int) -> None:
        self.case = case
        self.levels = case.levels
        self.activation = ACTIVATIONS[case.activation]
        self.recurrent_activation = ACTIVATIONS[case.recurrent_activation]
        self.units = units = case.sizes.units
        self.kernel = _both(variants.kernel.astype("float64"))  # (2, variants, F, 3U)
        self.recurrent_kernel = _both(variants.recurrent_kernel.astype("float64"))
        rows = np.zeros((1, 2, 3 * units))
        if variants.bias is not None:
            bias = variants.bias
            rows = bias if bias.ndim == 3 else np.stack([bias, np.zeros_like(bias)], axis=1)
        self.input_bias = _by_gate(_both(rows[:, :1]), units)  # (2, variants, 3, 1, U)
        self.recurrent_bias = _by_gate(_both(rows[:, 1:]), units)
        self.recorded = np.zeros((count, case.sizes.batch, units))
        self.largest = np.zeros(count)
        self.smallest = np.full(count, np.inf)
        self.finest = np.ones(count)

    def call(
        self,
        x: np.ndarray,
        initial_state: np.ndarray | None,
        mask: np.ndarray | None,
        dropout_mask: np.ndarray | None,
        recurrent_dropout_mask: np.ndarray | None,
    ) -> list[np.ndarray]:
        """Return what the layer returns; x and the dropout masks have the axis of variants.

        A mask may have it.
        """
        levels, time_major = self.levels, self.levels.get("time_major")
        if time_major:
            x = x.swapaxes(1, 2)
            mask = None if mask is None else mask.swapaxes(-2, -1)
        timesteps = x.shape[2]
        x = x[:, np.newaxis]  # (variants, 1, B, T, F)
        if dropout_mask is not None:
            law = self.case.dropout_law
            if law == "timestep" and time_major:
                dropout_mask = dropout_mask.swapaxes(1, 2)
            where = {"timestep": (1,), "gate": (3,), "sequence": (1, 3)}[law]
            x = x * np.expand_dims(dropout_mask, where)
        batch = x.shape[2]
        by_step = x.swapaxes(2, 3).reshape(*x.shape[:2], timesteps * batch, -1)
        # (2, variants, 3, T * B, U)
        inputs = _product(_both(by_step), self.kernel, self.units) + self.input_bias
        if mask is None:
            mask = np.ones((batch, timesteps), bool)
        used = np.moveaxis(mask, -1, 0)  # (T, B), or (T, variants, B) of masks of their own
        order = range(timesteps)[::-1] if levels["go_backwards"] else range(timesteps)
        h = self._first_state(initial_state)
        output, sequence = np.zeros_like(h), []
        for t in order:
            a = inputs[:, :, :, t * batch : (t + 1) * batch]
            new = self._step(a, h, recurrent_dropout_mask, used[t])
            h = np.where(used[t, ..., np.newaxis], new, h)
            output = np.where(used[t, ..., np.newaxis], new, output)
            sequence.append(output)
        if levels["stateful"] != "off":
            self.recorded = h
        if levels["zero_output_for_mask"]:
            # Unrolled, a sequence is zeroed by the mask in its original order.
            unreversed = levels["unroll"] and levels["return_sequences"]
            pairs = zip(sequence, range(timesteps) if unreversed else order, strict=True)
            sequence = [np.where(used[t, ..., np.newaxis], output, 0) for output, t in pairs]
        returned = sequence[-1]
        if levels["return_sequences"]:
            returned = np.stack(sequence, axis=1 if time_major else 2)
        return [returned, h] if levels["return_state"] else [returned]

    def _first_state(self, initial_state: np.ndarray | None) -> np.ndarray:
        if initial_state is None:
            return self.recorded
        given = np.broadcast_to(initial_state, self.recorded.shape)
        if self.case.oracle == "keras3":
            return given
        return np.where(self.recorded.any(axis=(1, 2), keepdims=True), self.recorded, given)

    def _step(
        self, a: np.ndarray, h: np.ndarray, dropout_mask: np.ndarray | None, used: np.ndarray
    ) -> np.ndarray:
        """Return the next state, and note how large and how small the sums become."""
        R, c = self.recurrent_kernel, self.recurrent_bias
        seen = h[:, np.newaxis] if dropout_mask is None else h[:, np.newaxis] * dropout_mask
        if self.levels["reset_after"]:
            q = _product(_both(seen), R, self.units) + c  # (2, variants, 3, B, U)
            gates = a[:, :, :2] + q[:, :, :2]
            z, r = self.recurrent_activation(gates[0]).swapaxes(0, 1)
            candidate = a[:, :, 2] + _both(r) * q[:, :, 2]
        else:
            split = 2 * self.units
            gates = a[:, :, :2] + _product(_both(seen[:, :2]), R[..., :split], self.units)
            z, r = self.recurrent_activation(gates[0]).swapaxes(0, 1)
            candidate = a[:, :, 2] + _both(r * seen[:, -1]) @ R[..., split:]
        n = self.activation(candidate[0])
        mixed = np.abs(z * h) + (1 + np.abs(z)) * np.abs(n)
        sums = np.maximum(
            np.maximum(gates[1, :, 0], gates[1, :, 1]), np.maximum(candidate[1], mixed)
        )
        self.largest = np.maximum(self.largest, np.where(used, sums.max(axis=2), 0).max(axis=1))
        if self.case.lane == "saturated":
            sizes = np.abs(np.concatenate([gates[0], candidate[0, :, np.newaxis]], axis=1))
            sizes[sizes == 0] = np.inf
            smallest = np.where(used, sizes.min(axis=(1, 3)), np.inf).min(axis=1)
            self.smallest = np.minimum(self.smallest, smallest)
        new = z * h + (1 - z) * n
        if self.case.half:
            multiples = np.where(used[..., np.newaxis], _lowest_bit(new), 1.0).min(axis=(1, 2))
            self.finest = np.minimum(self.finest, multiples)
        return new


def _lowest_bit(array: np.ndarray) -> np.ndarray:
    """Return the largest power of two that each number is a multiple of; 1 for 0."""
    fractions, exponents = np.frexp(array)
    integers = (fractions * 2.0**53).astype(np.int64)
    bits = np.ldexp((integers & -integers).astype("float64"), exponents - 53)
    return np.where(integers == 0, 1.0, bits)


def _by_gate(array: np.ndarray, units: int) -> np.ndarray:
    """Return (2, variants, rows, gates * U) as (2, variants, gates, rows, U)."""
    return array.reshape(*array.shape[:3], -1, units).swapaxes(2, 3)


def _product(rows: np.ndarray, weights: np.ndarray, units: int) -> np.ndarray:
    """Return the products by gate of rows, (2, variants, 1 or gates, rows, F), and weights."""
    if rows.shape[2] > 1:
        return rows @ _by_gate(weights, units)
    return _by_gate(rows[:, :, 0] @ weights, units)  # a third of the products, each tiny


def _both(array: np.ndarray) -> np.ndarray:
    """Return numbers and their sizes: products of both are a sum and the sum of its |terms|."""
    both = np.empty((2, *array.shape))
    both[0] = array
    np.abs(array, out=both[1])
    return both


def simulate(
    case: Case, variants: Any, dropout_masks: Sequence[Mapping[str, Any]], count: int
) -> Trajectory:
    """Run the variants of a witness side by side.

    Parameters
    ----------
    variants : Witness
        Its weights, inputs and initial states have a leading axis of `count` variants, or of 1.
    dropout_masks : sequence of mappings
        For each call, resets included, dropout_mask and recurrent_dropout_mask; their leading axis
        is one of variants too.
    """
    layer = ScreenedLayer(case, variants, count)
    outputs = []
    with np.errstate(all="ignore"):  # what overflows is rejected by its size
        for call, masks in zip(variants.calls, dropout_masks, strict=True):
            if call == "reset":
                layer.recorded = np.zeros_like(layer.recorded)
            else:
                dropped = masks.get("dropout_mask"), masks.get("recurrent_dropout_mask")
                outputs.append(layer.call(call.x, call.initial_state, call.mask, *dropped))
    return Trajectory(outputs, layer.largest, layer.smallest, layer.finest)
