"""What every peer has to return before it is timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

import gru_ref
from benchmarks.problems import Problem

# The largest difference from the core engine in float64 that a peer may have, where outputs are at
# most 1 in magnitude. Measured: at most 2.6e-6 and 1e-14. A bias left out makes 1e-2 and more.
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


def expected(problem: Problem) -> Any:
    """Return what a GRU returns, computed by `gru_ref.core` in float64."""
    x = problem.x.astype("float64")
    given = {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "reset_after": problem.reset_after,
        "dtype": "float64",
    }
    weights = [gru_ref.GRUWeights(*one).astype("float64") for one in problem.weights]
    if problem.arrangement == "bidirectional":
        both = []
        for one, backwards in zip(weights, (False, True), strict=True):
            config = gru_ref.GRUConfig(
                problem.units,
                return_sequences=problem.sequences,
                go_backwards=backwards,
                **given,
            )
            output = np.asarray(gru_ref.gru(x, one, config).output)
            both.append(output[:, ::-1] if backwards and problem.sequences else output)
        return np.concatenate(both, axis=-1)
    for k, one in enumerate(weights):
        last = k == len(weights) - 1
        config = gru_ref.GRUConfig(
            problem.units, return_sequences=problem.sequences or not last, **given
        )
        more = {"mask": problem.used, "initial_state": problem.h} if last else {}
        x = np.asarray(gru_ref.gru(x, one, config, **more).output)
    return x


def check(problem: Problem, outputs: dict[str, Path]) -> dict[str, float]:
    """Return how far each peer is from what is expected.

    Raises
    ------
    click.ClickException
        One is too far.
    """
    truth = expected(problem)
    found = {}
    for peer, path in outputs.items():
        output = np.load(path)
        if output.shape != truth.shape:
            raise click.ClickException(
                f"the output of {peer} for {problem.name} has shape {output.shape}, "
                f"expected {truth.shape}"
            )
        found[peer] = float(np.max(np.abs(output - truth)))
        allowed = TOLERANCE[problem.dtype]
        if not found[peer] <= allowed:
            raise click.ClickException(
                f"the output of {peer} for {problem.name} differs by {found[peer]:.2g} from "
                f"gru_ref's core in float64, expected at most {allowed:g}; nothing was timed"
            )
    return found
