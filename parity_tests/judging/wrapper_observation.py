"""How live Keras runs a case of `cases.wrappers`: with a witness that its lane can take."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity_tests.cases.wrapper_screening import KEEPING, fits_lane
from parity_tests.cases.wrappers import WrapperCase
from parity_tests.oracles.client import Oracle

REDRAWS = 60
LENIENT = 30  # from this draw on an output may be all alike

Steps = list[list[Any]]


def observe(oracle: Oracle, case: WrapperCase) -> tuple[Steps, list[dict[str, Any]], list[Any]]:
    """Return the steps of a case, what live Keras made of each, and the masks of each call.

    Raises
    ------
    AssertionError
        Live Keras raises.
    LookupError
        No witness is found.
    """
    for attempt in range(REDRAWS):
        calls = case.inputs(attempt) if case.family != "cell" else []
        supposed = KEEPING if case.drops else None
        if calls and not fits_lane(case, attempt, [supposed] * len(calls)):
            continue
        steps = case.steps(attempt)
        live = oracle.request({"op": "wrappers", "steps": steps})["steps"]
        assert live[-1]["ok"], f"live Keras raises at {live[-1]['method']}: {live[-1]['error']}"
        made = [outcome for outcome in live if outcome["method"] == "call"]
        taken = iter([outcome.get("masks") for outcome in made])
        by_call = [next(taken) if call else None for call in calls]
        lively = attempt >= LENIENT or all(varies(o["value"]) for o in made)
        if lively and (not calls or fits_lane(case, attempt, by_call)):
            return steps, live, [outcome.get("masks") for outcome in live]
    raise LookupError(f"{case.id}: no witness in {REDRAWS} draws")


def varies(value: Any) -> bool:
    """Return whether every array of a call's value holds two numbers at least."""
    if isinstance(value, (list, tuple)):
        return all(varies(item) for item in value)
    return bool(np.ptp(value) > 0)
