"""The parts of `make bench` that need no other runtime: problems, their outputs, the page."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks import agreement, page
from benchmarks.peers import ENGINES, OTHERS, PEERS
from benchmarks.problems import GROWTH, SHAPES, STREAM_STEPS, STREAMS, VARIANTS, Problem, variants

SMALL = Problem(2, 4, 3, 5)
SMALL_STREAMS = [replace(one, batch=1, features=3, units=5) for one in STREAMS]


PROBLEMS = [SMALL, *variants(SMALL), *SMALL_STREAMS]


@pytest.mark.parametrize(
    ("name", "problem"),
    [*((name, one) for name in ("core", "numpy") for one in PROBLEMS), ("loop", SMALL)],
    ids=lambda value: getattr(value, "name", value),
)
def test_outputs_are_those_of_core(problem: Problem, name: str, tmp_path: Any) -> None:
    call = PEERS[name].make(problem, 1)
    if problem.streams:
        steps = [np.reshape(call(), (1, 1, -1)) for _ in range(STREAM_STEPS)]
        output = np.concatenate(steps, axis=1)
    else:
        output = call()
    np.save(tmp_path / "output.npy", output)
    agreement.check(problem, {name: tmp_path / "output.npy"})


def test_another_output_is_not_timed(tmp_path: Any) -> None:
    np.save(tmp_path / "output.npy", agreement.expected(SMALL) + 1e-4)
    with pytest.raises(Exception, match="nothing was timed"):
        agreement.check(SMALL, {"numpy": tmp_path / "output.npy"})


@pytest.mark.parametrize("form", ["products", "products-columns"])
def test_the_products_are_those_of_a_gru(form: str) -> None:
    for problem in (SMALL, *variants(SMALL)):
        assert PEERS[form].make(problem, 1)() is None


def test_names_of_problems_and_peers_are_different() -> None:
    problems = [*SHAPES, *STREAMS, *VARIANTS]
    assert len({one.name for one in problems}) == len(problems)
    assert len(PEERS) == len(ENGINES) + len(OTHERS)


def _cell(seconds: float, base: float = 1e-3) -> dict[str, Any]:
    ratios = {"numba": [base / seconds, 0.01]}
    return {"median": seconds, "spread": seconds / 50, "values": 8, "ratios": ratios}


def _results() -> dict[str, Any]:
    """Return a record such as a run keeps, of a few problems and peers."""
    peers = {"numba": 1e-3, "onnxruntime": 8e-4, "products": 7e-4, "products-columns": 5e-4}
    row = {**{peer: _cell(s) for peer, s in peers.items()}, "torch": {"reason": "it is away"}}
    timed = {
        "date": "2026-01-02",
        "load": 0.1,
        "minutes": 1.0,
        "sessions": 2,
        "rounds": 4,
        "versions": {"numpy": "2.4"},
        "apart": {"float32": 1e-6, "float64": 0.0},
    }
    facts = {
        "cpu": "A CPU",
        "cpus": 2,
        "memory": 8,
        "platform": "Linux",
        "python": "3",
        "blas": "b",
    }
    problems = [*SHAPES, *STREAMS, *variants(SHAPES[0])]
    growth = {one.name: row for kind in GROWTH.values() for one in kind}
    return {
        "machine": facts,
        "shapes": {"cells": {one.name: row for one in problems}, **timed},
        "growth": {"cells": growth, **timed},
        "memory": {"cells": {name: {"numba": {"bytes": 12_000_000}} for name in growth}},
        "start": {"cells": {"python": _cell(0.02), "import numpy": _cell(0.1)}},
        "suite": {"cells": {"cases": 1000, "wall": 50.0, "keras": 20.0, "extent": "whole"}},
    }


def test_the_page_shows_what_was_measured() -> None:
    text = page.render(json.loads(json.dumps(_results())))
    assert "| ONNX Runtime | 1.2 | 1.2 |" in text
    assert "| 1,100,1,32 | 500\N{NO-BREAK SPACE}µs" in text  # the faster form of the products
    assert "| 1,100,1,32 | ONNX Runtime | 1.25 |" in text
    assert "it is away" in text
    assert "| 1,000,000, sequence | 12.0 |" in text
    assert "20.0 a second" in text
    assert "## Commands" not in text
    for line in text.splitlines():
        assert not line.startswith("|") or line.endswith("|")


def test_a_page_of_one_part_has_its_section_alone() -> None:
    results = _results()
    text = page.render({part: results[part] for part in ("machine", "start")})
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Start"]
