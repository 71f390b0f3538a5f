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
from gru_ref.debugging.bounds.shared import Shared

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


class WeightBlock(NamedTuple):
    """The weights of one product: (n, units), their sizes, and their columns' scales, (units,)."""

    value: Array
    size: Array
    scale: Array


class StepWeights(NamedTuple):
    """The weights of a step in its own blocks, those of z, r and the candidate."""

    kernel: tuple[WeightBlock, WeightBlock, WeightBlock]
    recurrent_kernel: tuple[WeightBlock, WeightBlock, WeightBlock]
    input_bias: Gates
    recurrent_bias: Gates

    @classmethod
    def of(
        cls, weights: GRUWeights, arithmetic: FloatFormat, shared: Shared | None = None
    ) -> StepWeights:
        """Return weights as an implementation stores them.

        Parameters
        ----------
        weights : GRUWeights
            In float64, of any values; they are rounded.
        arithmetic : FloatFormat
        shared : Shared, optional
            Blocks of the same numbers become the same arrays there.
        """
        a, shared = arithmetic, shared or Shared()
        stored = GRUWeights(*map(a.round, weights.arrays()))
        W = _blocks(stored.kernel_gates, a.kernel_scale, shared)
        R = _blocks(stored.recurrent_kernel_gates, a.recurrent_kernel_scale, shared)
        b, c = (
            (shared.array(z), shared.array(r), shared.array(h))
            for z, r, h in (stored.input_bias_gates, stored.recurrent_bias_gates)
        )
        return cls(W, R, b, c)


def _blocks(
    blocks: Gates, scale: Any, shared: Shared
) -> tuple[WeightBlock, WeightBlock, WeightBlock]:
    columns = sum(block.shape[1] for block in blocks)
    array = np.asarray(scale, np.float64)
    if array.shape not in ((), (1,), (columns,), (1, columns)):
        raise ValueError(f"scale has shape {array.shape}, expected one number or ({columns},)")
    scales = np.split(np.broadcast_to(array.reshape(-1), columns), 3)
    z, r, h = (
        WeightBlock(shared.array(block), shared.array(np.abs(block)), shared.array(own))
        for block, own in zip(blocks, scales, strict=True)
    )
    return z, r, h


def bounded_step(
    given: Operands,
    weights: StepWeights,
    recurrence: Recurrence,
    arithmetic: FloatFormat,
    *,
    complement: bool = False,
    r: Array | None = None,
    z_and_candidate: tuple[Array, Array] | None = None,
    shared: Shared | None = None,
) -> BoundedStep:
    """Compute steps in float64, with bounds of the error of rounding in another arithmetic.

    Parameters
    ----------
    given : Operands
    weights : StepWeights
    recurrence : Recurrence
        In float64; its activations and reset form matter here.
    arithmetic : FloatFormat
    complement : bool
        z is the share of the candidate.
    r, z_and_candidate : optional
        The implementation's own gates: the candidate is then computed from this r, and the state
        from this z and candidate, as if they were exact.
    shared : Shared, optional
        Where steps from the same operands keep what they have in common.

    Returns
    -------
    BoundedStep
        (…, batch, units) each.
    """
    a, once = arithmetic, (shared or Shared()).once
    W, R, b, c = weights
    ρ, φ = recurrence.recurrent_activation, recurrence.activation

    def affine(x: Array, block: WeightBlock, bias: Array) -> _Sum:
        made = once(product, x, block.value), once(product, once(np.abs, x), block.size)
        return once(_affine, *made, once(_off, once(np.abs, x), block.scale), bias)

    x_z, x_r, x_h = given.x_gates
    h_z, h_r, h_h = given.h_gates
    z = once(_gate, ρ, affine(x_z, W[0], b[0]), affine(h_z, R[0], c[0]), x_z, h_z, a)
    made_r = once(_gate, ρ, affine(x_r, W[1], b[1]), affine(h_r, R[1], c[1]), x_r, h_r, a)
    p_h = affine(x_h, W[2], b[2])
    used_r = made_r if r is None else Bounded.exact(r)
    if recurrence.reset_after:
        q_h = affine(h_h, R[2], c[2])
        n = once(_candidate_of_reset_after, φ, p_h, used_r, q_h, x_h, h_h, a)
    else:
        n = once(_candidate_of_reset_before, φ, p_h, used_r, R[2], x_h, h_h, a)
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


def product(x: Array, weights: Array) -> Array:
    """Return x W for the rows of all steps in one product.

    NumPy multiplies an array of more than two axes matrix by matrix, here each of a few rows.

    Parameters
    ----------
    x : (…, n), weights : (n, units), float64
    """
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    return np.asarray(rows @ weights).reshape(*x.shape[:-1], weights.shape[1])


def _terms(operand: Array) -> int:
    """Return how many numbers are added in the product of an operand, with the bias."""
    return int(operand.shape[-1]) + 1


def _off(sizes: Array, scale: Array) -> Array:
    """Return what x W is off by where every weight may be off by half of its column's scale."""
    if not scale.any():
        return np.zeros(1)
    return np.asarray(sizes.sum(axis=-1, keepdims=True) * scale / 2)


def _affine(made: Array, sizes: Array, off: Array, bias: Array) -> _Sum:
    """Return x W + b; the sizes are |x| |W|."""
    size = sizes + (np.abs(bias) + off)
    return _Sum(made + bias, size, off)


def _gate(ρ: Any, of_input: _Sum, of_state: _Sum, x: Array, h: Array, a: FloatFormat) -> Bounded:
    total = of_input + of_state
    off = a.sum_error(_terms(x) + _terms(h), total.size) + total.off
    return bounded_activation(ρ, total.value, off, a)


def _candidate_of_reset_after(
    φ: Any, of_input: _Sum, r: Bounded, state: _Sum, x: Array, h: Array, a: FloatFormat
) -> Bounded:
    off = a.sum_error(_terms(h), state.size) + state.off
    inner = r.value * state.value
    reset = np.abs(r.value) + r.bound
    off_inner = np.abs(state.value) * r.bound + reset * (off + a.roundoff * state.size)
    total = of_input + _Sum(inner, np.abs(inner) + off_inner, off_inner)
    off = a.sum_error(_terms(x), total.size) + total.off
    return bounded_activation(φ, total.value, off, a)


def _candidate_of_reset_before(
    φ: Any, of_input: _Sum, r: Bounded, R: WeightBlock, x: Array, h: Array, a: FloatFormat
) -> Bounded:
    entering, sizes = r.value * h, np.abs(r.value * h)
    of_state = _affine(
        product(entering, R.value), product(sizes, R.size), _off(sizes, R.scale), np.zeros(1)
    )
    off_reset = np.abs(h) * r.bound + a.roundoff * sizes + a.underflow
    total = of_input + of_state
    off_product = product(off_reset, R.size + R.scale / 2)
    off = a.sum_error(_terms(x) + _terms(h), total.size + off_product) + total.off + off_product
    return bounded_activation(φ, total.value, off, a)


def bounded_activation(function: Any, x: Array, off: Array, a: FloatFormat) -> Bounded:
    """Return an activation of x, which may be off by `off`."""
    y = np.asarray(function(x), np.float64)
    name = getattr(function, "__name__", "")
    with np.errstate(over="ignore", invalid="ignore"):
        if name in _MIXING:
            moved = _MIXING[name] * np.max(off, axis=-1, keepdims=True)
        else:
            above, below = np.abs(function(x + off) - y), np.abs(function(x - off) - y)
            moved = np.maximum(above, below, out=above)
            moved += np.minimum(2 * off**2, off)
    return Bounded(y, moved + a.activation_ulps * a.roundoff * np.maximum(1, np.abs(y)))


def _mixed(z: Bounded, n: Bounded, h_prev: Array, a: FloatFormat, complement: bool) -> Bounded:
    """Return z ∘ h + (1 − z) ∘ n."""
    kept = 1 - z.value if complement else z.value
    added = 1 - kept
    bound = np.abs(h_prev - n.value) * z.bound + (np.abs(added) + z.bound) * n.bound
    sizes = np.abs(kept) * (np.abs(h_prev) + np.abs(n.value)) + np.abs(n.value)
    bound = bound + 3 * a.roundoff * sizes + 3 * a.underflow
    return Bounded(kept * h_prev + added * n.value, bound)
