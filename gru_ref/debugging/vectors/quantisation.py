"""Weights as whole numbers with one scale per gate, and what that can cost a state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Moment
from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.bounds.step_bounds import bounded_activation, product
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]

# Significant bits of float32: a code and its scale share them, so that their product is exact.
_SIGNIFICANT = 24
# A smaller scale would leave the normal numbers of float32.
_LEAST_SCALE = 2.0**-120
_EXACT = FloatFormat("float64")
# Activations that never fall: their range lies between the values at both ends.
_RISING = frozenset((
    "tanh", "sigmoid", "sigmoid_tf_2_1", "hard_sigmoid_fifth", "hard_sigmoid_sixth", "hard_tanh",
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "softplus", "softsign",
    "log_sigmoid", "exponential", "squareplus", "sparse_plus", "sparse_sigmoid",
))  # fmt: skip


class Quantised(NamedTuple):
    """An array in whole numbers.

    Parameters
    ----------
    codes : (rows, 3 * units), int8 or int16
        Symmetric: from −(2**(bits − 1) − 1) to 2**(bits − 1) − 1.
    scales : (3,), float64
        The scale of the columns of z, r and h. The weight is code × scale, which is exact in
        float32.
    """

    codes: Array
    scales: Array

    @property
    def values(self) -> Array:
        """The weights that the codes mean, (rows, 3 * units), float64."""
        weights: Array = self.codes * np.repeat(self.scales, self.codes.shape[1] // 3)
        return weights


def quantise(array: Array, bits: int) -> Quantised:
    """Return the nearest codes of an array, each gate's largest magnitude the largest code.

    Parameters
    ----------
    array : (rows, 3 * units), finite
    bits : 8 or 16

    Notes
    -----
    The scale is rounded up to so few bits that code × scale is exact in float32. No weight is off
    by more than half of its scale.

    Examples
    --------
    >>> made = quantise(np.array([[0.5, -1.27, 0.0]]), 8)
    >>> made.codes, made.scales[2], bool((abs(made.values - [[0.5, -1.27, 0]]) < 0.005).all())
    (array([[ 127, -127,    0]], dtype=int8), np.float64(1.0), True)
    """
    levels = 2 ** (bits - 1) - 1
    gates = np.split(np.asarray(array, np.float64), 3, axis=1)
    largest = np.array([np.abs(gate).max() for gate in gates])
    mantissa, exponent = np.frexp(largest / levels)
    kept = _SIGNIFICANT - (bits - 1)
    scales = np.ldexp(np.ceil(np.ldexp(mantissa, kept)), exponent - kept)
    scales = np.where(largest == 0, 1.0, np.maximum(scales, _LEAST_SCALE))
    codes = [np.rint(gate / scale) for gate, scale in zip(gates, scales, strict=True)]
    return Quantised(np.concatenate(codes, axis=1).astype(f"int{bits}"), scales)


def state_bounds(
    record: Sequence[Moment],
    weights: GRUWeights,
    config: GRUConfig,
    kernel_scales: Array,
    recurrent_kernel_scales: Array,
) -> list[Array]:
    """Return how far each state of a quantised GRU can be from that of the unquantised one.

    Equation
    --------
    With primes for the unquantised GRU, s and σ the scales of a gate's kernel and recurrent kernel,
    and e the bound of the state before::

        |a' − a| ≤ da = Σ|x| s/2 + Σ|h| σ/2 + e (|R| + σ/2)     of z and r; likewise h R_h + c_h
        z' is in the range of ρ over a ± da, which gives max|z'|, max|1 − z'| and max|z' − z|
        |h' − h| ≤ max|z'| e + |h₋ − n| max|z' − z| + max|1 − z'| max|n' − n|
        |h' − h| ≤ |h| + max(|h₋| + e, max|n'|)                  where z' is in [0, 1]

    Parameters
    ----------
    record : sequence of Moment
        The quantised GRU's steps, in float64.
    weights : GRUWeights
        Quantised, in float64.
    config : GRUConfig
    kernel_scales, recurrent_kernel_scales : (3,)

    Returns
    -------
    list of (batch, units)
        One for each timestep, in processing order. It is proved for any weights that round to the
        codes, and grows with the timesteps.
    """
    recurrence = config.recurrence
    ρ, φ = recurrence.recurrent_activation, recurrence.activation
    R = weights.recurrent_kernel_gates
    off = np.zeros_like(record[0].before[0])
    bounds = []
    for moment in record:
        (h,), (step,) = moment.before, moment.steps
        p, q, z, n = step.input_projections, step.recurrent_projections, step.z, step.candidate
        of_x = [_sum(moment.x) * scale / 2 for scale in kernel_scales]
        of_h = [_moved(h, off, *gate) for gate in zip(R, recurrent_kernel_scales, strict=True)]
        z_range = _range(ρ, p[0] + q[0], of_x[0] + of_h[0])
        r_range = _range(ρ, p[1] + q[1], of_x[1] + of_h[1])
        dr, reset = r_range.off(step.r), r_range.size
        if recurrence.reset_after:
            inner, of_inner = step.r * q[2], np.abs(q[2]) * dr + reset * of_h[2]
        else:
            of_reset = np.abs(h) * dr + reset * off
            inner, of_inner = q[2], _moved(step.r * h, of_reset, R[2], recurrent_kernel_scales[2])
        n_range = _range(φ, p[2] + inner, of_x[2] + of_inner)
        moved = z_range.size * off + np.abs(h - n) * z_range.off(z)
        moved += _Range(1 - z_range.high, 1 - z_range.low).size * n_range.off(n)
        reached = np.abs(step.h) + np.maximum(np.abs(h) + off, n_range.size)
        convex = (z_range.low >= 0) & (z_range.high <= 1)
        moved = np.where(convex, np.minimum(moved, reached), moved)
        off = moved if moment.used is None else np.where(moment.used, moved, off)
        bounds.append(off)
    return bounds


class _Range(NamedTuple):
    """The lowest and the highest value of each number."""

    low: Array
    high: Array

    @property
    def size(self) -> Array:
        """The largest magnitude."""
        return np.asarray(np.maximum(np.abs(self.low), np.abs(self.high)))

    def off(self, value: Array) -> Array:
        """Return the largest distance from a value in the range."""
        return np.asarray(np.maximum(self.high - value, value - self.low))


def _range(function: Any, x: Array, off: Array) -> _Range:
    """Return the values of an activation within x ± off."""
    if getattr(function, "__name__", "") in _RISING:
        return _Range(function(x - off), function(x + off))
    y, bound = bounded_activation(function, x, off, _EXACT)
    return _Range(y - bound, y + bound)


def _sum(values: Array) -> Array:
    return np.asarray(np.abs(values).sum(axis=-1, keepdims=True))


def _moved(values: Array, off: Array, weights: Array, scale: float) -> Array:
    """Return how far a product may move: weights off by half a scale, values off by `off`."""
    moved: Array = _sum(values) * scale / 2 + product(off, np.abs(weights) + scale / 2)
    return moved
