"""Every row of INVALID holds for gru_ref, and the table is complete."""

from __future__ import annotations

import builtins
import re
import warnings

import numpy as np
import pytest

from gru_ref.errors import KerasQuirkWarning
from gru_ref.keras.ledger import LEDGER
from parity_tests.judging import run_gru_ref
from parity_tests.judging.invalid_rows import check_own
from parity_tests.matrix.arguments import ARGUMENTS
from parity_tests.matrix.invalid import INVALID, VERDICTS, Invalid, Outcome
from parity_tests.oracles import codec
from parity_tests.tests.live.each_case import for_each

ORACLES = {"keras2": "2", "keras3": "3"}
ROWS = {row.id: row for row in INVALID}

# What Python itself says of arguments that do not fit a signature.
_BINDING = re.compile(r"[\w.<>]+\(\) (takes|got|missing)")


def _run(
    oracle: str, row: Invalid
) -> tuple[list[run_gru_ref.StepOutcome], list[warnings.WarningMessage]]:
    """Return what the steps of a row came to, and the warnings."""
    steps = [codec.encode(list(step)) for step in row.steps]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcomes = run_gru_ref.steps(steps, ORACLES[oracle], np.random.default_rng(0))
    return outcomes, caught


class TestRows:
    """gru_ref does what a row says."""

    @for_each(ORACLES, ROWS)
    def test_the_call_does_what_the_row_says(self, oracle: str, id: str) -> None:
        row = ROWS[id]
        expected = row.outcome(oracle)
        outcomes, caught = _run(oracle, row)
        self._check_warnings(expected, caught)
        failed = [o for o in outcomes if o.error is not None or o.method == "attempt"]
        assert all(o.kept for o in failed), "a failed call changed the weights or the state"
        check_own(row, expected, outcomes)
        message = str(outcomes[-1].error)
        if expected.names and not _BINDING.match(message):
            assert ", expected " in message, message

    @staticmethod
    def _check_warnings(expected: Outcome, caught: list[warnings.WarningMessage]) -> None:
        assert [w.category for w in caught if w.category is not KerasQuirkWarning] == []
        named = [str(w.message).partition(":")[0] for w in caught]
        assert [name for name in named if not LEDGER[name].quirk] == []
        if expected.verdict == "fault":
            assert named != [], "computes without a warning"


class TestTable:
    """What a row may say."""

    def test_every_id_is_unique_and_plain(self) -> None:
        assert len(ROWS) == len(INVALID)
        assert [id for id in ROWS if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id)] == []

    @for_each(ORACLES, ROWS)
    def test_the_outcome_fits_its_verdict(self, oracle: str, id: str) -> None:
        expected = ROWS[id].outcome(oracle)
        fits = {
            "error": expected.raises is not None,
            "fault": expected.keras is not None and expected.raises is None,
            "framework-only": expected.why != "",
            "accepted": expected == Outcome("accepted"),
        }
        assert fits.keys() == VERDICTS.keys()
        assert fits[expected.verdict]
        assert -len(ROWS[id].steps) <= expected.at < len(ROWS[id].steps)
        if expected.raises is not None:
            assert issubclass(getattr(builtins, expected.raises), Exception)
        if expected.raises != expected.keras:
            assert expected.why != "", "gru_ref does otherwise than Keras without a reason"

    def test_every_row_begins_with_a_layer(self) -> None:
        assert {row.steps[0][0] for row in INVALID} == {"construct", "from_config"}

    def test_every_verdict_occurs_for_both_oracles(self) -> None:
        for oracle in ORACLES:
            assert {row.outcome(oracle).verdict for row in INVALID} == set(VERDICTS)

    @for_each(row.name for row in ARGUMENTS)
    def test_the_argument_occurs_in_a_row(self, name: str) -> None:
        given = [a for row in INVALID for a in row.steps[0][1:] if isinstance(a, dict)]
        assert any(name in keywords for keywords in given)

    @pytest.mark.parametrize("name", ["x", "initial_state", "mask", "training"])
    def test_the_argument_of_the_call_occurs_in_a_row(self, name: str) -> None:
        calls = [step[1] for row in INVALID for step in row.steps if step[0] == "call"]
        assert any(name in keywords for keywords in calls if isinstance(keywords, dict))
