"""The same steps carried out in live Keras and in gru_ref."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gru_ref.errors import KerasQuirkWarning
from parity_tests.judging import run_gru_ref, run_wrappers
from parity_tests.judging.engines import CORE
from parity_tests.judging.run_gru_ref import StepOutcome
from parity_tests.matrix.invalid import RELEASES
from parity_tests.oracles import codec
from parity_tests.runner import live_run

Steps = Sequence[Sequence[Any]]


def live_steps(oracle: str, steps: Steps, op: str = "steps") -> list[dict[str, Any]]:
    """Return what came of every step in live Keras, up to the first that raises.

    Parameters
    ----------
    op : str
        As `oracles.worker` has it: ``"steps"`` for a GRU, ``"wrappers"`` for any other layer.
    """
    request = {"op": op, "steps": codec.encode(list(steps))}
    outcomes: list[dict[str, Any]] = live_run.oracle(oracle).request(request)["steps"]
    return outcomes


def live_outputs(
    oracle: str,
    constructor: dict[str, Any],
    weights: Sequence[np.ndarray],
    *calls: dict[str, np.ndarray | None],
) -> list[np.ndarray]:
    """Return the first output of every call of a live GRU."""
    request = {"op": "run", "constructor": constructor, "weights": weights, "calls": calls}
    reply = live_run.oracle(oracle).request(request)
    assert reply["ok"], reply
    return [call["outputs"][0] for call in reply["calls"]]


def own_steps(oracle: str, steps: Steps) -> list[StepOutcome]:
    """Return what came of every step in gru_ref; the quirks that it warns of are ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        return run_gru_ref.steps(
            codec.encode(list(steps)), live_run.keras_version(oracle), engine=CORE
        )


def unfit_release(oracle: str) -> str:
    """Return why the tables of invalid calls are not of the live release; empty if they are."""
    version, recorded = str(live_run.oracle(oracle).describe()["keras"]), RELEASES[oracle]
    if version.startswith(f"{recorded}."):
        return ""
    return f"Keras is {version}, expected {recorded}: the table is of that"


def value(outcome: dict[str, Any] | StepOutcome) -> Any:
    """Return the value of a step of either side, of a live call its outputs; fail if it raised."""
    if isinstance(outcome, StepOutcome):
        if outcome.error:
            raise outcome.error
        return outcome.value
    assert outcome["ok"], outcome["error"]
    return outcome["outputs"] if "outputs" in outcome else outcome["value"]


def values(oracle: str, steps: Steps) -> tuple[list[Any], list[Any]]:
    """Return the values of every step in live Keras and in gru_ref; fail where one raises."""
    live, own = live_steps(oracle, steps), own_steps(oracle, steps)
    return [value(outcome) for outcome in live], [value(outcome) for outcome in own]


def wrapper_values(oracle: str, steps: Steps) -> tuple[list[Any], list[Any]]:
    """Return what `values` does, for the steps of a cell, RNN or Bidirectional."""
    live = live_steps(oracle, steps, "wrappers")
    own = run_wrappers.run(steps, live_run.keras_version(oracle)).outcomes
    return [value(outcome) for outcome in live], [value(outcome) for outcome in own]
