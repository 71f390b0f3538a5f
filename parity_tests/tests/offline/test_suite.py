"""The suite itself: its tables are consistent, and its helpers see what they must."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gru_ref.keras.ledger import LEDGER
from parity_tests.cases import covering, sweeps, witness, witness_index
from parity_tests.cases.predictions import bound_for
from parity_tests.judging import compare, run_gru_ref
from parity_tests.judging.mistakes import MISTAKES
from parity_tests.matrix.bounds import BOUNDS
from parity_tests.matrix.deviations import DEVIATIONS
from parity_tests.oracles.pool import GENERATIONS, keras_version_of
from parity_tests.reporting import mistakes_page, report

ALL = [case for oracle in GENERATIONS for case in sweeps.cases(oracle).values()]


def test_every_case_has_one_bound() -> None:
    assert {bound_for(case).name for case in ALL} == {bound.name for bound in BOUNDS}


def test_an_id_names_one_case_and_can_be_typed() -> None:
    ids = [(case.oracle, case.id) for case in ALL]
    assert len(ids) == len(set(ids))
    assert not [name for _, name in ids if set(name) & set("= ()'\"")]


def test_a_bound_above_zero_has_a_measurement_and_a_reason() -> None:
    for bound in BOUNDS:
        assert 0 <= bound.measured <= bound.eps <= max(4 * bound.measured, 0), bound
        assert len(bound.reason) > 20, bound


def test_every_quirk_row_is_in_the_ledger() -> None:
    quirks = {row.name for row in DEVIATIONS if row.kind in ("quirk", "raises")}
    assert quirks <= {name for name, row in LEDGER.items() if row.quirk}


def test_a_missing_row_is_an_uncovered_combination() -> None:
    axes = covering.axes_of("keras2")
    impossible = covering.impossible_of("keras2")
    rows = covering.covering_rows(axes, 2, impossible)
    assert covering.uncovered(rows, axes, 2, impossible) == []
    fewer = ([row for row in rows if row is not left_out] for left_out in rows)
    assert any(covering.uncovered(some, axes, 2, impossible) for some in fewer)


def test_the_structural_sweep_covers_every_4_way_combination() -> None:
    for oracle in GENERATIONS:
        rows = [dict(c.levels) for c in sweeps.expand("structure", oracle) if c.lane == "exact"]
        assert covering.uncovered_of(oracle, rows) == []


def test_the_arrays_of_every_sweep_are_kept() -> None:
    before = set(covering.ARRAYS.iterdir())
    for oracle in GENERATIONS:
        sweeps.expand("structure", oracle)
    assert set(covering.ARRAYS.iterdir()) == before


# ---- comparison


def _calls(*arrays: Any, container: str = "tensor") -> list[run_gru_ref.CallResult]:
    return [run_gru_ref.CallResult([np.asarray(a) for a in arrays], container, None)]


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        (_calls(np.float32([1, 2])), _calls(np.float32([1, 2])), 0),
        (_calls(np.float32([0.0])), _calls(np.float32([-0.0])), 0),
        (_calls(np.float64([1 + 2**-52])), _calls(np.float64([1])), 1),
        (_calls(np.float64([4 + 2**-50])), _calls(np.float64([4])), 1),
        (_calls(np.float32([np.nan])), _calls(np.float32([np.nan])), 0),
        (_calls(np.float32([np.nan])), _calls(np.float32([1])), np.inf),
        (_calls(np.float32([np.inf])), _calls(np.float32([np.inf])), 0),
        (_calls(np.float32([np.inf])), _calls(np.float32([-np.inf])), np.inf),
        (_calls(np.float32([1])), _calls(np.float64([1])), np.inf),
        (_calls(np.float32([1])), _calls(np.float32([[1]])), np.inf),
        (_calls(np.float32([1])), _calls(np.float32([1]), np.float32([1])), np.inf),
        (_calls(np.float32([1])), _calls(np.float32([1]), container="list"), np.inf),
    ],
)
def test_a_difference_is_measured_in_eps(actual: Any, expected: Any, error: float) -> None:
    assert compare.difference(actual, expected).error == error


def test_the_worst_index_is_named() -> None:
    actual, expected = (_calls(np.float32([[1, 2], [3, last]])) for last in (9, 4))
    worst = compare.difference(actual, expected)
    assert (worst.where, worst.index) == ("call 0 output", (1, 1))
    assert (worst.actual, worst.expected) == (9, 4)


# ---- witnesses


def test_the_places_kept_are_where_a_search_finds_the_witnesses() -> None:
    for oracle in GENERATIONS:
        kept = witness_index.places(oracle)
        stale = "stale: python -m parity_tests.recording.record_witnesses"
        assert list(kept) == list(sweeps.cases(oracle)), stale
        for case_id in list(sweeps.cases(oracle))[::40]:
            assert witness.search(sweeps.find(oracle, case_id)) == kept[case_id]


# ---- verdicts


@pytest.mark.parametrize(
    ("comparisons", "failed", "verdict"),
    [
        ((True, True, True), [], "parity"),
        ((False, True, False), ["x"], "Keras drifted"),
        ((True, False, False), ["x"], "gru_ref regressed"),
        ((False, False, True), ["x"], "fixtures stale"),
        ((True, True, True), ["x"], "gru_ref regressed"),
        ((False, False, False), ["x"], "Keras drifted"),
    ],
)
def test_three_comparisons_give_one_verdict(comparisons: Any, failed: Any, verdict: str) -> None:
    names = ("keras_is_fixture", "gru_ref_is_fixture", "keras_is_gru_ref")
    fixture = {"id": "", **dict(zip(names, comparisons, strict=True))}
    assert report.verdict([fixture], failed) == verdict
    assert verdict in report.VERDICTS


def test_what_is_left_out_is_counted_by_its_reason() -> None:
    collected = report.Collected()
    for name in ("a", "b"):
        collected.tests[name] = report.Test(name)
        collected.records["left_out"].append({"oracle": "keras3", "reason": "Keras is 3.4.1"})
    assert collected.nothing_compared
    collected.tests["c"] = report.Test("c")
    assert not collected.nothing_compared
    assert report.left_out_sentences(collected.left_out()) == [
        "keras3: 2 tests left out: Keras is 3.4.1"
    ]


@pytest.mark.parametrize(
    ("keras", "tensorflow", "version"),
    [
        ("2.21.0", "2.21.0", "2.21.0"),
        ("2.4.0", "2.3.4", "tf-2.3"),
        ("2.2.4-tf", "2.1.4", "tf-2.1"),
        ("3.15.1", "2.21.0", "3.15.1"),
        ("3.0.5", "2.15.1", "3.0.5"),
    ],
)
def test_an_oracle_is_named_as_gru_ref_names_it(keras: str, tensorflow: str, version: str) -> None:
    assert keras_version_of({"keras": keras, "tensorflow": tensorflow}) == version


# ---- mistakes


def test_a_survivor_and_an_unproved_blank_are_problems() -> None:
    name = MISTAKES[0].name
    alive = {"oracle": "keras3", "id": "", "lane": "exact", "path": "loop", "mistakes": {name: 0.0}}
    dead = {**alive, "path": "unroll", "mistakes": {name: 3.0}}
    problems = mistakes_page.Cells.of([alive, dead]).problems({"keras3"})
    assert f"mistake '{name}', lane exact, path keras3 loop: survives 1 cases" in problems
    assert not [p for p in problems if f"'{name}', lane exact, path keras3 unroll" in p]
    assert any("never made" in p for p in problems)
