"""What the table says of a case: the deviations that it shows, and the bound that it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity_tests.cases.sweeps import Case
from parity_tests.matrix import halves
from parity_tests.matrix.bounds import BOUNDS, STEP_LOCAL, Bound, bounds_of
from parity_tests.matrix.deviations import DEVIATIONS, Deviation


def deviations(case: Case, kind: str, path: str | None = None) -> list[Deviation]:
    """Return the rows of `kind` that predict this case; `path` is the one it took, if known."""
    levels: Mapping[str, Any] = {**case.levels, "path": path}
    used = {case.activation, case.recurrent_activation}

    def matches(row: Deviation) -> bool:
        return all(
            bool(used & set(wanted)) if axis == "activations" else levels.get(axis) in wanted
            for axis, wanted in row.when.items()
        )

    return [
        row
        for row in DEVIATIONS
        if row.kind == kind and case.oracle in row.oracles and matches(row)
    ]


def bound_for(case: Case) -> Bound:
    """Return the one row of BOUNDS that matches the case."""
    table = halves.BOUNDS if case.lane == "half" else BOUNDS
    (row,) = bounds_of(case.lane, case.sweep, (case.activation, case.recurrent_activation), table)
    return row


def is_step_local(case: Case) -> bool:
    """Return whether the derived bound of one step applies as well."""
    return case.sweep in (*STEP_LOCAL, *halves.STEP_LOCAL)
