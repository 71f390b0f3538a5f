"""Every row of INVALID holds for live Keras, and where both accept the call the numbers agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity_tests.judging.invalid_rows import check_live
from parity_tests.judging.run_gru_ref import StepOutcome
from parity_tests.matrix.invalid import INVALID, RELEASES, Invalid
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import (
    live_steps,
    own_steps,
    unfit_release,
    value,
)
from parity_tests.tests.live.each_case import for_each

ROWS = {row.id: row for row in INVALID}

ATOL = 1e-5


class TestLiveRows:
    """Live Keras does what a row says."""

    @for_each(RELEASES, ROWS)
    def test_live_keras_does_what_the_row_says(self, oracle: str, id: str) -> None:
        row = ROWS[id]
        expected = row.outcome(oracle)
        if reason := unfit_release(oracle):
            live_run.leave_out(oracle, reason)
        steps = [list(step) for step in row.steps]
        live = live_steps(oracle, steps)
        check_live(row, expected, live)
        if expected.keras is None and expected.raises is None and not _draws(row):
            _check_numbers(live, own_steps(oracle, steps))
        live_run.record("invalid", {"oracle": oracle, "id": id, "verdict": expected.verdict})


def _draws(row: Invalid) -> bool:
    """Return whether a call of the row draws dropout masks, which gru_ref draws otherwise."""
    return any(step[0] == "call" and step[1:] and _trains(step[1]) for step in row.steps)


def _trains(arguments: Any) -> bool:
    return isinstance(arguments, dict) and bool(arguments.get("training"))


def _check_numbers(live: list[dict[str, Any]], mine: list[StepOutcome]) -> None:
    """Check that every step returned the same in live Keras and in gru_ref."""
    assert mine[-1].error is None, mine[-1].error
    for theirs, ours in zip(live, mine, strict=True):
        if ours.method in ("construct", "from_config", "get_config"):
            continue
        expected = value(theirs)
        assert _alike(expected, ours.value), f"{ours.method}: {ours.value}, live: {expected}"


def _alike(expected: Any, value: Any) -> bool:
    """Return whether two values, or lists of them, agree."""
    if isinstance(value, (list, tuple)):
        return len(expected) == len(value) and all(map(_alike, expected, value))
    if isinstance(value, (np.ndarray, np.generic)):
        if isinstance(expected, list):
            return len(expected) == 1 and _alike(expected[0], value)
        return np.shape(expected) == value.shape and np.allclose(
            expected, value, rtol=0, atol=ATOL, equal_nan=True
        )
    return bool(expected == value)
