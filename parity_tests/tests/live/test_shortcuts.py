"""What saves the workers time changes no bit: a case of every sweep, run with it and without."""

from __future__ import annotations

from parity_tests.cases import sweeps
from parity_tests.cases.witness import witness
from parity_tests.judging.judge import request_of
from parity_tests.matrix import axes
from parity_tests.oracles import codec
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.runner import live_run
from parity_tests.tests.live.each_case import for_rows

# A thousand steps keep what three keep, and take a second; and what raises returns nothing.
LEFT_OUT = ("long", "raises")
GROUPS = [
    (oracle, f"{sweep}-{lane}")
    for oracle in GENERATIONS
    for sweep in axes.SWEEPS
    if sweep not in LEFT_OUT
    for lane in sorted({case.lane for case in sweeps.expand(sweep, oracle)})
]


class TestKeptIndices:
    """`oracles.kept_indices`: a layer whose slices make every index anew returns the same bits."""

    @for_rows(GROUPS)
    def test_the_same_bits(self, oracle: str, group: str) -> None:
        sweep, lane = group.rsplit("-", 1)
        cases = [case for case in sweeps.expand(sweep, oracle) if case.lane == lane]
        case = min(cases, key=lambda case: sweeps.random_number(case.id, "shortcuts"))
        request = request_of(case, witness(case), 0)
        replies = [
            live_run.oracle(oracle).request({**request, "plain": plain}) for plain in (True, False)
        ]
        for reply in replies:
            reply.pop("seconds", None)
        plain, kept = map(codec.dumps, replies)
        assert kept == plain
