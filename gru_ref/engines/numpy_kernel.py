"""The NumPy engine: one product for the inputs of many timesteps, work arrays used again."""

from __future__ import annotations

import functools
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
        self.one = np.ones((), dtype)  # an array, which NumPy takes faster than a number
        self.gates, negated = _gates_in_place(recurrence.recurrent_activation, self.one)
        self.activate = _in_place(recurrence.activation)
        sign = np.array([-1, -1, 1] if negated else [1, 1, 1], dtype)[:, np.newaxis, np.newaxis]
        b_z, b_r, b_h = weights.input_bias_gates
        c_z, c_r, c_h = weights.recurrent_bias_gates
        bias = np.stack([b_z + c_z, b_r + c_r, b_h]).astype(dtype)[:, :, np.newaxis] * sign
        kernel_T = np.stack([gate.T for gate in weights.kernel_gates]).astype(dtype) * sign
        # For many rows the biases are one more row of the kernel, beside a one in every input.
        self.kernel_T = np.concatenate([kernel_T, bias], axis=2)
        self.RT = np.stack([gate.T for gate in weights.recurrent_kernel_gates]).astype(dtype) * sign
        # For one row there is a product with all gates side by side.
        self.kernel = np.ascontiguousarray(np.concatenate(kernel_T).T)
        self.R = np.ascontiguousarray(np.concatenate(self.RT[: 3 if self.reset_after else 2]).T)
        self.bias = bias.ravel()
        has_c_h = weights.bias is not None and self.reset_after
        self.candidate_bias = c_h.astype(dtype)[:, np.newaxis] if has_c_h else None

    def advance(self, x: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps: see `gru_ref.engines.loop.Kernel.advance`."""
        timesteps, batch, features = x.shape
        block = BLOCK_BYTES // ((3 * h.shape[1] + features + 1) * batch * h.itemsize or 1)
        block = min(max(1, block), timesteps)
        p = np.empty((block, 3, h.shape[1], batch), h.dtype)
        inputs = None if batch == 1 else np.ones((block, 1, features + 1, batch), h.dtype)
        state = np.ascontiguousarray(h.T)
        with np.errstate(all="ignore"):
            for start in range(0, timesteps, block):
                part = slice(start, min(start + block, timesteps))
                self._run(
                    self._projections(x[part], inputs, p),
                    state,
                    None if used is None else used[part],
                    None if outputs is None else outputs[part],
                )
        h[...] = state.T

    def _projections(self, x: Array, inputs: Array | None, p: Array) -> Array:
        """Return the inputs' share of the gates, (timesteps, 3, units, batch), in a part of p."""
        timesteps, _, features = x.shape
        p = p[:timesteps]
        if inputs is None:
            rows = p.reshape(timesteps, -1)
            np.dot(x.reshape(timesteps, features), self.kernel, rows)
            np.add(rows, self.bias, rows)
            return p
        inputs[:timesteps, 0, :features] = x.transpose(0, 2, 1)
        return np.matmul(self.kernel_T, inputs[:timesteps], p)

    def _run(self, p: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps from their projections; h is (units, batch)."""
        q = np.empty(p.shape[1:], h.dtype)
        zr, z, r, n = q[:2], q[0], q[1], q[2]
        RT, RT_zr, RT_h = self.RT, self.RT[:2], self.RT[2]
        one_row = h.shape[1] == 1
        h_row, q_row = h.reshape(1, -1), q.reshape(1, -1)[:, : self.R.shape[1]]
        c_h, reset_after, one = self.candidate_bias, self.reset_after, self.one
        gates, activate = self.gates, self.activate
        part, new = np.empty_like(h), h if used is None else np.empty_like(h)
        for t in range(len(p)):
            if one_row:
                np.dot(h_row, self.R, q_row)
            elif reset_after:
                np.matmul(RT, h, q)
            else:
                np.matmul(RT_zr, h, zr)
            np.add(zr, p[t, :2], zr)
            gates(zr)
            if not reset_after:
                np.multiply(r, h, part)
                np.matmul(RT_h, part, n)
            else:
                if c_h is not None:
                    np.add(n, c_h, n)
                np.multiply(r, n, n)
            np.add(p[t, 2], n, n)
            activate(n)
            np.multiply(z, h, part)
            np.subtract(one, z, z)
            np.multiply(z, n, n)
            np.add(part, n, new)
            if used is not None:
                np.copyto(h, new, where=used[t])
            if outputs is not None:
                outputs[t] = h.T


def _gates_in_place(function: Function, one: Array) -> tuple[InPlace, bool]:
    """Return ρ of z and r side by side, and whether it takes their negatives."""
    if function is sigmoid:
        return functools.partial(_sigmoid_of_negative, one=one), True
    apply = _in_place(function)
    if function in (tanh, linear, relu):
        return apply, False
    return lambda zr: (apply(zr[0]), apply(zr[1])), False


def _in_place(function: Function) -> InPlace:
    """Return φ as a function that overwrites its argument, (units, batch)."""
    if function is tanh:
        return lambda a: np.tanh(a, a)
    if function is linear:
        return lambda a: None
    if function is relu:
        return _relu

    def overwrite(a: Array) -> None:
        a[...] = function(a.T).T  # softmax sums over the units, its last axis

    return overwrite


def _sigmoid_of_negative(a: Array, one: Array) -> None:
    """Overwrite −a by sigmoid(a)."""
    np.exp(a, a)
    np.add(a, one, a)
    np.divide(one, a, a)


def _relu(a: Array) -> None:
    np.maximum(a, 0, out=a)
    np.add(a, 0, a)  # turns -0 into +0
