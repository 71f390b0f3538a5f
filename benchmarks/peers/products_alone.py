"""The products that a GRU needs, and nothing else: no bias, no gate, no state that changes."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import Call, NotServedError
from benchmarks.problems import Problem


def make(problem: Problem, threads: int) -> Call:
    """Return what computes x W for all timesteps and h R for each, into arrays that are there."""
    if problem.state == "kept":
        raise NotServedError("it keeps no state")
    B, U, T = problem.batch, problem.units, problem.timesteps
    rng = np.random.default_rng(5)
    x, work = problem.x[:, :T].reshape(B * T, problem.features), []
    h = rng.normal(size=(B, U)).astype(problem.dtype)
    for kernel, recurrent_kernel, _ in problem.weights:
        inputs = x if kernel.shape[0] == problem.features else np.zeros((B * T, U), problem.dtype)
        projection = np.empty((B * T, 3 * U), problem.dtype)
        # Where the state is reset before the product, the candidate's comes after the gates'.
        parts = [3 * U] if problem.reset_after else [2 * U, U]
        columns = np.split(recurrent_kernel, np.cumsum(parts)[:-1], axis=1)
        recurrent = [(np.ascontiguousarray(R), np.empty((B, R.shape[1]), R.dtype)) for R in columns]
        work.append((inputs, kernel, projection, recurrent))

    def call() -> None:
        for inputs, kernel, projection, recurrent in work:
            np.dot(inputs, kernel, out=projection)
            for _ in range(T):
                for R, product in recurrent:
                    np.dot(h, R, out=product)

    return call
