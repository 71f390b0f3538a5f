"""Colours for numbers: of an error against its bound, from 0 to 1, and around 0.

Blue, green and violet are safe for every kind of colour blindness in the pairs that are used here;
what is inside the bound also differs from what is outside in lightness. Where a colour is partly
transparent, the page's own background makes it fit a light and a dark page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.presentation.axes import number_text
from gru_ref.presentation.png import Colour, png_uri

Array = NDArray[Any]

_NOT_FINITE: Colour = (240, 0, 200, 255)
_INSIDE, _OUTSIDE = -2, 6  # decades of |error| / bound that have colours of their own
_PER_DECADE = 4
_STEPS = 48


@dataclass(frozen=True)
class ColourScale:
    """The colour of a number.

    Parameters
    ----------
    label : str
        What the numbers are.
    low, high : float
        What the first and the last colour begin and end with; farther numbers have these colours.
    colours : tuple of Colour
    ticks : tuple of (float, str)
        Numbers that the legend names.
    is_ratio : bool
        Numbers are |error| / bound, `low` and `high` their decimal logarithms, and no number above
        1 has the colour of one up to 1.
    """

    label: str
    low: float
    high: float
    colours: tuple[Colour, ...]
    ticks: tuple[tuple[float, str], ...]
    is_ratio: bool = False

    @property
    def palette(self) -> tuple[Colour, ...]:
        """The colours of `pixels`."""
        return (_NOT_FINITE, *self.colours)

    @property
    def legend(self) -> str:
        """The data URI of all colours in a row."""
        return png_uri(np.arange(1, len(self.palette), dtype=np.uint8)[np.newaxis], self.palette)

    @property
    def legend_ticks(self) -> list[tuple[float, str]]:
        """Where in the legend each tick is, in per cent."""
        return [(100 * (at - self.low) / (self.high - self.low), text) for at, text in self.ticks]

    def pixels(self, values: Array, finite: Array) -> Array:
        """Return the index of each number's colour in `palette`; 0 where it is not `finite`."""
        count = len(self.colours)
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.log10(values) if self.is_ratio else values
            steps = (places - self.low) * (count / (self.high - self.low))
        levels = np.ceil(np.clip(np.nan_to_num(steps), 1, count)).astype(int)
        if self.is_ratio:
            last_inside = -_INSIDE * _PER_DECADE
            outside = values > 1
            levels = np.where(outside, np.maximum(levels, last_inside + 1), levels)
            levels = np.where(outside, levels, np.minimum(levels, last_inside))
        return np.where(finite, levels, 0).astype(np.uint8)


def ratio_scale() -> ColourScale:
    """Return the scale of |error| / bound: blue up to 1, from yellow to red above."""
    inside = _between([(66, 116, 190, 14), (66, 116, 190, 165)], -_INSIDE * _PER_DECADE)
    outside = _between(
        [(250, 190, 50, 255), (240, 120, 30, 255), (214, 45, 50, 255), (150, 10, 60, 255)],
        _OUTSIDE * _PER_DECADE,
    )
    ticks = ((-2, "≤ 0.01"), (0, "1"), (2, "100"), (4, "10⁴"), (6, "≥ 10⁶"))
    label = "|error| / bound"
    return ColourScale(label, _INSIDE, _OUTSIDE, (*inside, *outside), ticks, is_ratio=True)


def gate_scale(values: Array) -> ColourScale:
    """Return a scale from 0 to 1; numbers beyond these widen it."""
    known = values[np.isfinite(values)]
    low, high = float(known.min(initial=0.0)), float(known.max(initial=1.0))
    viridis = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)]
    colours = _between([(*colour, 255) for colour in viridis], _STEPS)
    return ColourScale("", low, high, colours, _ticks(low, (low + high) / 2, high))


def symmetric_scale(values: Array) -> ColourScale:
    """Return a scale around 0: violet below it, green above."""
    high = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    stops = [(118, 60, 190, 255), (118, 60, 190, 0), (20, 140, 80, 0), (20, 140, 80, 255)]
    colours = (*_between(stops[:2], _STEPS // 2), *_between(stops[2:], _STEPS // 2))
    return ColourScale("", -high, high, colours, _ticks(-high, 0.0, high))


def _ticks(*values: float) -> tuple[tuple[float, str], ...]:
    return tuple((value, number_text(value)) for value in values)


def _between(stops: Sequence[Colour], count: int) -> tuple[Colour, ...]:
    """Return `count` colours from the first stop to the last."""
    places = np.linspace(0, len(stops) - 1, count)
    parts = [np.interp(places, range(len(stops)), part) for part in zip(*stops, strict=True)]
    rows = np.round(np.stack(parts, axis=1)).astype(int).tolist()
    return tuple((red, green, blue, opacity) for red, green, blue, opacity in rows)
