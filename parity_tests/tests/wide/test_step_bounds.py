"""Live Keras is inside gru_ref's step-local bounds in every run, and a mistake is far outside."""

from __future__ import annotations

import pytest

from parity_tests.judging import float32_runs
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import live_outputs
from parity_tests.tests.live.each_case import for_each

# Every one of these also judges the run by every mistaken layer.
WITH_MISTAKES = range(0, float32_runs.ROWS, 6)


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
class TestHonestRuns:
    """64 sequences a row."""

    @for_each(GENERATIONS, range(float32_runs.ROWS))
    def test_every_step_of_keras_is_inside(self, oracle: str, number: int) -> None:
        keras_version = live_run.keras_version(oracle)
        given = float32_runs.with_mask(float32_runs.row(number, keras_version), number)
        (call,) = given.attempt.calls
        (output,) = live_outputs(
            oracle,
            given.arguments,
            given.attempt.weights.arrays(),
            {"x": call.x, "initial_state": call.initial_state, "mask": call.mask},
        )
        ratios = float32_runs.sequence_ratios(float32_runs.judge_output(given.attempt, output))
        record = {
            "oracle": oracle,
            "runs": ratios.size,
            "outside": int((ratios > 1).sum()),
            "largest": float(ratios.max()),
        }
        if number in WITH_MISTAKES:
            record |= float32_runs.mistake_ratios(given.attempt, output)._asdict()
        live_run.record("step_bounds", record)
        assert not record["outside"], record
