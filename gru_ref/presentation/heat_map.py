"""A heat map of numbers over time and units, small enough for a page whatever their count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.presentation.axes import StepAxis, Tick, cell_ticks
from gru_ref.presentation.colour_scale import ColourScale
from gru_ref.presentation.png import png_uri

Array = NDArray[Any]

_CELL, _LEAST, _MOST = 18, 72, 288  # pixels: of a cell that is alone, and of a whole map's height
_WIDEST = 40  # pixels, of one timestep


class Mark(NamedTuple):
    """A cell of a heat map that is to be found: its middle and its size in per cent of the map.

    Parameters
    ----------
    left, top, width, height : float
    timestep, unit : int
    text : str
    """

    left: float
    top: float
    width: float
    height: float
    timestep: int
    unit: int
    text: str


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A heat map as a page shows it.

    Parameters
    ----------
    title, description : str
        The latter is what a screen reader says.
    image : str
        The data URI of a PNG, a pixel a cell.
    scale : ColourScale
    time : StepAxis
    units : list of Tick
    height, width : int
        In pixels; the width is the largest one.
    block : (int, int)
        How many timesteps and units one cell stands for.
    summary : str
        What a cell shows of them.
    mark : Mark or None
    not_finite : int
        How many numbers are not finite.
    """

    title: str
    description: str
    image: str
    scale: ColourScale
    time: StepAxis
    units: list[Tick]
    height: int
    width: int
    block: tuple[int, int]
    summary: str
    mark: Mark | None
    not_finite: int


def heat_map(
    values: Array,
    scale: ColourScale,
    time: StepAxis,
    *,
    title: str,
    key: Array | None = None,
    finite: Array | None = None,
    first: tuple[int, int] | None = None,
    cells: tuple[int, int] = (400, 128),
) -> HeatMap:
    """Return the heat map of one row of a batch.

    Parameters
    ----------
    values : (timesteps, units)
    scale : ColourScale
    time : StepAxis
    title : str
    key : (timesteps, units), optional
        Where there are more numbers than cells, a cell shows the number whose key is the largest
        of its block; without it, the mean of those numbers of the block that are not masked. Of
        |error| / bound it shows the largest, so that no error is hidden.
    finite : (timesteps, units), optional
        Where a number is not finite; by default where `values` is not. A cell with one shows it.
    first : (int, int), optional
        The position and the unit to mark.
    cells : (int, int)
        How many timesteps and units are shown at most, before several share a cell.
    """
    timesteps, units = values.shape
    key = values if scale.is_ratio else key
    finite = np.isfinite(values) if finite is None else finite
    block = -(-timesteps // cells[0]), -(-units // cells[1])
    parts, are_finite = _blocks(values, block), _blocks(finite, block)
    if key is None:
        used = _blocks(np.broadcast_to(time.used[:, np.newaxis], values.shape), block)
        used = used | ~used.any(axis=2, keepdims=True)
        shown = np.where(used & are_finite, parts, 0).sum(axis=2) / used.sum(axis=2)
        is_finite = np.all(are_finite, axis=2)
    else:
        chosen = _blocks(np.where(finite, key, np.inf), block).argmax(axis=2)[:, :, np.newaxis]
        shown, is_finite = (
            np.take_along_axis(array, chosen, axis=2)[:, :, 0] for array in (parts, are_finite)
        )
    columns, rows = shown.shape
    count = int((~finite).sum())
    description = f"{title}: {timesteps} timesteps, {units} units"
    if first is not None:
        description += f"; marked: timestep {time.timestep[first[0]]}, unit {first[1]}"
    return HeatMap(
        title,
        description,
        png_uri(scale.pixels(shown, is_finite).T, scale.palette),
        scale,
        time.with_blocks(block[0]),
        cell_ticks(np.arange(units), block[1]),
        min(max(rows * _CELL, _LEAST), _MOST),
        columns * _WIDEST,
        block,
        "the mean" if key is None else "the number with the largest error",
        None if first is None else _mark(first, time, block, (columns, rows)),
        count,
    )


def _blocks(array: Array, block: tuple[int, int]) -> Array:
    """Return the numbers of each block, (cells of time, cells of units, numbers).

    The last number fills up the last blocks.
    """
    if block == (1, 1):
        return array[:, :, np.newaxis]
    missing = [(0, -size % each) for size, each in zip(array.shape, block, strict=True)]
    padded = np.pad(array, missing, mode="edge")
    shape = padded.shape[0] // block[0], block[0], padded.shape[1] // block[1], block[1]
    parts = padded.reshape(shape).swapaxes(1, 2)
    return parts.reshape(*parts.shape[:2], -1)


def _mark(
    first: tuple[int, int], time: StepAxis, block: tuple[int, int], cells: tuple[int, int]
) -> Mark:
    width, height = 100 / cells[0], 100 / cells[1]
    left, top = (first[0] // block[0] + 0.5) * width, (first[1] // block[1] + 0.5) * height
    timestep = int(time.timestep[first[0]])
    text = f"timestep {timestep}, unit {first[1]}"
    return Mark(left, top, width, height, timestep, first[1], text)
