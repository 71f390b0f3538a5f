"""Deliberate mistakes in the engines' own sources, as data: what is replaced, and by what.

MUTANTS of a file are killed by the tests that TESTS names for it: a run of
`parity_tests.runner.engine_mutants` fails on one that survives, and on one whose text is not there
exactly once. The loops of the compiled engine are run by Python for their mutants, but for those
of COMPILED.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One mistake: a file of gru_ref, a text that is in it once, and what takes its place."""

    file: str
    text: str
    instead: str


NUMPY, NUMBA, LOOP = (f"engines/{name}.py" for name in ("numpy_kernel", "numba_kernel", "loop"))
QUICK, STREAM = "keras/layers/quick_call.py", "keras/layers/stream.py"
_TESTS = "parity_tests/tests/offline/"
# File → the arguments of pytest.
TESTS = {
    NUMPY: [f"{_TESTS}test_engine_activations.py", f"{_TESTS}test_engines.py", "-k", "numpy"],
    NUMBA: [f"{_TESTS}test_engines.py", "-k", "numba or Threads"],
    LOOP: [f"{_TESTS}test_stream.py", f"{_TESTS}test_engines.py", "-k", "not numba"],
    QUICK: [f"{_TESTS}test_engine_choice.py", f"{_TESTS}test_engines.py", "-k", "not numba"],
    STREAM: [f"{_TESTS}test_stream.py", "-k", "not numba"],
    "compiled": [f"{_TESTS}test_engine_activations.py", "-k", "numba"],
}

MUTANTS = (
    # ---- the NumPy engine
    Mutant(NUMPY, "z, r, n = q[:2], q[0], q[1], q[2]", "z, r, n = q[:2], q[1], q[0], q[2]"),
    Mutant(NUMPY, "np.stack([b_z + c_z, b_r + c_r, b_h])", "np.stack([b_z, b_r + c_r, b_h])"),
    Mutant(NUMPY, "b_r + c_r, b_h])", "b_r - c_r, b_h])"),
    Mutant(NUMPY, "[-1, -1, 1] if negated", "[-1, 1, 1] if negated"),
    Mutant(NUMPY, "has_c_h = weights.bias is not None and self.reset_after", "has_c_h = False"),
    Mutant(NUMPY, "np.add(rows, self.bias, rows)", "pass"),
    Mutant(NUMPY, "np.add(n, c_h, n)\n                np.multiply(r, n, n)",
           "np.multiply(r, n, n)\n                np.add(n, c_h, n)"),
    Mutant(NUMPY, "np.multiply(r, h, part)", "np.multiply(z, h, part)"),
    Mutant(NUMPY, "np.matmul(RT_h, part, n)", "np.matmul(RT_h, h, n)"),
    Mutant(NUMPY, "np.multiply(z, h, part)\n            np.subtract(one, z, z)",
           "np.subtract(one, z, z)\n            np.multiply(z, h, part)"),
    Mutant(NUMPY, "np.subtract(one, z, z)", "np.subtract(one, r, z)"),
    Mutant(NUMPY, "np.copyto(h, new, where=used[t])", "np.copyto(h, new, where=~used[t])"),
    Mutant(NUMPY, "np.copyto(h, new, where=used[t])", "np.copyto(h, new)"),
    Mutant(NUMPY, "h if used is None else np.empty_like(h)", "h"),
    Mutant(NUMPY, "None if used is None else used[part]", "None if used is None else used"),
    Mutant(NUMPY, "None if outputs is None else outputs[part]",
           "None if outputs is None else outputs[start - part.start :]"),
    Mutant(NUMPY, "range(0, timesteps, block)", "range(0, timesteps - block + 1, block)"),
    Mutant(NUMPY, "range(0, timesteps, block)", "range(0, timesteps, block + 1)"),
    Mutant(NUMPY, "state = np.ascontiguousarray(h.T)", "state = np.zeros_like(h.T, order='C')"),
    Mutant(NUMPY, "h[...] = state.T", "pass"),
    Mutant(NUMPY, "outputs[t] = h.T", "outputs[t] = new.T"),
    Mutant(NUMPY, "x.transpose(0, 2, 1)", "x[::-1].transpose(0, 2, 1)"),
    Mutant(NUMPY, "inputs = None if batch == 1 else np.ones(", "inputs = None if batch == 1 else np.zeros("),
    Mutant(NUMPY, "np.divide(one, a, a)", "np.divide(one, a, a)\n    np.minimum(a, 0.999, out=a)"),
    Mutant(NUMPY, "np.add(a, one, a)", "np.add(a, 1.000001, a)"),
    Mutant(NUMPY, "np.maximum(a, 0, out=a)", "np.maximum(a, -1, out=a)"),
    Mutant(NUMPY, "function(a.T).T", "function(a)"),
    # ---- the driver of both
    Mutant(LOOP, "x = x[::-1] if recurrence.go_backwards else x", "x = x"),
    Mutant(LOOP, "used = used[::-1] if recurrence.go_backwards else used", "used = used"),
    Mutant(LOOP, "outputs[:, ~used.any(axis=0)] = 0", "pass"),
    Mutant(LOOP, "elif not used[0].all():", "elif False:"),
    Mutant(LOOP, "np.logical_or.accumulate(used)", "used"),
    Mutant(LOOP, "outputs[~used] = 0  # without a copy", "pass"),
    Mutant(LOOP, "by_time = by_time[:1] if recurrence", "by_time = by_time[-1:] if recurrence"),
    Mutant(LOOP, "np.array(cell.first_state(batch, x.dtype), order=\"C\")",
           "np.asarray(cell.first_state(batch, x.dtype), order=\"C\")"),
    Mutant(LOOP, "return states[-1].copy()", "return states[-1]"),
    Mutant(LOOP, "range(0, timesteps, block)", "range(0, timesteps - block + 1, block)"),
    Mutant(LOOP, "min(start + block, timesteps)", "min(start + block, timesteps - 1)"),
    Mutant(LOOP, "kernel.advance(entering, state, now, leaving)",
           "kernel.advance(entering, state, None, leaving)"),
    Mutant(LOOP, "entering = leaving", "entering = leaving[::-1]"),
    Mutant(LOOP, "kernels[-1].advance(entering, states[-1], now,",
           "kernels[-1].advance(entering, states[0], now,"),
    # ---- the quick call and the stream
    Mutant(QUICK, "h = h.copy()", "pass"),
    Mutant(QUICK, "(output, h.copy())", "(output, h)"),
    Mutant(QUICK, "layer._recorded = recorded._replace(arrays=(h,))", "pass"),
    Mutant(QUICK, "and layer._weights is self.weights", ""),
    Mutant(QUICK, "h = recorded.arrays[0]", "h = np.zeros_like(recorded.arrays[0])"),
    Mutant(QUICK, "h = initial_state", "h = np.zeros_like(initial_state)"),
    Mutant(STREAM, "np.array(np.broadcast_to(cell.initial_state, shape), self._dtype)",
           "np.zeros(shape, self._dtype)"),
    Mutant(STREAM, "[state.copy() for state in self._states]", "self._states"),
    Mutant(STREAM, "np.where(begun, outputs, self._output)", "outputs"),
    Mutant(STREAM, "self._output = outputs[-1]\n            if", "if"),
    Mutant(STREAM, "zero_output_for_mask=False, return_sequences", "return_sequences"),
    Mutant(STREAM, "return np.array(outputs[-1])", "return np.array(outputs[0])"),
    # ---- the compiled engine, its loops run by Python
    Mutant(NUMBA, "np.stack([b_z + c_z, b_r + c_r, b_h, c_h])", "np.stack([b_z, b_r + c_r, b_h, c_h])"),
    Mutant(NUMBA, "b_r + c_r, b_h, c_h])", "b_r + c_r, c_h, b_h])"),
    Mutant(NUMBA, "now[2 * units + j] += bias[2, j]", "pass"),
    Mutant(NUMBA, "bias[0, j], bias[1, j], _0", "bias[1, j], bias[0, j], _0"),
    Mutant(NUMBA, "h[i] = z * h[i] + (_1 - z) * candidate", "h[i] = (_1 - z) * h[i] + z * candidate"),
    Mutant(NUMBA, "p_h[i] + r * (q_h[i] + c[i])", "p_h[i] + r * q_h[i] + c[i]"),
    Mutant(NUMBA, "kept[i] = q[h.size + i] * h[i]", "kept[i] = q[i] * h[i]"),
    Mutant(NUMBA, "_activate(candidate, q[2 * n :])", "_activate(candidate, q[2 * n : 3 * n - 1])"),
    Mutant(NUMBA, "h[i] = q[i] * h[i] + (_1 - q[i]) * q[2 * n + i]",
           "h[i] = q[n + i] * h[i] + (_1 - q[n + i]) * q[2 * n + i]"),
    Mutant(NUMBA, "h[u, b] if used[b] else old[u, b]", "old[u, b] if used[b] else h[u, b]"),
    Mutant(NUMBA, "for k in range(together, h.size):", "for k in range(together, h.size - 1):"),
    Mutant(NUMBA, "g * R[k + 6, j] + o * R[k + 7, j]", "o * R[k + 6, j] + g * R[k + 7, j]"),
    Mutant(NUMBA, "if used.size == 0 or used[t, b]:", "if True:"),
    Mutant(NUMBA, "return high if x > high else x", "return high if x > 2 * high else x"),
    Mutant(NUMBA, "x = _0 if x <= _0 else x", "x = x if x > _0 else _0"),
    Mutant(NUMBA, "a[i] = _limit(a[i] + _3, _6) / _6", "a[i] = _limit(a[i] + _2, _6) / _6"),
    Mutant(NUMBA, "return y if x < _0 else -y", "return -y"),
    Mutant(NUMBA, "(_1 if x >= _0 else decay) / (_1 + decay)", "_1 / (_1 + decay)"),
    Mutant(NUMBA, "inputs[:, 0, :features] = x.transpose(0, 2, 1)",
           "inputs[:, 0, :features] = x[::-1].transpose(0, 2, 1)"),
    Mutant(NUMBA, "old = None if used is None else state.copy()",
           "old = None if used is None else state"),
    Mutant(NUMBA, "if outputs is not None and kept is not outputs:", "if False:"),
    Mutant(NUMBA, "np.matmul(self.RT[2], kept, q[2])", "np.matmul(self.RT[2], state, q[2])"),
    Mutant(NUMBA, "(k + 1) * n // parts", "((k + 1) * n - 1) // parts"),
    Mutant(NUMBA, "for b in numba.prange(len(h)):", "for b in numba.prange(len(h) - 1):"),
    Mutant(NUMBA, "range(0, timesteps, block)", "range(0, timesteps - block + 1, block)"),
)  # fmt: skip
# Of the compiled engine's functions themselves: their own tests compile them.
COMPILED = (
    Mutant(NUMBA, "0.16666543", "0.16666843"),
    Mutant(NUMBA, "0.0083665205", "0.0087665205"),
    Mutant(NUMBA, "0.008333333333389556", "0.008333333339389556"),
    Mutant(NUMBA, "np.float32(-2.1219444e-4)", "np.float32(-2.1419444e-4)"),
    Mutant(NUMBA, "np.float64(1.9082149292705877e-10)", "np.float64(1.9182149292705877e-10)"),
    Mutant(NUMBA, "_LOWEST = np.float32(-87)", "_LOWEST = np.float32(-60)"),
    Mutant(NUMBA, "np.int32(23), np.int32(127 << 23)", "np.int32(23), np.int32(126 << 23)"),
    Mutant(NUMBA, "m = s * p + (s - _1)", "m = (s * p + s) - _1"),
)
