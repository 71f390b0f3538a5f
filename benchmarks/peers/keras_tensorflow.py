"""Keras 3 on TensorFlow: eager, in a tf.function, and compiled by XLA."""

from __future__ import annotations

import itertools
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow as tf

from benchmarks.peers import Call
from benchmarks.peers.keras_layers import build
from benchmarks.problems import Problem


def make(problem: Problem, threads: int, mode: str) -> Call:
    """Return what runs the layers; a tf.function takes tensors, so arrays are converted first."""
    if tf.config.threading.get_intra_op_parallelism_threads() != threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    apply, _ = build(problem)
    if mode != "eager":
        apply = tf.function(apply, jit_compile=mode == "xla")
    tensor = tf.convert_to_tensor
    mask = None if problem.used is None else tensor(problem.used)
    if problem.streams:
        steps = itertools.cycle(problem.steps)
        if problem.state == "kept":
            return lambda: apply(tensor(next(steps))).numpy()
        state = tf.zeros((problem.batch, problem.units), problem.dtype)

        def step() -> object:
            nonlocal state
            output, state = apply(tensor(next(steps)), None, state)
            return output.numpy()

        return step
    x = problem.x
    h = None if problem.h is None else tensor(problem.h)
    return lambda: apply(tensor(x), mask, h).numpy()
