"""The interpreter of LiteRT, TensorFlow Lite of old, with its XNNPACK delegate."""

from __future__ import annotations

import functools
import itertools
import json
import subprocess
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from benchmarks.files import model_path
from benchmarks.peers import Call, NotServedError
from benchmarks.problems import Problem


def make(problem: Problem, threads: int) -> Call:
    """Return what invokes the interpreter; TensorFlow converts."""
    if problem.state == "kept":
        raise NotServedError("a model of LiteRT keeps no state between calls here")
    if problem.dtype == "float64":
        raise NotServedError("its operators are float32")
    path = model_path(problem, "tflite")
    if not path.exists():
        _convert(problem)
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    # A converted function numbers its inputs: x, mask, state, of which some are not there.
    given = [problem.x, problem.used, problem.h]
    if problem.streams:
        given = [problem.steps[0], None, np.zeros((problem.batch, problem.units), "float32")]
    given = [one for one in given if one is not None]
    indices = [one["index"] for one in interpreter.get_input_details()]
    shapes = [tuple(one["shape"]) for one in interpreter.get_input_details()]
    order = [shapes.index(one.shape) for one in given]
    indices = [indices[k] for k in order]
    output = interpreter.get_output_details()[0]["index"]

    def call() -> object:
        for index, array in zip(indices, given, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return interpreter.get_tensor(output)

    if not problem.streams:
        return call
    steps = itertools.cycle(problem.steps)

    def step() -> object:
        given[0] = next(steps)
        given[1] = call()
        return given[1]

    return step


@functools.cache
def _converter() -> subprocess.Popen[str]:
    """Return the process that converts: TensorFlow's threads are not to be in this one."""
    command = [sys.executable, "-m", "benchmarks.peers.litert_converter"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _convert(problem: Problem) -> None:
    """Have the model of a problem written."""
    converter = _converter()
    assert converter.stdin is not None
    assert converter.stdout is not None
    converter.stdin.write(json.dumps(problem.as_data()) + "\n")
    converter.stdin.flush()
    for line in converter.stdout:  # TensorFlow prints there, too
        if line == "written\n":
            return
    raise ChildProcessError(f"TensorFlow could not convert {problem.name}")
