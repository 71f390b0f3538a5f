"""Which rows of matrix.DEVIATIONS a case falls under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity_tests.cases.sweeps import Case
from parity_tests.matrix.deviations import DEVIATIONS, Deviation


def predicted(case: Case, kind: str, path: str | None = None) -> list[Deviation]:
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
