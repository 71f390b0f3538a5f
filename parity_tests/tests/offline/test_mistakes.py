"""The table of mistakes, as the suite makes them in its cases."""

from __future__ import annotations

import re

import pytest

from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES, Mistake, always
from parity_tests.environment import ROOT
from parity_tests.judging import compare
from parity_tests.judging.mistakes import WitnessRun, name_in_records
from parity_tests.matrix.mistakes import BLANKS, IN_RECORDS
from parity_tests.matrix.product import PRODUCT
from parity_tests.recording import golden
from parity_tests.reporting import doc_tables

NO_MISTAKE = Mistake("none", "does as Keras does", always, lambda attempt: attempt)
# A few in which every mistake can be made and shows.
_STRUCTURE = [g for g in golden.load() if g.group in ("exact", "saturated", "rounded")]
_PLAIN = ("initial_state", "mask", "dropout_mask", "recurrent_dropout_mask")
_OTHERS = [
    g
    for g in golden.load()
    if "hard_sigmoid" in g.data["constructor"].values()
    or not any(call.get(name) for call in g.data["calls"] for name in (*_PLAIN, "reset"))
]
GOLDENS = [*_STRUCTURE[::5], *_OTHERS]
# Without a case: a layer that has a rate is called in training alone.
NEVER = {"dropout left on"}
# Of the cases in which it is made, where that is less than half: without return_sequences the last
# timestep has to be masked.
SHARE = {"zero_output_for_mask added": 1 / 4}


def _run(case: golden.Golden) -> WitnessRun:
    return WitnessRun(
        case.data["constructor"],
        case.weights,
        case.calls,
        case.masks,
        case.keras_version,
        case.data["path"],
    )


def test_a_name_is_one_mistakes() -> None:
    assert len(BY_NAME) == len(MISTAKES)
    assert {row.mistake for row in BLANKS} <= {*BY_NAME, "any"}
    assert {*PRODUCT["mistakes"], *IN_RECORDS} <= BY_NAME.keys()


def test_the_readme_counts_the_mistakes_as_the_tables_do() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f" {len(MISTAKES)} classic porting mistakes" in readme
    seen = re.findall(r"together see (\d+ of \d+)", doc_tables.PAGE.read_text(encoding="utf-8"))
    assert re.findall(r"(?:sees|tests) (\d+ of \d+)", readme) == seen


def test_what_a_fixture_reveals_is_in_the_table() -> None:
    names = {name_in_records(mistake) for mistake in MISTAKES}
    revealed = {name for case in golden.load() for name in case.data["reveals"]}
    assert names - revealed == NEVER
    assert revealed <= names


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
def test_an_attempt_without_a_mistake_is_what_the_layer_returns() -> None:
    for case in golden.load():
        calls = _run(case).calls_with(NO_MISTAKE, case.expected)
        right = case.run().calls
        assert compare.digest(calls) == compare.digest(right), case.id
        assert compare.difference(calls, right) == compare.EQUAL, case.id


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
@pytest.mark.parametrize(
    "mistake",
    [mistake for mistake in MISTAKES if mistake.name not in NEVER],
    ids=lambda mistake: mistake.name.replace(" ", "-"),
)
def test_a_mistake_shows_in_most_cases_in_which_it_is_made(mistake: Mistake) -> None:
    made = shown = 0
    for case in GOLDENS:
        run = _run(case)
        if mistake.applies(run.attempt):
            made += 1
            calls = run.calls_with(mistake, case.expected)
            shown += compare.difference(calls, case.run().calls).error > 10
    assert shown >= made * SHARE.get(mistake.name, 1 / 2)
    assert made >= 3
