"""Trace: every gate of every timestep, to inspect, save and compare."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gru_ref.atomic_write import write_all
from gru_ref.core.loop import Moment
from gru_ref.keras.layers.trace_pictures import all_maps, row_maps
from gru_ref.presentation.array_facts import array_facts, array_page_table, array_table
from gru_ref.presentation.document import Document, Section
from gru_ref.presentation.report import Report
from gru_ref.presentation.tables import plain_text, stack

if TYPE_CHECKING:
    from rich.console import RenderableType

Array = NDArray[Any]

CSV_COLUMNS = ("position", "timestep", "batch", "name", "index", "value")
_LINES = 20_000  # of CSV that are put together at once
# What NumPy prints as numbers, each of them exactly, where it does not print the dtype so.
_PRINTED = {"bool": "uint8", "bfloat16": "float32"}


@dataclass(frozen=True, eq=False, repr=False)
class Trace(Report):
    """The results of every timestep of one call, timesteps first, in processing order.

    Printed, it shows the shape and range of each array; `arrays`, `save` and `to_csv` have the
    numbers.

    Equation
    --------
    With the letters of `gru_ref.core.step.gru_step`::

        input_z          x W_z + b_z         recurrent_z          h R_z + c_z
        input_r          x W_r + b_r         recurrent_r          h R_r + c_r
        input_candidate  x W_h + b_h         recurrent_candidate  h R_h + c_h, or (r ∘ h) R_h

    Parameters
    ----------
    timestep : (timesteps,), int
        The index of each in the input, descending for go_backwards.
    x : (timesteps, batch, features)
        The inputs, before dropout.
    mask : (timesteps, batch, units), bool
        True where the timestep is used. Elsewhere the gates and candidates have no effect.
    input_z, input_r, input_candidate : (timesteps, batch, units)
        The projections of x.
    recurrent_z, recurrent_r, recurrent_candidate : (timesteps, batch, units)
        The projections of the state.
    z, r, candidate : (timesteps, batch, units)
    h : (timesteps, batch, units)
        The state after each timestep.
    output : (timesteps, batch, units)
        The output of each: h, or at a masked timestep the previous output, or zero.
    initial_state : (batch, units)

    Examples
    --------
    >>> from gru_ref import GRU
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> trace = layer.trace(np.ones((1, 2, 1), "float32"), mask=np.array([[True, False]]))
    >>> trace.mask[:, 0, 0], bool((trace.h[0] == trace.h[1]).all())
    (array([ True, False]), True)
    """

    kind: ClassVar[str] = "trace"

    timestep: Array
    x: Array
    mask: Array
    input_z: Array
    input_r: Array
    input_candidate: Array
    recurrent_z: Array
    recurrent_r: Array
    recurrent_candidate: Array
    z: Array
    r: Array
    candidate: Array
    h: Array
    output: Array
    initial_state: Array

    def arrays(self) -> dict[str, Any]:
        """Return the arrays by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def data(self) -> dict[str, Any]:
        """Return the sizes, and the range of each array."""
        timesteps, batch, units = self.h.shape
        return {
            "timesteps": timesteps,
            "batch": batch,
            "features": self.x.shape[-1],
            "units": units,
            "dtype": self.h.dtype.name,
            "arrays": {name: array_facts(array) for name, array in self.arrays().items()},
        }

    @property
    def sizes(self) -> str:
        """The sizes in words."""
        timesteps, batch, units = self.h.shape
        return f"{timesteps} timesteps, batch {batch}, {units} units"

    def __rich__(self) -> RenderableType:
        arrays = {name: array_facts(array) for name, array in self.arrays().items()}
        return stack([plain_text(f"{self.sizes}, {self.h.dtype}"), array_table(arrays)])

    def document(self, row: int = 0, *, brief: bool = True) -> Document:
        """Return the gates over time as a page shows them.

        Parameters
        ----------
        row : int
            The row of the batch that is shown first.
        brief : bool
            Whether no other row is shown, for a notebook.
        """
        arrays = self.arrays()
        maps = row_maps(arrays, row) if brief else all_maps(arrays, row)
        heading = f"Gates and state of row {row}" if brief else "Gates and state"
        facts = array_page_table({name: array_facts(array) for name, array in arrays.items()})
        return Document(
            self.kind,
            f"{self.sizes}, {self.h.dtype}",
            sections=(Section(heading, (maps,)), Section("Range of each array", (facts,))),
        )

    def npz(self) -> bytes:
        """Return the bytes of the `.npz` that `save` writes."""
        buffer = io.BytesIO()
        np.savez(buffer, **self.arrays())
        return buffer.getvalue()

    def csv(self) -> bytes:
        """Return the bytes of the `.csv` that `to_csv` writes."""
        return "".join(self._csv()).encode()

    def save(self, path: str | Path) -> None:
        """Write the arrays to a `.npz`, which ``numpy.load`` reads.

        Raises
        ------
        ValueError
            The name does not end in .npz.
        OSError
            It cannot be written; an existing file is not changed.
        """
        write_all({_with_ending(path, ".npz"): self.npz()})

    def to_csv(self, path: str | Path) -> None:
        """Write the numbers to a `.csv`: position, timestep, batch, name, index, value per line.

        index is the feature for x, and the unit for any other array; position counts in processing
        order. A value reads back to the same number of its dtype; values of the mask are 1 or 0.

        Raises
        ------
        ValueError
            The name does not end in .csv.
        OSError
            It cannot be written; an existing file is not changed.
        """
        write_all({_with_ending(path, ".csv"): self.csv()})

    def _csv(self) -> Iterator[str]:
        """Yield the lines of the CSV, many at once."""
        yield ",".join(CSV_COLUMNS) + "\r\n"
        for name, array in self.arrays().items():
            if array.ndim != 3:
                continue
            numbers = array.astype(_PRINTED.get(array.dtype.name, array.dtype))
            places = np.ndindex(*array.shape)
            texts = numbers.ravel().astype(str)
            for first in range(0, texts.size, _LINES):
                yield "".join(
                    f"{t},{self.timestep[t]},{row},{name},{index},{text}\r\n"
                    for text, (t, row, index) in zip(
                        texts[first : first + _LINES], places, strict=False
                    )
                )


def stack_record(record: Sequence[Moment]) -> Trace:
    """Return the trace of a GRU from the record of the loop.

    Parameters
    ----------
    record : sequence of Moment
        As `gru_ref.core.loop.run_cells` fills it.
    """
    steps = [moment.steps[0] for moment in record]
    h = np.stack([moment.states[0] for moment in record])
    used = [True if moment.used is None else moment.used for moment in record]
    mask = np.stack([np.broadcast_to(now, h.shape[1:]) for now in used])

    def stack(name: str, gate: int | None = None) -> Array:
        values = [getattr(step, name) for step in steps]
        return np.stack(values if gate is None else [value[gate] for value in values])

    return Trace(
        timestep=np.array([moment.t for moment in record]),
        x=np.stack([moment.x for moment in record]),
        mask=mask,
        input_z=stack("input_projections", 0),
        input_r=stack("input_projections", 1),
        input_candidate=stack("input_projections", 2),
        recurrent_z=stack("recurrent_projections", 0),
        recurrent_r=stack("recurrent_projections", 1),
        recurrent_candidate=stack("recurrent_projections", 2),
        z=stack("z"),
        r=stack("r"),
        candidate=stack("candidate"),
        h=h,
        output=np.stack([moment.output for moment in record]),
        initial_state=np.array(record[0].before[0]),
    )


def _with_ending(path: str | Path, ending: str) -> Path:
    if not str(path).endswith(ending):
        raise ValueError(f"path is {str(path)!r}, expected a name in {ending}")
    return Path(path)
