"""The layers of a problem in Keras 3, whatever its backend."""

from __future__ import annotations

import itertools
from typing import Any

import keras

from benchmarks.problems import Problem


def build(problem: Problem) -> Any:
    """Return a function of (x, mask, state) as layers of Keras, and those layers."""
    cell_arguments = {"reset_after": problem.reset_after, "dtype": problem.dtype}
    returned = {
        "return_sequences": problem.sequences,
        "return_state": problem.state == "handed",
        "stateful": problem.state == "kept",
    }
    units = problem.units
    if problem.arrangement == "bidirectional":
        layers = [keras.layers.Bidirectional(keras.layers.GRU(units, **cell_arguments, **returned))]
    elif problem.arrangement == "stacked cells":
        cells = [keras.layers.GRUCell(units, **cell_arguments) for _ in problem.weights]
        layers = [keras.layers.RNN(cells, dtype=problem.dtype, **returned)]
    else:
        count = len(problem.weights) - 1
        layers = [
            keras.layers.GRU(units, return_sequences=True, **cell_arguments) for _ in range(count)
        ]
        layers.append(keras.layers.GRU(units, **cell_arguments, **returned))
    weights = iter(problem.weights)
    timesteps = 1 if problem.streams else problem.timesteps
    shape = (problem.batch, timesteps, problem.features)
    for layer in layers:
        layer.build(shape)
        count = len(layer.get_weights()) // 3
        layer.set_weights([a for one in itertools.islice(weights, count) for a in one])
        shape = (problem.batch, timesteps, units)

    def apply(x: Any, mask: Any = None, state: Any = None) -> Any:
        for layer in layers[:-1]:
            x = layer(x)
        more = {} if state is None else {"initial_state": state}
        return layers[-1](x, mask=mask, **more) if mask is not None else layers[-1](x, **more)

    return apply, layers
