"""from_keras of cells, RNNs, stacks and Bidirectional: gru_ref goes on as the live layer does."""

from __future__ import annotations

from typing import Any

from parity_tests.cases import wrappers
from parity_tests.matrix.axes import ORACLES
from parity_tests.matrix.wrappers import FAMILIES
from parity_tests.tests.live.each_case import for_each
from parity_tests.tests.live.take_over import check_rows


def _steps(case: wrappers.WrapperCase) -> list[list[Any]]:
    """Return the steps of a case; it is taken over before its last call."""
    steps = case.steps(0)
    last = max(number for number, (method, *_) in enumerate(steps) if method == "call")
    return [*steps[:last], ["from_keras", [case.spec["class"]], {}], *steps[last:]]


@for_each(ORACLES)
def test_goes_on_as_the_live_layer_does(oracle: str) -> None:
    cases = [
        case
        for family in FAMILIES
        for case in wrappers.cases(family, oracle)
        if case.lane == "double" and not case.drops
    ]
    assert {case.family for case in cases} >= {"cell", "rnn", "stacked", "bidirectional"}
    check_rows(oracle, {case.id: _steps(case) for case in cases})
