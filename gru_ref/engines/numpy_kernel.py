"""The NumPy engine: one product for the inputs of many timesteps, work arrays used again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.piecewise_activations import linear, relu
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.rounding import is_half
from gru_ref.core.smooth_activations import Function, sigmoid, tanh
from gru_ref.core.weights import GRUWeights

Array = NDArray[Any]
# What it returns is not used.
InPlace = Callable[[Array], object]

# Of the projections that are computed at once: they stay in the cache until they are used.
BLOCK_BYTES = 1 << 20


class NumpyKernel:
    """One GRU's weights, arranged for NumPy's products.

    Equation
    --------
    That of `gru_ref.core.step.gru_step`, with the biases of z and r added to one another first.
    For sigmoid gates W, R and the biases of z and r are kept with the opposite sign, for
    ρ(a) = 1 / (1 + exp(−a)).

    Parameters
    ----------
    weights : GRUWeights
        Copied where they are arranged otherwise; never changed.
    recurrence : Recurrence
        One that `reason` has nothing against.
    """

    @staticmethod
    def reason(recurrence: Recurrence) -> str | None:
        """Return why it does not serve a GRU: see `gru_ref.engines.loop.Kernel.reason`."""
        if is_half(recurrence.dtype):
            return f"dtype is {recurrence.dtype}, expected float32 or float64"
        return None

    def __init__(self, weights: GRUWeights, recurrence: Recurrence) -> None:
        dtype = recurrence.dtype
        self.reset_after = recurrence.reset_after
        self.gates, negated = _gates_in_place(recurrence.recurrent_activation)
        self.activate = _in_place(recurrence.activation)
        sign = np.array([-1, -1, 1] if negated else [1, 1, 1], dtype)[:, np.newaxis, np.newaxis]
        self.kernel = np.stack(weights.kernel_gates).astype(dtype) * sign
        self.recurrent_kernel = np.stack(weights.recurrent_kernel_gates).astype(dtype) * sign
        # What one row is multiplied by: NumPy is faster with one matrix than with three.
        self.columns = np.concatenate(self.recurrent_kernel[: 3 if self.reset_after else 2], axis=1)
        b_z, b_r, b_h = weights.input_bias_gates
        c_z, c_r, c_h = weights.recurrent_bias_gates
        bias = np.stack([b_z + c_z, b_r + c_r, b_h]).astype(dtype)[:, np.newaxis] * sign
        has_bias = weights.bias is not None
        self.bias = bias if has_bias else None
        self.candidate_bias = c_h.astype(dtype) if has_bias and self.reset_after else None

    def advance(self, x: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps: see `gru_ref.engines.loop.Kernel.advance`."""
        timesteps, batch, features = x.shape
        units = h.shape[1]
        block = max(1, BLOCK_BYTES // (3 * h.nbytes or 1))
        with np.errstate(all="ignore"):
            for start in range(0, timesteps, block):
                stop = min(start + block, timesteps)
                rows = x[start:stop].reshape((stop - start) * batch, features)
                p = np.matmul(rows, self.kernel)
                if self.bias is not None:
                    np.add(p, self.bias, p)
                self._run(
                    p.reshape(3, stop - start, batch, units),
                    h,
                    None if used is None else used[start:stop, :, np.newaxis],
                    None if outputs is None else outputs[start:stop],
                )

    def _run(self, p: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run the timesteps whose input projections are p, (3, timesteps, batch, units)."""
        q = np.empty((3, *h.shape), h.dtype)
        zr, z, r, n = q[:2], q[0], q[1], q[2]
        R, R_zr, R_h = self.recurrent_kernel, self.recurrent_kernel[:2], self.recurrent_kernel[2]
        one_row = len(h) == 1
        row = q.reshape(1, -1)[:, : self.columns.shape[1]] if one_row else q
        c_h, reset_after = self.candidate_bias, self.reset_after
        gates, activate = self.gates, self.activate
        part, new = np.empty_like(h), h if used is None else np.empty_like(h)
        for t in range(p.shape[1]):
            if one_row:
                np.dot(h, self.columns, row)
            elif reset_after:
                np.matmul(h, R, q)
            else:
                np.matmul(h, R_zr, zr)
            np.add(zr, p[:2, t], zr)
            gates(zr)
            if not reset_after:
                np.multiply(r, h, part)
                np.matmul(part, R_h, n)
            else:
                if c_h is not None:
                    np.add(n, c_h, n)
                np.multiply(r, n, n)
            np.add(p[2, t], n, n)
            activate(n)
            np.multiply(z, h, part)
            np.subtract(1, z, z)
            np.multiply(z, n, n)
            np.add(part, n, new)
            if used is not None:
                np.copyto(h, new, where=used[t])
            if outputs is not None:
                outputs[t] = h


def _gates_in_place(function: Function) -> tuple[InPlace, bool]:
    """Return ρ of z and r side by side, and whether it takes their negatives."""
    if function is sigmoid:
        return _sigmoid_of_negative, True
    apply = _in_place(function)
    if function in (tanh, linear, relu):
        return apply, False
    return lambda zr: (apply(zr[0]), apply(zr[1])), False


def _in_place(function: Function) -> InPlace:
    """Return φ as a function that overwrites its argument."""
    if function is tanh:
        return lambda a: np.tanh(a, a)
    if function is linear:
        return lambda a: None
    if function is relu:
        return _relu

    def overwrite(a: Array) -> None:
        a[...] = function(a)

    return overwrite


def _sigmoid_of_negative(a: Array) -> None:
    """Overwrite −a by sigmoid(a)."""
    np.exp(a, a)
    np.add(a, 1, a)
    np.reciprocal(a, a)


def _relu(a: Array) -> None:
    np.maximum(a, 0, out=a)
    np.add(a, 0, a)  # turns -0 into +0
