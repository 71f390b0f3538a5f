"""ONNX Runtime on its CPU provider."""

from __future__ import annotations

import itertools

import onnxruntime

from benchmarks.peers import Call, NotServedError
from benchmarks.peers.onnx_graph import check, feeds, onnx_file
from benchmarks.problems import Problem


def make(problem: Problem, threads: int) -> Call:
    """Return what runs a session."""
    check(problem)
    if problem.dtype == "float64":
        raise NotServedError("it has no float64 GRU")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        onnx_file(problem), options, providers=["CPUExecutionProvider"]
    )
    given = feeds(problem)
    if problem.streams:
        steps = itertools.cycle(problem.steps)

        def step() -> object:
            given["x"] = next(steps)
            given["h"] = session.run(None, given)[0]
            return given["h"]

        return step
    given["x"] = problem.x
    return lambda: session.run(None, given)[0]
