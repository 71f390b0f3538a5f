"""The compiled engine: BLAS and one compiled pass where the batch is large, else loops alone.

Work arrays hold one gate after another, and in each gate one unit after another with the rows of
the batch side by side: (3, units, batch). So a gate is one run of numbers whatever the batch, and
BLAS multiplies R and h the way that it is fastest, as Rᵀ hᵀ.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from gru_ref.core.piecewise_activations import hard_sigmoid_fifth, hard_sigmoid_sixth, linear, relu
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.rounding import is_half
from gru_ref.core.smooth_activations import Function, sigmoid, softsign, tanh
from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown

Array = NDArray[Any]

# Of the projections that are computed at once.
BLOCK_BYTES = 1 << 22
# One row, and up to this many numbers of state: the compiled product is faster than calls of BLAS.
SMALL_SIZE = 512
# From this many multiplications in a product on, threads are worth their start.
PARALLEL_SIZE = 1 << 20

# The activations that are compiled, with the numbers that the loops know them by.
TANH, SIGMOID, LINEAR, RELU, HARD_SIGMOID_FIFTH, HARD_SIGMOID_SIXTH, SOFTSIGN = range(7)
CODES: Mapping[Function, int] = {
    tanh: TANH,
    sigmoid: SIGMOID,
    linear: LINEAR,
    relu: RELU,
    hard_sigmoid_fifth: HARD_SIGMOID_FIFTH,
    hard_sigmoid_sixth: HARD_SIGMOID_SIXTH,
    softsign: SOFTSIGN,
}

# Products and sums may be fused, nothing else: order, NaN and infinity stay.
_options: dict[str, Any] = {
    "cache": True, "nogil": True, "fastmath": {"contract"}, "error_model": "numpy",
}  # fmt: skip
_compile: Callable[[Any], Any] = numba.njit(**_options)
_compile_parallel: Callable[[Any], Any] = numba.njit(parallel=True, **_options)
_intrinsic: Callable[[Any], Any] = intrinsic
_overload: Callable[[Any], Callable[[Any], Any]] = overload

# ---- numbers of a dtype

# Exact in float32, so they widen neither dtype's computation.
_0, _1, _2, _3, _6, _HALF = map(np.float32, (0, 1, 2, 3, 6, 0.5))
_FIFTHS = np.float32(0.2), np.float64(0.2)
# The lowest y that exp(y) is computed for: below it a subnormal number, taken for 0.
_LOWEST = np.float32(-87), np.float64(-708)
_PER_LN2 = np.float32(1.4426950408889634), np.float64(1.4426950408889634)
# 1.5 · 2^m, m the bits of the fraction; the first of the two parts of ln 2 has few bits.
_ROUNDERS = np.float32(1.5 * 2**23), np.float64(1.5 * 2**52)
_LN2_32 = np.float32(0.693359375), np.float32(-2.1219444e-4)
_LN2_64 = np.float64(0.6931471803691238), np.float64(1.9082149292705877e-10)
# q(r) of expm1(r) = r + r² q(r), |r| ≤ ½ ln 2: minimax polynomials, fitted in 50 digits for the
# relative error of expm1(r), which is 0.11 eps in float32 and 0.08 eps in float64.
_Q_32 = tuple(map(np.float32, (0.49999997, 0.16666543, 0.0416672, 0.0083665205, 0.0013882524)))
_Q_64 = (
    0.5000000000000006, 0.16666666666666588, 0.04166666666657676, 0.008333333333389556,
    0.0013888888931564752, 0.0001984126971899713, 2.4801505273932834e-05, 2.755740755313611e-06,
    2.762603783617156e-07, 2.5053771171005596e-08,
)  # fmt: skip
# The bits of the fraction, and the exponent of 1 above them.
_SHIFT_32, _ONE_32 = np.int32(23), np.int32(127 << 23)
_SHIFT_64, _ONE_64 = np.int64(52), np.int64(1023 << 52)
_SAME_WIDTH = {
    types.float32: types.int32, types.int32: types.float32,
    types.float64: types.int64, types.int64: types.float64,
}  # fmt: skip


@_intrinsic
def _bits(context: Any, value: Any) -> Any:
    """Return the bits of a float as an integer, or the float of the bits."""
    other = _SAME_WIDTH[value]

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], target.get_value_type(other))

    return other(value), generate


def _exp_parts(y: Any) -> Any:
    """Return s and p with exp(y) = s + s p for y ≤ 0: s = 2^k and p = expm1(y − k ln 2)."""


def _fifth(x: Any) -> Any:
    """Return 0.2 in the dtype of x."""


@_overload(_exp_parts)
def _exp_parts_of(y: Any) -> Any:
    def of_float32(y: Any) -> Any:
        below = y < _LOWEST[0]
        y = _LOWEST[0] if below else y
        shifted = y * _PER_LN2[0] + _ROUNDERS[0]  # k is in its lowest bits
        k = shifted - _ROUNDERS[0]
        r = (y - k * _LN2_32[0]) - k * _LN2_32[1]
        q = _Q_32[0] + r * (_Q_32[1] + r * (_Q_32[2] + r * (_Q_32[3] + r * _Q_32[4])))
        s = _bits(np.int32((_bits(shifted) << _SHIFT_32) + _ONE_32))  # Numba widens sums
        return _0 if below else s, r + r * r * q

    def of_float64(y: Any) -> Any:
        below = y < _LOWEST[1]
        y = _LOWEST[1] if below else y
        shifted = y * _PER_LN2[1] + _ROUNDERS[1]
        k = shifted - _ROUNDERS[1]
        r = (y - k * _LN2_64[0]) - k * _LN2_64[1]
        q = _Q_64[5] + r * (_Q_64[6] + r * (_Q_64[7] + r * (_Q_64[8] + r * _Q_64[9])))
        q = _Q_64[0] + r * (_Q_64[1] + r * (_Q_64[2] + r * (_Q_64[3] + r * (_Q_64[4] + r * q))))
        s = _bits((_bits(shifted) << _SHIFT_64) + _ONE_64)
        return _0 if below else s, r + r * r * q

    return of_float32 if y == types.float32 else of_float64


@_overload(_fifth)
def _fifth_of(x: Any) -> Any:
    def of_float32(x: Any) -> Any:
        return _FIFTHS[0]

    def of_float64(x: Any) -> Any:
        return _FIFTHS[1]

    return of_float32 if x == types.float32 else of_float64


# ---- activations


@_compile
def compiled_sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(−x)), from exp(−|x|); exactly 0 and 1 for large arguments."""
    s, p = _exp_parts(-abs(x))
    decay = s * p + s
    return (_1 if x >= _0 else decay) / (_1 + decay)


@_compile
def compiled_tanh(x: Any) -> Any:
    """Return −m / (m + 2) with m = expm1(−2 |x|), with the sign of x."""
    s, p = _exp_parts(-_2 * abs(x))
    m = s * p + (s - _1)
    y = m / (m + _2)
    return y if x < _0 else -y


@_compile
def _limit(x: Any, high: Any) -> Any:
    """Return x limited to [0, high]; NaN at NaN."""
    x = _0 if x <= _0 else x
    return high if x > high else x


@_compile
def _activate(code: int, a: Array) -> None:
    """Overwrite an array by an activation of it."""
    if code == TANH:
        for i in range(a.size):
            a[i] = compiled_tanh(a[i])
    elif code == SIGMOID:
        for i in range(a.size):
            a[i] = compiled_sigmoid(a[i])
    elif code == RELU:
        for i in range(a.size):
            a[i] = _0 if a[i] <= _0 else a[i]
    elif code == HARD_SIGMOID_FIFTH:
        for i in range(a.size):
            a[i] = _limit(a[i] * _fifth(a[i]) + _HALF, _1)
    elif code == HARD_SIGMOID_SIXTH:
        for i in range(a.size):
            a[i] = _limit(a[i] + _3, _6) / _6
    elif code == SOFTSIGN:
        for i in range(a.size):
            a[i] = a[i] / (_1 + abs(a[i]))


# ---- one timestep of as many rows as there are: arrays of 3 n numbers p, q and of n numbers c, h


@_compile
def _fused(
    p_z: Array, p_r: Array, p_h: Array, q_z: Array, q_r: Array, q_h: Array, c: Array, h: Array
) -> None:
    """Overwrite the state, for reset_after, sigmoid and tanh: the commonest GRU in one pass."""
    for i in range(h.size):
        z = compiled_sigmoid(p_z[i] + q_z[i])
        r = compiled_sigmoid(p_r[i] + q_r[i])
        candidate = compiled_tanh(p_h[i] + r * (q_h[i] + c[i]))
        h[i] = z * h[i] + (_1 - z) * candidate


@_compile
def _open_gates(p: Array, q: Array, h: Array, gates: int) -> None:
    """Leave z and r in q."""
    for i in range(2 * h.size):
        q[i] += p[i]
    _activate(gates, q[: 2 * h.size])


@_compile
def _reset(p: Array, q: Array, h: Array, kept: Array, gates: int) -> None:
    """Leave z and r in q, and r ∘ h in kept."""
    _open_gates(p, q, h, gates)
    for i in range(h.size):
        kept[i] = q[h.size + i] * h[i]


@_compile
def _mix(p: Array, q: Array, c: Array, h: Array, candidate: int, reset_after: bool) -> None:
    """Overwrite the state, from z and r in q."""
    n = h.size
    for i in range(n):
        product = q[n + i] * (q[2 * n + i] + c[i]) if reset_after else q[2 * n + i]
        q[2 * n + i] = p[2 * n + i] + product
    _activate(candidate, q[2 * n :])
    for i in range(n):
        h[i] = q[i] * h[i] + (_1 - q[i]) * q[2 * n + i]


@_compile
def _step_after(p: Array, q: Array, c: Array, h: Array, gates: int, candidate: int) -> None:
    """Overwrite the state, for reset_after; q holds h R, and c the bias of its candidate."""
    n = h.size
    if gates == SIGMOID and candidate == TANH:
        _fused(p[:n], p[n : 2 * n], p[2 * n :], q[:n], q[n : 2 * n], q[2 * n :], c, h)
    else:
        _open_gates(p, q, h, gates)
        _mix(p, q, c, h, candidate, True)


@_compile_parallel
def _step_after_parallel(p: Array, q: Array, c: Array, h: Array) -> None:
    """Overwrite the state, for reset_after, sigmoid and tanh, in as many parts as threads."""
    n, parts = h.size, numba.get_num_threads()
    for k in numba.prange(parts):
        a, b = k * n // parts, (k + 1) * n // parts
        _fused(
            p[a:b], p[n + a : n + b], p[2 * n + a : 2 * n + b],
            q[a:b], q[n + a : n + b], q[2 * n + a : 2 * n + b], c[a:b], h[a:b],
        )  # fmt: skip


@_compile
def _keep(h: Array, old: Array, used: Array) -> None:
    """Put the old state back, (units, batch), in the rows that are not used."""
    for u in range(h.shape[0]):
        for b in range(h.shape[1]):
            h[u, b] = h[u, b] if used[b] else old[u, b]


# ---- a small batch: each row by itself through all timesteps


@_compile
def _add_product(h: Array, R: Array, q: Array) -> None:
    """Add h R to q, eight rows of R at a time, for q to be read and written less often."""
    together = h.size - h.size % 8
    for k in range(0, together, 8):
        a, b, c, d, e, f = h[k], h[k + 1], h[k + 2], h[k + 3], h[k + 4], h[k + 5]
        g, o = h[k + 6], h[k + 7]
        for j in range(q.size):
            q[j] += (a * R[k, j] + b * R[k + 1, j] + c * R[k + 2, j] + d * R[k + 3, j]) + (
                e * R[k + 4, j] + f * R[k + 5, j] + g * R[k + 6, j] + o * R[k + 7, j]
            )
    for k in range(together, h.size):
        for j in range(q.size):
            q[j] += h[k] * R[k, j]


@_compile
def _run_row(
    p: Array, h: Array, R: Array, R_h: Array, bias: Array, used: Array, outputs: Array,
    gates: int, candidate: int, b: int,
) -> None:  # fmt: skip
    """Run the timesteps of row b; R_h is empty for reset_after, used and outputs where unasked."""
    units = h.shape[1]
    state, q, kept = h[b], np.empty(3 * units, h.dtype), np.empty(units, h.dtype)
    for t in range(len(p)):
        if used.size == 0 or used[t, b]:
            now = p[t, b]
            for j in range(units):
                q[j], q[units + j], q[2 * units + j] = bias[0, j], bias[1, j], _0
                now[2 * units + j] += bias[2, j]
            if R_h.size == 0:
                _add_product(state, R, q)
                _step_after(now, q, bias[3], state, gates, candidate)
            else:
                _add_product(state, R, q[: 2 * units])
                _reset(now, q, state, kept, gates)
                _add_product(kept, R_h, q[2 * units :])
                _mix(now, q, bias[3], state, candidate, False)
        if outputs.size > 0:
            outputs[t, b] = state


@_compile
def _run_rows(
    p: Array, h: Array, R: Array, R_h: Array, bias: Array, used: Array, outputs: Array,
    gates: int, candidate: int,
) -> None:  # fmt: skip
    for b in range(len(h)):
        _run_row(p, h, R, R_h, bias, used, outputs, gates, candidate, b)


@_compile_parallel
def _run_rows_parallel(
    p: Array, h: Array, R: Array, R_h: Array, bias: Array, used: Array, outputs: Array,
    gates: int, candidate: int,
) -> None:  # fmt: skip
    for b in numba.prange(len(h)):
        _run_row(p, h, R, R_h, bias, used, outputs, gates, candidate, b)


class NumbaKernel:
    """One GRU's weights, arranged for BLAS and for compiled loops.

    Equation
    --------
    That of `gru_ref.core.step.gru_step`, with the biases of z and r added to one another first.

    Parameters
    ----------
    weights : GRUWeights
        Copied; never changed.
    recurrence : Recurrence
        One that `reason` has nothing against.

    Notes
    -----
    What is compiled is kept beside this file, or in Numba's folder for the user.
    """

    @staticmethod
    def reason(recurrence: Recurrence) -> str | None:
        """Return why it does not serve a GRU: see `gru_ref.engines.loop.Kernel.reason`."""
        if is_half(recurrence.dtype):
            return f"dtype is {recurrence.dtype}, expected float32 or float64"
        for name in ("activation", "recurrent_activation"):
            function = getattr(recurrence, name)
            if not any(function is compiled for compiled in CODES):
                known = ", ".join(compiled.__name__ for compiled in CODES)
                word = getattr(function, "__name__", shown(function))
                return f"{name} is {word}, expected one of {known}"
        return None

    def __init__(self, weights: GRUWeights, recurrence: Recurrence) -> None:
        units, dtype = weights.units, recurrence.dtype
        self.reset_after = recurrence.reset_after
        codes = CODES[recurrence.recurrent_activation], CODES[recurrence.activation]
        self.gates, self.candidate = codes
        b_z, b_r, b_h = weights.input_bias_gates
        c_z, c_r, c_h = weights.recurrent_bias_gates
        self.bias = np.stack([b_z + c_z, b_r + c_r, b_h, c_h]).astype(dtype)
        self.kernel = np.ascontiguousarray(weights.kernel, dtype)
        R = weights.recurrent_kernel.astype(dtype)
        columns = 3 * units if self.reset_after else 2 * units
        self.R, self.R_h = _aligned(R[:, :columns]), _aligned(R[:, columns:].reshape(-1, units))
        self.RT = np.stack([gate.T for gate in weights.recurrent_kernel_gates]).astype(dtype)
        # For BLAS the biases are one more row of the kernel, beside a one in every input.
        self.kernel_T = np.concatenate(
            [
                np.stack([gate.T for gate in weights.kernel_gates]).astype(dtype),
                self.bias[:3, :, np.newaxis],
            ],
            axis=2,
        )
        self.no_mask, self.no_outputs = np.empty((0, 0), bool), np.empty((0, 0, 0), dtype)

    def advance(self, x: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps: see `gru_ref.engines.loop.Kernel.advance`."""
        (timesteps, batch, features), units = x.shape, h.shape[1]
        block = BLOCK_BYTES // ((3 * units + features + 1) * batch * h.itemsize or 1)
        block = min(max(1, block), timesteps)
        run = self._run_small
        if batch > 1 and batch * units > SMALL_SIZE:
            inputs = np.ones((block, 1, features + 1, batch), h.dtype)
            p = np.empty((block, 3, units, batch), h.dtype)
            run = functools.partial(self._run_large, inputs, p)
        for start in range(0, timesteps, block):
            part = slice(start, min(start + block, timesteps))
            now = None if used is None else np.ascontiguousarray(used[part])
            run(x[part], h, now, None if outputs is None else outputs[part])

    def _run_small(self, x: Array, h: Array, used: Array | None, outputs: Array | None) -> None:
        """Run timesteps without BLAS but for the input's product."""
        timesteps, batch, features = x.shape
        p = np.dot(x.reshape(timesteps * batch, features), self.kernel)
        kept = self.no_outputs
        if outputs is not None:
            kept = outputs if outputs.flags.c_contiguous else np.empty(outputs.shape, h.dtype)
        threads = batch > 1 and p.size * h.shape[1] >= PARALLEL_SIZE and _has_threads()
        (_run_rows_parallel if threads else _run_rows)(
            p.reshape(timesteps, batch, 3 * h.shape[1]), h, self.R, self.R_h, self.bias,
            self.no_mask if used is None else used, kept, self.gates, self.candidate,
        )  # fmt: skip
        if outputs is not None and kept is not outputs:
            outputs[...] = kept

    def _run_large(
        self, inputs: Array, p: Array, x: Array, h: Array, used: Array | None, outputs: Array | None
    ) -> None:
        """Run timesteps with BLAS and one compiled pass each; inputs and p are overwritten."""
        timesteps, batch, features = x.shape
        units = h.shape[1]
        inputs, p = inputs[:timesteps], p[:timesteps]
        inputs[:, 0, :features] = x.transpose(0, 2, 1)
        q, state = np.empty((3, units, batch), h.dtype), np.ascontiguousarray(h.T)
        kept, c = np.empty_like(state), np.repeat(self.bias[3], batch)
        flat_q, flat, flat_kept = q.reshape(-1), state.reshape(-1), kept.reshape(-1)
        fused = (self.gates, self.candidate) == (SIGMOID, TANH)
        threads = fused and batch * units * units >= PARALLEL_SIZE and _has_threads()
        with np.errstate(all="ignore"):
            np.matmul(self.kernel_T, inputs, p)
            for t, projections in enumerate(p.reshape(timesteps, -1)):
                old = None if used is None else state.copy()
                if self.reset_after:
                    np.matmul(self.RT, state, q)
                    if threads:
                        _step_after_parallel(projections, flat_q, c, flat)
                    else:
                        _step_after(projections, flat_q, c, flat, self.gates, self.candidate)
                else:
                    np.matmul(self.RT[:2], state, q[:2])
                    _reset(projections, flat_q, flat, flat_kept, self.gates)
                    np.matmul(self.RT[2], kept, q[2])
                    _mix(projections, flat_q, c, flat, self.candidate, False)
                if used is not None:
                    _keep(state, old, used[t])
                if outputs is not None:
                    outputs[t] = state.T
        h[...] = state.T


def _aligned(a: Array) -> Array:
    """Return a C-contiguous copy that starts at a cache line: vectors of it cross no border."""
    memory = np.empty(a.nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start : start + a.nbytes].view(a.dtype).reshape(a.shape)
    copy[...] = a
    return copy


def _has_threads() -> bool:
    return int(numba.get_num_threads()) > 1
