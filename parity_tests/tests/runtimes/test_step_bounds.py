"""PyTorch and ONNX Runtime are inside gru_ref's step-local bounds in every run."""

from __future__ import annotations

from typing import Any

import pytest

from parity_tests.judging import float32_runs
from parity_tests.tests.runtimes import ports

WITH_MISTAKES = range(0, float32_runs.ROWS, 6)


@pytest.mark.parametrize("number", range(float32_runs.ROWS))
@pytest.mark.parametrize("runtime", ports.RUNTIMES)
def test_every_step_is_inside(runtime: str, number: int, record_property: Any) -> None:
    torch = runtime == "torch"
    given = float32_runs.row(number, "2", usual=torch, reset_after=True if torch else None)
    output = ports.right(runtime, given.attempt)
    ratios = float32_runs.sequence_ratios(float32_runs.judge_output(given.attempt, output))
    record_property(f"largest ratio of {runtime}, {ratios.size} runs each", float(ratios.max()))
    assert ratios.max() <= 1
    if number in WITH_MISTAKES:
        seen = float32_runs.mistake_ratios(given.attempt, output)
        record_property(f"mistakes inside the bound, {runtime}", seen.hidden)
        record_property(f"inverse of the smallest ratio, {runtime}", 1 / seen.smallest)
