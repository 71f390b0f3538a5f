"""The gates over time as heat maps: one image with z, r, candidate and h below each other.

It needs matplotlib, the extra ``plot``.
"""

from __future__ import annotations

import importlib
import io
from typing import Any, NamedTuple

import numpy as np

from gru_ref.keras.layers.trace import Trace

ENDINGS = (".png", ".svg", ".pdf")


class _Panel(NamedTuple):
    """One heat map: an array of a trace, and how it is shown.

    Parameters
    ----------
    name : str
    label : str
    colours : str
        A colour map of matplotlib.
    is_gate : bool
        It is shown from 0 to 1 at least; otherwise symmetrically around 0.
    """

    name: str
    label: str
    colours: str
    is_gate: bool


_PANELS = (
    _Panel("z", "update gate z: share of the old state kept", "viridis", is_gate=True),
    _Panel("r", "reset gate r", "viridis", is_gate=True),
    _Panel("candidate", "candidate", "RdBu_r", is_gate=False),
    _Panel("h", "state h", "RdBu_r", is_gate=False),
)
_MASKED = "0.6"  # a grey


def gates_picture(trace: Trace, *, batch: int = 0, title: str = "", ending: str = ".png") -> bytes:
    """Return the bytes of an image of the gates over time, for one row of the batch.

    Time runs to the right, in processing order; every row of a panel is a unit. Masked timesteps
    are grey except in h: their gates have no effect. z and r are shown from 0 to 1, the others
    symmetrically around 0; values outside [0, 1] widen the scale.

    Parameters
    ----------
    trace : Trace
    batch : int
        The row of the batch.
    title : str
    ending : str
        One of `ENDINGS`, which determines the format.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        There is no such row, or no such format.
    """
    rows = trace.h.shape[1]
    if not 0 <= batch < rows:
        raise ValueError(f"batch is {batch}, expected one of {rows} rows, counted from 0")
    if ending not in ENDINGS:
        raise ValueError(f"ending is {ending!r}, expected one of {', '.join(ENDINGS)}")
    try:
        make_figure: Any = importlib.import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise ImportError(
            "matplotlib is not installed, expected it for a picture: pip install 'gru-ref[plot]'"
        ) from error
    timesteps, _, units = trace.h.shape
    size = min(max(6.0, 0.12 * timesteps + 2), 20), 4 * min(max(1.6, 0.06 * units + 0.8), 5)
    figure = make_figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(_PANELS), 1, sharex=True)
    for axes, panel in zip(panels, _PANELS, strict=True):
        image = _image(axes, trace, panel, batch)
        axes.set_title(panel.label, loc="left", fontsize=9)
        axes.set_ylabel("unit", fontsize=8)
        axes.tick_params(labelsize=7)
        figure.colorbar(image, ax=axes, pad=0.01).ax.tick_params(labelsize=7)
    _time_axis(panels[-1], trace)
    if title:
        figure.suptitle(title, fontsize=10, parse_math=False)  # a name may hold two $
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending[1:], dpi=120)
    return buffer.getvalue()


def _image(axes: Any, trace: Trace, panel: _Panel, batch: int) -> Any:
    values = getattr(trace, panel.name)[:, batch].astype(np.float64).T  # (U, T)
    used = trace.mask[:, batch].T | (panel.name == "h")  # a state is kept where nothing is computed
    shown = np.ma.masked_where(~used | ~np.isfinite(values), values)
    known = shown.compressed()
    if panel.is_gate:
        low, high = known.min(initial=0.0), known.max(initial=1.0)
    else:
        high = np.abs(known).max(initial=1e-30) if known.size else 1.0
        low = -high
    axes.set_facecolor(_MASKED)
    image = axes.imshow(
        shown, aspect="auto", cmap=panel.colours, vmin=low, vmax=high, interpolation="nearest"
    )
    axes.yaxis.get_major_locator().set_params(integer=True)
    return image


def _time_axis(axes: Any, trace: Trace) -> None:
    """Label the positions with their places in the input."""
    count = len(trace.timestep)
    places = np.unique(np.linspace(0, count - 1, min(count, 12)).round().astype(int))
    axes.set_xticks(places, [str(trace.timestep[place]) for place in places])
    masked = "" if trace.mask.all() else "; masked ones are grey"
    axes.set_xlabel(f"timestep of the input, in processing order{masked}", fontsize=8)
