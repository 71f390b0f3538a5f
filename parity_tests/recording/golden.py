"""Reads fixtures/: the golden cases, as arrays."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.cases.draws import WitnessCall
from parity_tests.environment import FIXTURES
from parity_tests.judging.mistakes import WitnessRun
from parity_tests.recording import fixture_files


@dataclass(frozen=True)
class Golden:
    """One golden case; `expected` has a dict for every call, as a worker's reply has."""

    oracle: str
    group: str
    keras_version: str
    data: dict[str, Any]
    weights: list[np.ndarray]
    calls: list[Any]
    masks: list[dict[str, Any]]
    expected: list[dict[str, Any]]

    @property
    def id(self) -> str:
        """The case's name within its oracle and group."""
        return str(self.data["id"])

    @functools.cached_property
    def as_run(self) -> WitnessRun:
        """The same as gru_ref takes it."""
        return WitnessRun(
            self.data["constructor"],
            self.weights,
            self.calls,
            self.masks,
            self.keras_version,
            self.data["path"],
        )


@functools.cache
def load() -> tuple[Golden, ...]:
    """Return every golden case of every file."""
    found = []
    for _, file in fixture_files.read(FIXTURES / "v1", "*/*.json"):
        found += [_golden(file, case) for case in file["cases"]]
    return tuple(found)


@functools.cache
def _by_case() -> dict[tuple[str, str], list[Golden]]:
    found: dict[tuple[str, str], list[Golden]] = {}
    for case in load():
        found.setdefault((case.oracle, case.id), []).append(case)
    return found


def cases_named(oracle: str, case_id: str) -> list[Golden]:
    """Return the golden cases of one case, one for every group that has it."""
    return _by_case().get((oracle, case_id), [])


def find(oracle: str, group: str, case_id: str) -> Golden:
    """Return one golden case."""
    return next(g for g in load() if (g.oracle, g.group, g.id) == (oracle, group, case_id))


def _golden(file: dict[str, Any], case: dict[str, Any]) -> Golden:
    def array(value: Any, dtype: Any = case["dtype"]) -> Any:
        return None if value is None else np.array(value, dtype)

    calls: list[Any] = []
    masks, expected = [], []
    for call in case["calls"]:
        if call.get("reset"):
            calls.append("reset")
            masks.append({})
            expected.append({"state": array(call["state"])})
            continue
        mask = array(call["mask"], bool)
        calls.append(
            WitnessCall(array(call["x"]), array(call["initial_state"]), mask, call["training"])
        )
        masks.append({k: array(call[k]) for k in ("dropout_mask", "recurrent_dropout_mask")})
        outcome = call["expected"]
        gates = {name: array(gate) for name, gate in outcome.get("gates", {}).items()}
        expected.append(
            {
                "container": outcome["container"],
                "outputs": [array(output) for output in outcome["outputs"]],
                "state": array(outcome["state"]),
                "gates": gates,
            }
        )
    return Golden(
        file["oracle"], file["group"], file["keras_version"], case,
        [array(weight) for weight in case["weights"].values()], calls, masks, expected,
    )  # fmt: skip
