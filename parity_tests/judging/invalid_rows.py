"""Holds what live Keras and gru_ref make of an invalid call against what its row says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parity_tests.judging.run_gru_ref import StepOutcome
from parity_tests.matrix.invalid import Invalid, Outcome


def check_live(row: Invalid, expected: Outcome, live: Sequence[Mapping[str, Any]]) -> None:
    """Check that live Keras raises what the row says, where it says, or accepts every step."""
    error = None if live[-1]["ok"] else live[-1]["error"]
    assert (error["class"] if error else None) == expected.keras, error and error["message"]
    if error:
        assert len(live) - 1 == expected.at % len(row.steps), error["message"]


def check_own(row: Invalid, expected: Outcome, outcomes: Sequence[StepOutcome]) -> None:
    """Check that gru_ref raises what the row says, and says why, or accepts every step."""
    error = outcomes[-1].error
    if expected.raises is None:
        assert error is None, f"raises {type(error).__name__}: {error}"
        return
    assert error is not None, f"accepts the call, but should raise {expected.raises}"
    assert type(error).__name__ == expected.raises, str(error)
    assert len(outcomes) - 1 <= expected.at % len(row.steps), "raises later than Keras"
    assert expected.unnamed(str(error)) == [], f"words that are missing in: {error}"
