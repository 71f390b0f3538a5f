"""Compares live Keras, gru_ref and a golden case; where two of them agree, the third is named."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from parity_tests.cases import sweeps
from parity_tests.judging import compare
from parity_tests.judging.judge import Disagreement, Observation, judge, observe
from parity_tests.judging.mistakes import MISTAKES
from parity_tests.recording import golden
from parity_tests.runner import live_run


def judge_case(oracle: str, case_id: str) -> None:
    """Judge a case of a sweep and the golden cases of it; fail the test where one disagrees."""
    case = sweeps.find(oracle, case_id)
    live = live_run.oracle(oracle)
    seen = observe(live, case)
    failures = check_those_of(oracle, case_id, seen)
    shows = live_run.every_mistake or sweeps.shows_mistakes(case)
    try:
        record = judge(live, case, seen, mistakes=MISTAKES if shows else ())
    except Disagreement as disagreement:
        record, failures = disagreement.record, [str(disagreement), *failures]
    live_run.record("case", dataclasses.asdict(record))
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)


def check_those_of(oracle: str, case_id: str, seen: Observation | dict[str, Any]) -> list[str]:
    """Check the golden cases of a case that live Keras has just run; return the failures."""
    failures = []
    for case in golden.cases_named(oracle, case_id):
        same = isinstance(seen, Observation) and _same_numbers(case, seen)
        failures.append(check(case, seen.reply["calls"] if same else live(case)))
    return [failure for failure in failures if failure]


def check(case: golden.Golden, reply: list[dict[str, Any]]) -> str:
    """Record which of the three agree on a golden case; return what to say if not all do."""
    eps = case.data["tolerance_eps"]
    mine = case.as_run.run().calls
    # Keras against its own record is compared at the lane's tolerance as well: another machine
    # may sum in another order.
    apart = {
        "keras_is_fixture": compare.difference(reply, case.expected),
        "gru_ref_is_fixture": compare.difference(mine, case.expected),
        "keras_is_gru_ref": compare.difference(mine, reply),
    }
    agree = {key: worst.error <= eps for key, worst in apart.items()}
    name = f"{case.oracle}:{case.group}+{case.id}"
    live_run.record("fixture", {"oracle": case.oracle, "id": name, **agree})
    differ = [f"  {_WHICH[key]} {_place(apart[key])}" for key in apart if not agree[key]]
    return "\n".join([f"fixture {name}", *differ]) if differ else ""


_WHICH = {
    "keras_is_fixture": "live Keras, and what was recorded:",
    "gru_ref_is_fixture": "gru_ref, and what was recorded:",
    "keras_is_gru_ref": "gru_ref, and live Keras:",
}


def _place(worst: compare.RunDifference) -> str:
    """Return where two runs differ most, and how much."""
    if not worst.index:
        return worst.where
    apart = compare.error_words(worst.error, worst.absolute)
    numbers = f"{worst.actual:.9g}, {worst.expected:.9g}"
    return f"{numbers} at {worst.where} {worst.index}, {apart} apart"


def live(case: golden.Golden) -> list[dict[str, Any]]:
    """Return what live Keras computes for a golden case now."""
    calls = [{"reset": True} if call == "reset" else call._asdict() for call in case.calls]
    reply = live_run.oracle(case.oracle).request(
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
        pytest.fail(f"{case.oracle} {case.id}: live Keras raises {reply['error']}", pytrace=False)
    return list(reply["calls"])


def _same_numbers(case: golden.Golden, seen: Observation) -> bool:
    """Return whether live Keras was handed just what the golden case holds."""
    if case.data["seed"] != seen.seed or case.data["constructor"] != seen.case.constructor():
        return False
    given = [*seen.witness.weights, *_arrays(seen.witness.calls)]
    held = [*case.weights, *_arrays(case.calls)]
    return len(given) == len(held) and all(map(np.array_equal, given, held))


def _arrays(calls: Any) -> list[Any]:
    """Return what is handed to every call; an absent array counts as an empty one."""
    return [
        np.empty(0) if item is None else item
        for call in calls
        for item in (["reset"] if call == "reset" else call)
    ]
