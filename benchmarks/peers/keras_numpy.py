"""Keras 3 on its NumPy backend."""

from __future__ import annotations

import itertools
import os

os.environ["KERAS_BACKEND"] = "numpy"

from benchmarks.peers import Call, NotServedError
from benchmarks.peers.keras_layers import build
from benchmarks.problems import Problem


def make(problem: Problem, threads: int) -> Call:
    """Return what runs the layers."""
    if problem.dtype == "float64":
        raise NotServedError("its float64 numbers have the precision of float32")
    apply, _ = build(problem)
    if problem.streams:
        steps = itertools.cycle(problem.steps)
        if problem.state == "kept":
            return lambda: apply(next(steps))
        state = None

        def step() -> object:
            nonlocal state
            output, state = apply(next(steps), None, state)
            return output

        return step
    x, used, h = problem.x, problem.used, problem.h
    return lambda: apply(x, used, h)
