"""A few numbers over time as lines, small enough for a page whatever the number of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.presentation.axes import Span, StepAxis, Tick, spans, value_ticks

Array = NDArray[Any]

_POINTS = 600  # of a line; more steps share a place, which shows their smallest and largest number
_WIDTH, _HEIGHT = 1000.0, 100.0


class Line(NamedTuple):
    """A line: its name, and its path in a picture 1000 wide and 100 high."""

    name: str
    path: str


@dataclass(frozen=True, eq=False)
class LinePlot:
    """Lines over time as a page shows them.

    Parameters
    ----------
    title, description : str
    lines : list of Line
    time : StepAxis
    values : list of Tick
        The labels of the vertical axis, in per cent from above.
    first : float or None
        Where a step is marked, in per cent.
    not_finite : list of Span
        Where a number is not finite.
    """

    title: str
    description: str
    lines: list[Line]
    time: StepAxis
    values: list[Tick]
    first: float | None
    not_finite: list[Span]


def line_plot(
    lines: Mapping[str, Array], time: StepAxis, *, title: str, first: int | None = None
) -> LinePlot:
    """Return the plot of some lines.

    Parameters
    ----------
    lines : mapping
        Name → (timesteps,).
    time : StepAxis
    title : str
    first : int, optional
        The position to mark.
    """
    values = np.stack(list(lines.values()))
    finite = np.isfinite(values)
    low, high = _limits(values[finite])
    named = ", ".join(lines)
    return LinePlot(
        title,
        f"{title} over {len(time.timestep)} timesteps: {named}",
        [
            Line(name, " ".join(_path((high - line) / (high - low))))
            for name, line in zip(lines, values, strict=True)
        ],
        time,
        value_ticks(low, high),
        None if first is None else 100 * (first + 0.5) / len(time.timestep),
        list(spans(~finite.all(axis=0))),
    )


def _limits(known: Array) -> tuple[float, float]:
    """Return the ends of the vertical axis."""
    if not known.size:
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    margin = 0.05 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _path(heights: Array) -> Iterator[str]:
    """Yield the commands of a path through heights from 0 (above) to 1; it breaks at a NaN."""
    count = len(heights)
    places = (np.arange(count) + 0.5) * (_WIDTH / count)
    if count > _POINTS:
        places, heights = _extremes(places, heights)
    drawn = False
    for place, height in zip(places, heights * _HEIGHT, strict=True):
        if not np.isfinite(height):
            drawn = False
            continue
        yield f"{'L' if drawn else 'M'}{place:.1f} {height:.1f}{'' if drawn else 'h.1'}"
        drawn = True


def _extremes(places: Array, heights: Array) -> tuple[Array, Array]:
    """Return the smallest and the largest of every few numbers, in their order."""
    chosen: list[int] = []
    each = -(-2 * len(heights) // _POINTS)
    for start in range(0, len(heights), each):
        part = np.nan_to_num(heights[start : start + each], nan=np.inf)
        chosen += sorted({start + int(part.argmin()), start + int(part.argmax())})
    return places[chosen], heights[chosen]
