"""gru_ref computes the golden outputs, and the golden files are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from parameterized import parameterized

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
    # Measured: 5,737,218. Somebody who copies the folder into a repository of theirs keeps it.
    assert sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()) < 5_800_000
