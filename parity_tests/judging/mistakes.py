"""Runs gru_ref on a witness, as it is or with a mistake of `gru_ref.debugging.mistakes.table`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import gru_ref
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.debugging.mistakes.table import MISTAKES, Mistake
from gru_ref.errors import KerasQuirkWarning
from parity_tests.judging import run_gru_ref
from parity_tests.judging.engines import CORE
from parity_tests.judging.run_gru_ref import CallResult, CaseRun
from parity_tests.matrix.mistakes import IN_RECORDS

__all__ = ["MISTAKES", "Mistake", "WitnessRun", "name_in_records"]


@dataclass(frozen=True, eq=False)
class WitnessRun:
    """A witness as gru_ref takes it: the arguments of `run_gru_ref.run`, and the path of Keras."""

    constructor: Mapping[str, Any]
    weights: list[np.ndarray]
    calls: Sequence[Any]
    masks: Sequence[Mapping[str, Any]]
    keras_version: str
    path: str

    def run(self, engine: str = CORE) -> CaseRun:
        """Return what an engine of gru_ref computes for it; see `run_gru_ref.run`."""
        return run_gru_ref.run(
            self.constructor, self.weights, self.calls, self.masks, self.keras_version, engine
        )

    @functools.cached_property
    def attempt(self) -> Attempt:
        """The same as the table of mistakes takes it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KerasQuirkWarning)
            config = gru_ref.GRUConfig(**self.constructor, keras_version=self.keras_version)
        calls: list[Call] = []
        after_reset = False
        for call, masks in zip(self.calls, self.masks, strict=True):
            if call != "reset":
                calls.append(
                    Call(call.x, call.initial_state, call.mask, **masks, after_reset=after_reset)
                )
            after_reset = call == "reset"
        return Attempt(config, gru_ref.GRUWeights(*self.weights), tuple(calls))

    def calls_with(self, mistake: Mistake, results: Sequence[Any]) -> list[Any]:
        """Return what the calls come to when a mistake is made.

        Parameters
        ----------
        results : sequence of dicts
            What they come to in live Keras: no mistake changes a reset, or a container.
        """
        config = self.attempt.config
        made = mistake.run(self.attempt)
        runs = zip(made.outputs, made.states, strict=True)
        calls: list[Any] = []
        for call, result in zip(self.calls, results, strict=True):
            if call == "reset":
                calls.append(result)
                continue
            output, state = next(runs)
            outputs = [output, state] if config.return_state else [output]
            recorded = state.astype(config.variable_dtype) if config.stateful else None
            calls.append(CallResult(outputs, result["container"], recorded))
        return calls


def name_in_records(mistake: Mistake) -> str:
    """Return what fixtures/v1 and docs/full.md call a mistake."""
    return IN_RECORDS.get(mistake.name, mistake.name)
