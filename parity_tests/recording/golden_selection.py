"""Which cases of the sweeps become golden cases of fixtures/."""

from __future__ import annotations

import itertools
from dataclasses import replace

from parity_tests.cases.covering import axes_of
from parity_tests.cases.sweeps import Case, expand
from parity_tests.matrix.fixtures import GATED


def group_cases(oracle: str, group: str) -> list[Case]:
    """Return the cases of one group of matrix.fixtures.GROUPS."""
    if group in ("exact", "saturated"):
        return _pairwise([case for case in expand("structure", oracle) if case.lane == group])
    rounded = [case for case in expand("rounded", oracle) if case.lane == "double"]
    if group == "rounded":
        return rounded
    if group == "gates":
        levels = {axis: values[0] for axis, values in axes_of(oracle).items()}
        return [replace(rounded[0], levels={**levels, **changes}) for changes in GATED]
    if group == "activations":
        return [
            case
            for case in expand("activation-pairs", oracle)
            if (case.recurrent_activation == "sigmoid" and case.levels["reset_after"])
            or (case.activation == "tanh" and not case.levels["reset_after"])
        ]
    raise LookupError(f"group is {group!r}, expected one of matrix.fixtures.GROUPS")


def _pairwise(cases: list[Case]) -> list[Case]:
    """Return few of the cases that hold every pair of levels that all of them hold."""

    def pairs(case: Case) -> set[object]:
        return set(itertools.combinations(sorted(case.levels.items(), key=str), 2))

    missing = set().union(*(pairs(case) for case in cases))
    chosen = []
    while missing:
        best = max(cases, key=lambda case: len(pairs(case) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen
