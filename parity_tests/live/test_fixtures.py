"""Live Keras, gru_ref and the golden files agree; where two of them do, the third is named."""

from __future__ import annotations

from typing import Any

import pytest
from parameterized import parameterized

from parity_tests import compare, golden
from parity_tests.live import run

ROWS = [(g.oracle, f"{g.group}+{g.id}") for g in golden.load()]


class TestGolden:
    """Every golden case, run again in live Keras."""

    @parameterized.expand(ROWS, name_func=run.case_name)
    def test_three_sources_agree(self, oracle: str, case_id: str) -> None:
        group, _, name = case_id.partition("+")
        case = golden.find(oracle, group, name)
        reply = _live(oracle, case)
        eps = case.data["tolerance_eps"]
        # Keras against its own record is compared at the lane's tolerance as well: another machine
        # may sum in another order.
        apart = {
            "keras_is_fixture": compare.difference(reply, case.expected),
            "gru_ref_is_fixture": compare.difference(case.run().calls, case.expected),
            "keras_is_gru_ref": compare.difference(case.run().calls, reply),
        }
        agree = {key: worst.error <= eps for key, worst in apart.items()}
        run.record("fixture", {"oracle": oracle, "id": f"{oracle}:{case_id}", **agree})
        if not all(agree.values()):
            worst = {key: value for key, value in apart.items() if not agree[key]}
            pytest.fail(f"{oracle} {case_id}: {worst}", pytrace=False)


def _live(oracle: str, case: golden.Golden) -> list[dict[str, Any]]:
    """Return what live Keras computes for a golden case now."""
    calls = [{"reset": True} if call == "reset" else call._asdict() for call in case.calls]
    reply = run.oracle(oracle).request(
        {
            "op": "run",
            "constructor": case.data["constructor"],
            "weights": case.weights,
            "calls": calls,
            "seed": case.data["seed"],
            "gates": False,
        }
    )
    if not reply["ok"]:
        pytest.fail(f"{oracle} {case.id}: live Keras raises {reply['error']}", pytrace=False)
    return list(reply["calls"])
