"""The products that a GRU needs, and nothing else: no bias, no gate, no state that changes."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import Call, NotServedError
from benchmarks.problems import Array, Problem


def make(problem: Problem, threads: int, form: str) -> Call:
    """Return what computes x W once and h R for each timestep, into arrays that are there.

    The form "rows" is h R for all gates at once, "columns" is Rᵀ hᵀ gate by gate: which one BLAS
    does faster depends on the sizes.
    """
    if problem.state == "kept":
        raise NotServedError("it keeps no state")
    B, T, U, dtype = problem.batch, problem.timesteps, problem.units, problem.dtype
    h = np.full((B, U), 0.5, dtype)

    def factors(R: Array) -> tuple[Array, ...]:
        """Return two factors and their product."""
        if form == "rows":
            return h, np.ascontiguousarray(R), np.empty((B, R.shape[1]), dtype)
        gates = R.reshape(U, -1, U).transpose(1, 2, 0)
        return gates.copy(), h.T.copy(), np.empty((len(gates), U, B), dtype)

    work = []
    for kernel, recurrent_kernel, _ in problem.weights:
        features = len(kernel)
        if features == problem.features:
            x = problem.x[:, :T].reshape(B * T, features)
        else:
            x = np.zeros((B * T, features), dtype)
        # Where the state is reset before the product, the candidate's comes after the gates'.
        parts = np.split(recurrent_kernel, [] if problem.reset_after else [2 * U], axis=1)
        work.append((x, kernel, np.empty((B * T, 3 * U), dtype), [factors(R) for R in parts]))

    def call() -> None:
        for x, kernel, projection, recurrent in work:
            np.dot(x, kernel, projection)
            for _ in range(T):
                for a, b, product in recurrent:
                    np.matmul(a, b, product)

    return call
