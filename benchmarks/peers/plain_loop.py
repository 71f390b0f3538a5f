"""The loop that one would write in NumPy without further thought."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.peers import Call, NotServedError
from benchmarks.problems import Problem


def gru(x: Any, weights: Any, h: Any) -> Any:
    """Return the outputs, (batch, timesteps, units), of a GRU with reset_after."""
    kernel, recurrent_kernel, (input_bias, recurrent_bias) = weights
    U = h.shape[1]
    outputs = np.empty((*x.shape[:2], U), x.dtype)
    for t in range(x.shape[1]):
        p = x[:, t] @ kernel + input_bias
        q = h @ recurrent_kernel + recurrent_bias
        z = 1 / (1 + np.exp(-(p[:, :U] + q[:, :U])))
        r = 1 / (1 + np.exp(-(p[:, U : 2 * U] + q[:, U : 2 * U])))
        h = z * h + (1 - z) * np.tanh(p[:, 2 * U :] + r * q[:, 2 * U :])
        outputs[:, t] = h
    return outputs


def make(problem: Problem, threads: int) -> Call:
    """Return what runs the loop."""
    if not problem.reset_after or problem.mask or problem.arrangement != "one":
        raise NotServedError("ten lines have neither this nor masks")
    if problem.state == "kept":
        raise NotServedError("it keeps no state")
    (weights,) = problem.weights
    x = problem.x
    h = np.zeros((problem.batch, problem.units), problem.dtype) if problem.h is None else problem.h
    if problem.streams:
        steps = itertools.cycle(problem.steps)

        def step() -> Any:
            nonlocal h
            h = gru(next(steps), weights, h)[:, -1]
            return h

        return step
    if problem.sequences:
        return lambda: gru(x, weights, h)
    return lambda: gru(x, weights, h)[:, -1]
