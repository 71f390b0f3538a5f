"""Bounds of the rounding of one timestep: every gate with the error that a correct step may have.

Notes
-----
The step is computed in float64 from the state that the implementation under test reached itself,
so that no error is carried over from earlier steps. Then, with u the roundoff of its dtype (half
the distance from 1 to the next number), and every operation (1 + δ) times the exact one, |δ| ≤ u:

- a sum of k products and biases, added in any order, blocked or fused, is off by at most
  γₖ Σ|terms| with γₖ = k u / (1 − k u) (Higham, Accuracy and Stability, section 3.1). One more
  rounding is allowed for a dropout mask, and one for adding the parts of a gate.
- weights that are stored as integer multiples of a scale s are off by at most s / 2 each, so a sum
  over x is off by at most Σ|x| s / 2 in addition.
- an activation whose argument is off by d is off by its change within ± d, plus its own error,
  `activation_ulps` · u · max(1, |y|). It is monotone, or deviates from that by at most 2 d².
- r ∘ (h R + c) is off by |h R + c| dr + r d + dr d plus its own rounding; so is (r ∘ h) R.
- z ∘ h + (1 − z) ∘ n is off by |h − n| dz + |1 − z| dn + dz dn, plus 3 u (|z| (|h| + |n|) + |n|)
  for its own operations, which covers n + z ∘ (h − n) too.

The float64 computation of this module is one more implementation: its u = 2⁻⁵³ is added to every
other. An underflow adds at most the smallest normal number for each term (for float16, whose
subnormal numbers are supported everywhere, the smallest subnormal one).

Source
------
Derived here; `parity_tests/judging/step_local.py` has the suite's own bound, and a test compares
the two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.weights import Gates, GRUWeights
from gru_ref.debugging.bounds.float_format import FloatFormat

Array = NDArray[Any]

# The ways in which the rows of an activation's derivative add up, where it mixes the units.
_MIXING = {"softmax": 0.5, "log_softmax": 2.0, "sparsemax": 2.0, "sparsemax_3_8": 2.0}


class Bounded(NamedTuple):
    """A value, and how far a correct implementation may be from it: one shape, float64."""

    value: Array
    bound: Array

    @classmethod
    def exact(cls, value: Array) -> Bounded:
        """Return a value that a correct implementation has exactly."""
        return cls(value, np.zeros_like(value))


class BoundedStep(NamedTuple):
    """The gates and the state of one timestep, or of many at once, each with its bound."""

    z: Bounded
    r: Bounded
    candidate: Bounded
    h: Bounded


class Operands(NamedTuple):
    """The inputs of steps; see `operands`.

    Parameters
    ----------
    x_gates, h_gates : three arrays each, (…, batch, features) and (…, batch, units), float64
        The factors of the products of z, r and the candidate: x and h_prev with dropout applied.
    h_prev : (…, batch, units), float64
    """

    x_gates: Gates
    h_prev: Array
    h_gates: Gates


def operands(
    x: Array, h_prev: Array, x_masks: Array | None = None, h_masks: Array | None = None
) -> Operands:
    """Return the inputs of steps.

    Parameters
    ----------
    x : (…, batch, features), float64
        Leading axes, such as time, stand for many steps at once.
    h_prev : (…, batch, units), float64
    x_masks, h_masks : optional
        The dropout masks of x and h_prev: one of that shape for all products, or with a leading
        axis of three, one each for z, r and the candidate.
    """
    return Operands(_gated(x, x_masks), h_prev, _gated(h_prev, h_masks))


def _gated(values: Array, masks: Array | None) -> Gates:
    if masks is None:
        return values, values, values
    z, r, h = np.broadcast_to(values * masks, (3, *values.shape))
    return z, r, h


def bounded_step(
    given: Operands,
    weights: GRUWeights,
    recurrence: Recurrence,
    arithmetic: FloatFormat,
    *,
    complement: bool = False,
    r: Array | None = None,
    z_and_candidate: tuple[Array, Array] | None = None,
) -> BoundedStep:
    """Compute steps in float64, with bounds of the error of rounding in another arithmetic.

    Parameters
    ----------
    given : Operands
    weights : GRUWeights
        In float64, with values that the implementation can store: see `FloatFormat.round`.
    recurrence : Recurrence
        In float64; its activations and reset form matter here.
    arithmetic : FloatFormat
    complement : bool
        z is the share of the candidate.
    r, z_and_candidate : optional
        The implementation's own gates: the candidate is then computed from this r, and the state
        from this z and candidate, as if they were exact.

    Returns
    -------
    BoundedStep
        (…, batch, units) each.
    """
    a = arithmetic
    W = _scaled(weights.kernel_gates, a.kernel_scale)
    R_z, R_r, R_h = _scaled(weights.recurrent_kernel_gates, a.recurrent_kernel_scale)
    b, c = weights.input_bias_gates, weights.recurrent_bias_gates
    of_x = [_affine(x, *w, bias) for x, w, bias in zip(given.x_gates, W, b, strict=True)]
    count_x, count_h = weights.features + 1, weights.units + 1
    ρ, φ = recurrence.recurrent_activation, recurrence.activation

    def gate(of_input: _Sum, of_state: _Sum) -> Bounded:
        total = of_input + of_state
        off = a.sum_error(count_x + count_h, total.size) + total.off
        return _activated(ρ, total.value, off, a)

    z = gate(of_x[0], _affine(given.h_gates[0], *R_z, c[0]))
    made_r = gate(of_x[1], _affine(given.h_gates[1], *R_r, c[1]))
    used_r = made_r if r is None else Bounded.exact(r)
    h_h, off_r = given.h_gates[2], used_r.bound
    if recurrence.reset_after:
        state = _affine(h_h, *R_h, c[2])
        off = a.sum_error(count_h, state.size) + state.off
        inner = used_r.value * state.value
        reset = np.abs(used_r.value) + off_r
        off_inner = np.abs(state.value) * off_r + reset * (off + a.roundoff * state.size)
        total = of_x[2] + _Sum(inner, np.abs(inner) + off_inner, off_inner)
        off = a.sum_error(count_x, total.size) + total.off
    else:
        state = _affine(used_r.value * h_h, *R_h, np.zeros(weights.units))
        off_reset = np.abs(h_h) * off_r + a.roundoff * np.abs(used_r.value * h_h) + a.underflow
        total = of_x[2] + state
        off_product = off_reset @ (np.abs(R_h[0]) + R_h[1] / 2)
        off = a.sum_error(count_x + count_h, total.size + off_product) + total.off + off_product
    n = _activated(φ, total.value, off, a)
    used_z, used_n = (z, n) if z_and_candidate is None else map(Bounded.exact, z_and_candidate)
    h = _mixed(used_z, used_n, given.h_prev, a, complement)
    return BoundedStep(z, made_r, n, h)


class _Sum(NamedTuple):
    """A sum: its value, the sum of its terms' sizes, and what its terms themselves are off by."""

    value: Array
    size: Array
    off: Array

    def __add__(self, other: Any) -> _Sum:
        return _Sum(*(mine + its for mine, its in zip(self, other, strict=True)))


def _affine(x: Array, weights: Array, scale: Array, bias: Array) -> _Sum:
    """Return x W + b; every weight may be off by half of its column's scale."""
    sizes = np.abs(x)
    off = sizes.sum(axis=-1, keepdims=True) * scale / 2
    size = sizes @ np.abs(weights) + np.abs(bias) + off
    return _Sum(x @ weights + bias, size, np.broadcast_to(off, size.shape))


def _activated(function: Any, x: Array, off: Array, a: FloatFormat) -> Bounded:
    """Return an activation of x, which may be off by `off`."""
    y = np.asarray(function(x), np.float64)
    name = getattr(function, "__name__", "")
    with np.errstate(over="ignore", invalid="ignore"):
        if name in _MIXING:
            moved = _MIXING[name] * np.max(off, axis=-1, keepdims=True)
        else:
            ends = [np.abs(function(x + d) - y) for d in (off, -off)]
            moved = np.maximum(*ends) + np.minimum(2 * off**2, off)
    return Bounded(y, moved + a.activation_ulps * a.roundoff * np.maximum(1, np.abs(y)))


def _mixed(z: Bounded, n: Bounded, h_prev: Array, a: FloatFormat, complement: bool) -> Bounded:
    """Return z ∘ h + (1 − z) ∘ n."""
    kept = 1 - z.value if complement else z.value
    added = 1 - kept
    bound = np.abs(h_prev - n.value) * z.bound + (np.abs(added) + z.bound) * n.bound
    sizes = np.abs(kept) * (np.abs(h_prev) + np.abs(n.value)) + np.abs(n.value)
    bound = bound + 3 * a.roundoff * sizes + 3 * a.underflow
    return Bounded(kept * h_prev + added * n.value, bound)


def _scaled(blocks: Gates, scale: Any) -> list[tuple[Array, Array]]:
    """Return the blocks z, r and h, each with the scales of its columns."""
    columns = sum(block.shape[1] for block in blocks)
    array = np.asarray(scale, np.float64)
    if array.shape not in ((), (1,), (columns,), (1, columns)):
        raise ValueError(f"scale has shape {array.shape}, expected one number or ({columns},)")
    scales = np.split(np.broadcast_to(array.reshape(-1), columns), 3)
    return list(zip(blocks, scales, strict=True))
