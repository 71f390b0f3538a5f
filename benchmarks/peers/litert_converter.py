"""Writes problems as models of LiteRT, with TensorFlow's converter."""

from __future__ import annotations

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf

from benchmarks.files import model_path
from benchmarks.peers.keras_layers import build
from benchmarks.problems import Problem

DONE = "written"  # what the interpreter's side waits for


def convert(problem: Problem) -> bytes:
    """Return the model, for the very sizes of the problem."""
    apply, _ = build(problem)
    timesteps = 1 if problem.streams else problem.timesteps
    x = tf.TensorSpec((problem.batch, timesteps, problem.features), problem.dtype)
    mask = tf.TensorSpec((problem.batch, timesteps), "bool") if problem.mask else None
    state = tf.TensorSpec((problem.batch, problem.units), problem.dtype)
    started = problem.initial_state or problem.streams

    def function(*given: tf.Tensor) -> tf.Tensor:
        rest = list(given[1:])
        used = rest.pop(0) if problem.mask else None
        result = apply(given[0], used, rest.pop(0) if started else None)
        return result[1] if problem.streams else result

    specs = [x, *([mask] if problem.mask else []), *([state] if started else [])]
    concrete = tf.function(function).get_concrete_function(*specs)
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()


def main() -> None:
    """Read a problem a line from standard input, and say on standard output when it is written."""
    for line in sys.stdin:
        problem = Problem(**json.loads(line))
        path = model_path(problem, "tflite")
        partial = path.with_suffix(".partial")
        partial.write_bytes(convert(problem))
        partial.replace(path)
        print(DONE, flush=True)


if __name__ == "__main__":
    main()
