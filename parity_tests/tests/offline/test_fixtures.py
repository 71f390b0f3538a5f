"""gru_ref computes the golden outputs, and the golden files are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from parity_tests.environment import FIXTURES
from parity_tests.judging import compare
from parity_tests.recording import export, golden

ROWS = [(g.oracle, g.group, g.id) for g in golden.load()]


def _name(function: Any, _: int, parameters: Any) -> str:
    return f"{function.__name__}_{':'.join(parameters.args)}"


class TestGolden:
    """Every golden case."""

    @parameterized.expand(ROWS, name_func=_name)
    def test_gru_ref_computes_it(self, oracle: str, group: str, case_id: str) -> None:
        case = golden.find(oracle, group, case_id)
        run = case.as_run.run()
        worst = compare.difference(run.calls, case.expected)
        assert worst.error <= case.data["tolerance_eps"], worst
        assert run.path == case.data["path"]


GATED = [row for row in ROWS if row[1] == "gates"]


class TestGates:
    """The gates of every timestep."""

    @parameterized.expand(GATED, name_func=_name)
    def test_every_gate_is_kerass(self, oracle: str, group: str, case_id: str) -> None:
        case = golden.find(oracle, group, case_id)
        config = gru_ref.GRUConfig(**case.data["constructor"], keras_version=case.keras_version)
        weights = gru_ref.GRUWeights(*case.weights)
        call, expected = case.calls[0], case.expected[0]
        x = call.x if config.time_major else call.x.swapaxes(0, 1)
        x = x[::-1] if config.go_backwards else x
        h = np.zeros((x.shape[1], config.units), x.dtype)
        h = h if call.initial_state is None else call.initial_state
        for t, x_t in enumerate(x):
            step = gru_ref.gru_step(x_t, h, weights, config)
            for name in ("z", "r", "candidate"):
                gate = expected["gates"][name][t]
                np.testing.assert_allclose(getattr(step, name), gate, atol=1e-14)
            h = step.h


def test_the_files_are_canonical() -> None:
    assert export.check() == 0


@pytest.mark.parametrize("path", sorted((FIXTURES / "v1").glob("*/*.json")), ids=str)
def test_the_schema_describes_the_file(path: Path) -> None:
    schema = json.loads((FIXTURES / "schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)


def test_both_generations_have_every_group() -> None:
    assert {(g.oracle, g.group) for g in golden.load()} == {
        (oracle, group) for oracle in ("keras2", "keras3") for group in export.GROUPS
    }


def test_the_files_are_small() -> None:
    # Measured: 5,110,069. Somebody who copies the folder into a repository of theirs keeps it.
    assert sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()) < 5_150_000
