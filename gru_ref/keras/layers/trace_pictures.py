"""The gates and the state of a trace over time, as heat maps for a page."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.presentation.axes import StepAxis
from gru_ref.presentation.colour_scale import gate_scale, symmetric_scale
from gru_ref.presentation.document import PictureGrid, Tabs
from gru_ref.presentation.heat_map import heat_map

Array = NDArray[Any]

_ROWS = 12  # of the batch, that have pictures
_CELLS = 200, 64
_NAMES = {
    "z": "z, update gate: share of the old state kept",
    "r": "r, reset gate",
    "candidate": "candidate",
    "h": "h, state",
}


def row_maps(arrays: dict[str, Array], row: int) -> PictureGrid:
    """Return z, r, candidate and h of one row of the batch.

    Parameters
    ----------
    arrays : dict
        As `gru_ref.keras.layers.trace.Trace.arrays` returns them.
    row : int
    """
    time = StepAxis(arrays["timestep"], np.asarray(arrays["mask"][:, row].any(axis=1)))
    maps = []
    for name, title in _NAMES.items():
        every = arrays[name].astype(np.float64)
        is_gate = name in ("z", "r")
        scale = gate_scale(every) if is_gate else symmetric_scale(every)
        maps.append(heat_map(every[:, row], scale, time, title=title, cells=_CELLS))
    return PictureGrid(2, maps)


def all_maps(arrays: dict[str, Array], chosen: int) -> Tabs | PictureGrid:
    """Return `row_maps` of the rows, or of the first ones if there are many, one chosen."""
    rows = arrays["h"].shape[1]
    if rows == 1:
        return row_maps(arrays, 0)
    listed = sorted({*range(min(rows, _ROWS)), chosen})
    legend = "Row of the batch" + (f": {len(listed)} of {rows}" if len(listed) < rows else "")
    options = [(f"row {row}", row_maps(arrays, row)) for row in listed]
    return Tabs("row", legend, options, listed.index(chosen))
