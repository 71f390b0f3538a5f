"""Covering arrays: few rows that hold every combination of a few axes, and the check that they do.

covertable makes the rows; `uncovered` counts what is missing with code of its own, so that it can
also be asked about the cases that were really compared. Making an array of strength 4 takes some
seconds: it is kept in matrix/covering, under a name made of everything that it depends on, and a
run that misses one writes it there.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parity_tests.environment import PACKAGE
from parity_tests.matrix.axes import AXES, SWEEPS
from parity_tests.matrix.deviations import IMPOSSIBLE

Levels = dict[str, Any]
Axes = Mapping[str, Sequence[Any]]
Impossible = Sequence[Mapping[str, Sequence[Any]]]

ARRAYS = PACKAGE / "matrix" / "covering"
# The covertable that made them. Another release makes other rows, and so another matrix: here alone
# is it changed, and everybody else compares the same cases without it.
COVERTABLE = "3.2.0"


def axes_of(oracle: str, fixed: Axes | None = None) -> dict[str, tuple[Any, ...]]:
    """Return the axes of an oracle with their levels, those in `fixed` held to some of them."""
    axes = {name: axis.levels for name, axis in AXES.items() if oracle in axis.oracles}
    return {**axes, **{name: tuple(levels) for name, levels in (fixed or {}).items()}}


def impossible_of(oracle: str) -> tuple[Mapping[str, Sequence[Any]], ...]:
    """Return the combinations of levels in which the oracle raises."""
    return IMPOSSIBLE[oracle]


def possible(levels: Mapping[str, Any], impossible: Impossible) -> bool:
    """Return whether levels of every axis fall under no row of `impossible`."""
    return not any(
        all(levels[axis] in excluded for axis, excluded in row.items()) for row in impossible
    )


def covering_rows(axes: Axes, strength: int, impossible: Impossible = ()) -> list[Levels]:
    """Return rows that hold every combination of `strength` axes that a possible row can hold.

    Parameters
    ----------
    axes : mapping
        The levels of every axis.
    impossible : sequence of mappings
        Axes with levels that no row may hold all at once.

    Examples
    --------
    >>> axes = {"reset_after": (True, False), "mask": ("none", "right"), "unroll": (False, True)}
    >>> len(covering_rows(axes, 2))
    4
    """
    key = json.dumps([COVERTABLE, strength, dict(axes), [dict(i) for i in impossible]])
    path = ARRAYS / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    if path.exists():
        return list(json.loads(path.read_text(encoding="utf-8")))
    from covertable import make  # not needed where the rows are there already

    allowed = [
        [
            {"operator": "in", "left": axis, "values": [v for v in axes[axis] if v not in excluded]}
            for axis, excluded in row.items()
        ]
        for row in impossible
    ]
    rows = make(
        {axis: list(levels) for axis, levels in axes.items()},
        strength=strength,
        constraints=[{"operator": "or", "conditions": conditions} for conditions in allowed],
    )
    rows = [{axis: row[axis] for axis in axes} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(rows), encoding="utf-8")
    part.replace(path)  # in one step: other processes may be reading
    return rows


def uncovered(
    rows: Iterable[Mapping[str, Any]], axes: Axes, strength: int, impossible: Impossible = ()
) -> list[Levels]:
    """Return the combinations of `strength` axes that a possible row holds and none of `rows` does.

    Parameters
    ----------
    rows : iterable of mappings
        A level for every axis; further keys do not matter.

    Examples
    --------
    >>> axes = {"mask": ("none", "right"), "unroll": (False, True)}
    >>> levels = [("none", False), ("none", True), ("right", False), ("right", True)]
    >>> rows = [{"mask": mask, "unroll": unroll} for mask, unroll in levels]
    >>> uncovered(rows, axes, 2)
    []
    >>> uncovered(rows[:-1], axes, 2)
    [{'mask': 'right', 'unroll': True}]
    >>> uncovered(rows[:-1], axes, 2, [{"unroll": (True,), "mask": ("right",)}])
    []
    """
    rows = list(rows)
    involved = {axis for row in impossible for axis in row}
    missing = []
    for names in itertools.combinations(axes, strength):
        held = {tuple(row[name] for name in names) for row in rows}
        wanted = [c for c in itertools.product(*(axes[name] for name in names)) if c not in held]
        others = [name for name in axes if name in involved and name not in names]
        completions = [
            dict(zip(others, levels, strict=True))
            for levels in itertools.product(*(axes[name] for name in others))
        ]
        for combination in wanted:
            levels = dict(zip(names, combination, strict=True))
            # Axes that no row of `impossible` names may have any level.
            open_axes = {name: None for name in axes if name not in names}
            if any(possible({**open_axes, **levels, **more}, impossible) for more in completions):
                missing.append(levels)
    return missing


def uncovered_of(oracle: str, rows: Iterable[Mapping[str, Any]]) -> list[Levels]:
    """Return what the structural sweep has to cover and `rows` do not."""
    sweep = SWEEPS["structure"]
    axes = axes_of(oracle, sweep.fixed)
    return uncovered(rows, axes, sweep.strength, impossible_of(oracle))
