"""The engines of gru_ref."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import gru_ref
from benchmarks.peers import Call, NotServedError
from benchmarks.problems import Problem
from gru_ref.errors import EngineWarning


def build(problem: Problem, engine: str) -> Any:
    """Return the layer of a problem, or the list of two layers."""
    cell_arguments = {"reset_after": problem.reset_after, "dtype": problem.dtype}
    arguments = {**cell_arguments, "return_sequences": problem.sequences}
    units = problem.units
    if problem.arrangement == "bidirectional":
        layers = [gru_ref.Bidirectional(gru_ref.GRU(units, **arguments), engine=engine)]
    elif problem.arrangement == "stacked cells":
        cells = [gru_ref.GRUCell(units, **cell_arguments) for _ in problem.weights]
        arguments = {"return_sequences": problem.sequences, "dtype": problem.dtype}
        layers = [gru_ref.RNN(gru_ref.StackedRNNCells(cells), engine=engine, **arguments)]
    else:
        last = {**arguments, "stateful": problem.state == "kept"}
        first = {**arguments, "return_sequences": True}
        each = [first] * (len(problem.weights) - 1) + [last]
        layers = [gru_ref.GRU(units, engine=engine, **one) for one in each]
    weights = iter(problem.weights)
    shape: tuple[int | None, ...] = (problem.batch, None, problem.features)
    for layer in layers:
        layer.build(shape)
        count = len(layer.get_weights()) // 3
        layer.set_weights([a for one in itertools.islice(weights, count) for a in one])
        shape = (problem.batch, None, units)
    return layers[0] if len(layers) == 1 else layers


def make(problem: Problem, threads: int, engine: str) -> Call:
    """Return what runs a problem on one engine."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", EngineWarning)
        try:
            layer = build(problem, engine)
        except EngineWarning as reason:
            raise NotServedError(str(reason)) from reason
    x = problem.x
    if problem.state == "handed":
        steps = itertools.cycle(problem.steps)
        stream = gru_ref.stream(layer, batch=problem.batch)
        return lambda: stream(next(steps))
    if problem.state == "kept":
        steps = itertools.cycle(problem.steps)
        return lambda: layer(next(steps))
    if problem.arrangement == "two layers":
        first, second = layer
        return lambda: second(first(x))
    arguments = {}
    if problem.mask:
        arguments["mask"] = problem.used
    if problem.initial_state:
        arguments["initial_state"] = problem.h
    return lambda: layer(x, **arguments)
