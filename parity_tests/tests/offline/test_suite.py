"""The suite itself: its tables are consistent, and its helpers see what they must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gru_ref.keras.ledger import LEDGER
from parity_tests.cases import covering, sweeps, witness, witness_index
from parity_tests.cases.predictions import bound_for
from parity_tests.judging import compare, run_gru_ref, run_wrappers
from parity_tests.matrix.bounds import BOUNDS
from parity_tests.matrix.deviations import DEVIATIONS
from parity_tests.matrix.halves import DTYPES
from parity_tests.matrix.mistakes import BLANKS
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


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        (np.float32([1, 0.0]), np.float32([1, -0.0]), 0),
        (np.float64([4 + 2**-50]), np.float64([4]), 1),
        (np.float32([np.nan]), np.float32([np.nan]), 0),
        (np.float32([np.nan, 1]), np.float32([1, 1]), np.inf),
        (np.float32([1]), np.float32([np.nan]), np.inf),
        (np.float32([np.inf]), np.float32([-np.inf]), np.inf),
        (np.float32([]), np.float32([]), 0),
        (np.float32([1]), np.float64([1]), np.inf),
        (np.array([True]), np.array([False]), np.inf),
        ([np.float32([1])], (np.float32([1]),), np.inf),
        ([np.float32([1])], [np.float32([1])] * 2, np.inf),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, np.inf),
        ({"a": [1, None]}, {"a": [1, None]}, 0),
        (1, 1.0, np.inf),
    ],
)
def test_values_of_wrappers_are_measured_as_arrays_are(
    actual: Any, expected: Any, error: float
) -> None:
    assert run_wrappers.difference(actual, expected) == error


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


def test_the_report_says_what_was_drawn_and_what_wrappers_came_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    collected = report.Collected()
    normal = {
        "oracle": "keras3",
        "of": "normal",
        "compared": 165_888,
        "differing": 9,
        "worst_ulp": 3,
    }
    orthogonal = {"oracle": "keras3", "of": "orthogonal", "worst": 1.5e-7}
    collected.records["draws"] = [normal, orthogonal]
    wrapper = {"oracle": "keras2", "id": "a", "error": 0.0, "bound": 0.0, "quirks": ["odd"]}
    collected.records["wrappers"] = [wrapper, {**wrapper, "error": 2.5, "bound": 8.0}]
    data = report.summarise(collected, [], 0.0, extent="part")
    figures = {"compared": 165_888, "differing": 9, "worst_ulp": 3}
    assert data["draws"] == {"keras3": {"normal": figures, "orthogonal": {"worst": 1.5e-7}}}
    assert data["wrappers"] == {
        "keras2": {"compared": 2, "equal": 1, "worst": 2.5, "quirks": {"odd": 2}}
    }
    report.print_summary(data)
    shown = " ".join(capsys.readouterr().out.split())
    drawn = "165888 numbers of drawn weights, 9 differ, within 3 ULP"
    assert f"keras3: {drawn}; orthogonal weights within 1.5e-07" in shown
    assert "keras2: 2 cases of wrappers compared, 1 equal, worst 2.5 eps 2 odd" in shown


def test_a_file_that_cannot_be_imported_is_a_problem_and_no_empty_table_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    collected = report.Collected()
    collected.not_collected.append("parity_tests/tests/live/test_structure.py")
    data = report.summarise(collected, [], 1.0, extent="part")
    said = "parity_tests/tests/live/test_structure.py cannot be imported"
    assert [problem.partition(",")[0] for problem in data["problems"]] == [said]
    report.print_summary(data)
    printed = capsys.readouterr().out
    assert said in printed
    assert "worst error" not in printed


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


def _said(mistake: str, lane: str, column: str, errors: Sequence[float]) -> list[str]:
    """Return what is said of one cell of a page, whose mistake was made with these errors."""
    records = [{"lane": lane, "mistakes": {mistake: error}} for error in errors]
    found = mistakes_page.Cells(records, lambda _: column).problems([lane], [column])
    return [problem for problem in found if f"'{mistake}'" in problem]


# The rows of BLANKS: one that says what cannot be made, one what is made and cannot show.
IMPOSSIBLE = "dropout left on", "half", "float16"
HIDDEN = "sigmoid replaced by hard_sigmoid", "half", "bfloat16"


@pytest.mark.parametrize(
    ("cell", "errors", "said"),
    [
        (("1 - z for z", "exact", "keras3 loop"), [], "never made, and no row of BLANKS says why"),
        (("1 - z for z", "exact", "keras3 loop"), [0.0, 0.0], "survives 2 cases"),
        (("1 - z for z", "exact", "keras3 loop"), [0.0, 1e-9], None),
        (("1 - z for z", "half", "float16"), [], "never made, and no row of BLANKS says why"),
        (("1 - z for z", "half", "float16"), [9.9], "survives 1 cases"),
        (("1 - z for z", "half", "float16"), [9.9, 10.0], None),
        (IMPOSSIBLE, [], None),
        (IMPOSSIBLE, [0.0], "made 1 times, shown 0, though BLANKS says: "),
        (IMPOSSIBLE, [99.0], "made 1 times, shown 1, though BLANKS says: "),
        (HIDDEN, [], None),
        (HIDDEN, [0.0, 9.9], None),
        (HIDDEN, [0.0, 10.0], "made 2 times, shown 1, though BLANKS says: "),
    ],
)
def test_a_survivor_an_unproved_blank_and_a_wrong_proof_are_problems(
    cell: tuple[str, str, str], errors: Sequence[float], said: str | None
) -> None:
    mistake, lane, column = cell
    where = f"mistake '{mistake}', lane {lane}, {column}: "
    problems = _said(*cell, errors)
    assert [p.startswith(f"{where}{said}") for p in problems] == [True] * (said is not None)


def test_a_mistake_that_a_bound_barely_sees_is_a_problem() -> None:
    record = {"oracle": "keras3", "id": "a", "lane": "double", "path": "loop"}
    for error, barely in ((1.0, False), (1.5, True), (9.9, True), (10.0, False)):
        problems = mistakes_page.problems([{**record, "mistakes": {"x": error}}], {"keras3"})
        assert (f"keras3 a: 'x' is {error:.1f} bounds off" in problems) == barely


def test_a_proof_holds_for_the_path_or_dtype_that_it_names() -> None:
    name, lane, dtype = HIDDEN
    assert mistakes_page.blank_of(name, lane, dtype)
    assert not mistakes_page.blank_of(name, lane, f"mixed_{dtype}")
    assert mistakes_page.blank_of("activation left at tanh", "double", "keras3 loop")
    assert not mistakes_page.blank_of("activation left at tanh", "double", "keras3 unroll")
    assert mistakes_page.blank_of("reset after for before", "exact", "keras2 fused")
    assert not mistakes_page.blank_of("reset after for before", "exact", "keras2 loop")
    known = {*mistakes_page.PATHS, *" ".join(mistakes_page.PATHS).split(), *DTYPES, "any"}
    assert {row.path for row in BLANKS} <= known
