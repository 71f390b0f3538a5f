"""The reference evaluator of the package onnx."""

from __future__ import annotations

import itertools

from onnx.reference import ReferenceEvaluator

from benchmarks.peers import Call, NotServedError
from benchmarks.peers.onnx_graph import check, feeds, onnx_file
from benchmarks.problems import Problem


def make(problem: Problem, threads: int) -> Call:
    """Return what runs a model."""
    check(problem)
    if problem.mask:
        raise NotServedError("it ignores sequence_lens")
    if problem.arrangement == "bidirectional":
        raise NotServedError("it runs one direction only")
    evaluator = ReferenceEvaluator(onnx_file(problem))
    given = feeds(problem)
    if problem.streams:
        steps = itertools.cycle(problem.steps)

        def step() -> object:
            given["x"] = next(steps)
            given["h"] = evaluator.run(None, given)[0]
            return given["h"]

        return step
    given["x"] = problem.x
    return lambda: evaluator.run(None, given)[0]
