"""Pictures and tables of compared steps: errors over time and units, gates beside theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.diff.compared_steps import ComparedSteps
from gru_ref.presentation.axes import StepAxis
from gru_ref.presentation.colour_scale import gate_scale, ratio_scale, symmetric_scale
from gru_ref.presentation.document import Column, PageTable, PictureGrid, Row, Tabs
from gru_ref.presentation.heat_map import HeatMap, heat_map
from gru_ref.presentation.line_plot import line_plot

Array = NDArray[Any]
Place = tuple[int, int, int]  # position in processing order, row, unit

_ROWS = 12  # of the batch, that have a picture each
_WINDOW = 120  # steps that a line shows
_SMALL = 200, 64  # cells of pictures that stand side by side
_NAMES = {
    "z": "z, update gate",
    "r": "r, reset gate",
    "candidate": "candidate",
    "h": "h, state",
    "output": "output",
}


def error_map(steps: ComparedSteps, first: Place | None) -> HeatMap:
    """Return the largest |error| / bound of all rows, over time and units."""
    title = f"|error| / bound of {', '.join(steps.ratio)}"
    if steps.used.shape[1] > 1:
        title += ", the largest of all rows"
    time = StepAxis(steps.timestep, np.asarray(steps.used.any(axis=1)))
    largest, finite = steps.worst.max(axis=1), np.asarray(steps.finite.all(axis=1))
    return _errors(largest, finite, time, title, first)


def error_maps(steps: ComparedSteps, first: Place | None) -> Tabs | HeatMap:
    """Return `error_map`, and the same for each row, or for the rows with the largest errors."""
    rows = steps.used.shape[1]
    if rows == 1:
        return error_map(steps, first)
    worst, finite = steps.worst, steps.finite
    listed = np.sort(np.argsort(-worst.max(axis=(0, 2)), kind="stable")[:_ROWS])
    if first is not None and first[1] not in listed:
        listed = np.sort([*listed[:-1], first[1]])
    options: list[tuple[str, Any]] = [("all rows", error_map(steps, first))]
    for row in listed.tolist():
        here = None if first is None or first[1] != row else first
        time = StepAxis(steps.timestep, steps.used[:, row])
        picture = _errors(worst[:, row], finite[:, row], time, f"Row {row}", here)
        options.append((f"row {row}" + (", first" if here else ""), picture))
    legend = "Row of the batch"
    if len(listed) < rows:
        legend += f": the {len(listed)} of {rows} with the largest errors"
    return Tabs("row", legend, options)


def gate_maps(steps: ComparedSteps, at: Place, first: Place | None) -> PictureGrid:
    """Return theirs, what is expected and the error for each number of a row, side by side."""
    row = at[1]
    time = StepAxis(steps.timestep, steps.used[:, row])
    mark = None if first is None else (first[0], first[2])
    beside: list[HeatMap] = []
    alone: list[HeatMap] = []
    for name in _names(steps):
        label = _NAMES[name]
        expected = steps.expected[name][:, row]
        theirs = steps.theirs[name][:, row] if name in steps.theirs else expected
        every = np.stack([theirs, expected])
        scale = gate_scale(every) if name in ("z", "r") else symmetric_scale(every)
        if name not in steps.theirs:
            title = f"{label}: expected"
            worst = steps.worst[:, row]
            alone.append(
                heat_map(expected, scale, time, title=title, key=worst, first=mark, cells=_SMALL)
            )
            continue
        ratio, finite = steps.ratio[name][:, row], np.isfinite(theirs)
        sides = {"theirs": theirs, "expected": expected}
        pictures = [
            heat_map(
                side, scale, time, title=f"{label}: {title}", key=ratio, first=mark, cells=_SMALL
            )
            for title, side in sides.items()
        ]
        error = _errors(ratio, finite, time, f"{label}: error", first, _SMALL)
        beside += [*pictures, error]
    return PictureGrid(3, (*beside, *alone))


def unit_lines(steps: ComparedSteps, at: Place, first: Place | None) -> PictureGrid:
    """Return theirs and what is expected for each number of a unit, as lines over time.

    Of a long sequence they show the steps around the place.
    """
    position, row, unit = at
    start = max(0, min(position - _WINDOW // 2, len(steps.timestep) - _WINDOW))
    window = slice(start, start + _WINDOW)
    time = StepAxis(steps.timestep[window], steps.used[window, row])
    sides = {"theirs": steps.theirs, "expected": steps.expected}
    return PictureGrid(
        2,
        [
            line_plot(
                {side: one[name][window, row, unit] for side, one in sides.items() if name in one},
                time,
                title=_NAMES[name],
                first=None if first is None else first[0] - start,
            )
            for name in _names(steps)
        ],
    )


def number_table(steps: ComparedSteps, at: Place) -> PageTable:
    """Return the numbers at one place."""
    columns = [
        Column(f"at timestep {steps.timestep[at[0]]}"),
        *(Column(name, numeric=True) for name in ("theirs", "expected", "bound", "error / bound")),
    ]
    rows = []
    for name in _names(steps):
        known = name in steps.theirs
        ratio = float(steps.ratio[name][at]) if known else 0.0
        cells = (
            _NAMES[name],
            f"{steps.theirs[name][at]:.9g}" if known else "not given",
            f"{steps.expected[name][at]:.9g}",
            f"{steps.bound[name][at]:.1e}",
            f"{ratio:.3g}" if known else "",
        )
        rows.append(Row(cells, "bad" if ratio > 1 else "plain"))
    return PageTable(columns, rows)


def _errors(
    ratio: Array,
    finite: Array,
    time: StepAxis,
    title: str,
    first: Place | None,
    cells: tuple[int, int] = (400, 128),
) -> HeatMap:
    mark = None if first is None else (first[0], first[2])
    return heat_map(ratio, ratio_scale(), time, title=title, finite=finite, first=mark, cells=cells)


def _names(steps: ComparedSteps) -> list[str]:
    return [name for name in _NAMES if name in steps.expected]
