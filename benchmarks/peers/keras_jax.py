"""Keras 3 on JAX, in jax.jit."""

from __future__ import annotations

import itertools
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import numpy as np

from benchmarks.peers import Call, NotServedError
from benchmarks.peers.keras_layers import build
from benchmarks.problems import Problem


def make(problem: Problem, threads: int) -> Call:
    """Return what runs the layers, their weights constants of the compiled function."""
    if problem.dtype == "float64":
        raise NotServedError("its float64 numbers have the precision of float32")
    if problem.state == "kept":
        raise NotServedError("a jitted function cannot assign a layer's state")
    apply, _ = build(problem)
    run = jax.jit(apply)
    if problem.streams:
        steps = itertools.cycle(problem.steps)
        state = np.zeros((problem.batch, problem.units), problem.dtype)

        def step() -> object:
            nonlocal state
            output, state = run(next(steps), None, state)
            return np.asarray(output)

        return step
    x, used, h = problem.x, problem.used, problem.h
    return lambda: np.asarray(run(x, used, h))
