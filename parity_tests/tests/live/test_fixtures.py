"""Live Keras, gru_ref and those golden files agree whose cases no sweep holds.

The others are compared in `test_structure`, where the case runs in live Keras anyway.
"""

from __future__ import annotations

import pytest

from parity_tests.cases import sweeps
from parity_tests.recording import golden
from parity_tests.tests.live import three_sources
from parity_tests.tests.live.each_case import for_rows

ROWS = [
    (g.oracle, f"{g.group}+{g.id}") for g in golden.load() if g.id not in sweeps.cases(g.oracle)
]


class TestThreeSources:
    """Every golden case of no sweep, run again in live Keras."""

    @for_rows(ROWS)
    def test_three_sources_agree(self, oracle: str, case_id: str) -> None:
        group, _, name = case_id.partition("+")
        case = golden.find(oracle, group, name)
        if failure := three_sources.check(case, three_sources.live(case)):
            pytest.fail(failure, pytrace=False)
