"""The row of matrix.BOUNDS that a case is held to."""

from __future__ import annotations

from parity_tests.cases.sweeps import Case
from parity_tests.matrix import halves
from parity_tests.matrix.bounds import BOUNDS, STEP_LOCAL, Bound, bounds_of


def bound_for(case: Case) -> Bound:
    """Return the one row that matches the case."""
    table = halves.BOUNDS if case.lane == "half" else BOUNDS
    (row,) = bounds_of(case.lane, case.sweep, (case.activation, case.recurrent_activation), table)
    return row


def is_step_local(case: Case) -> bool:
    """Return whether the derived bound of one step applies as well."""
    return case.sweep in (*STEP_LOCAL, *halves.STEP_LOCAL)
