"""GoldenVectors: a set of vectors that prints, and saves itself in any format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gru_ref.atomic_write import write_all
from gru_ref.debugging.vectors.formats import contents
from gru_ref.debugging.vectors.golden import VectorSet
from gru_ref.presentation.report import Report
from gru_ref.presentation.tables import fact_table, headed_table, plain_text, stack

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


@dataclass(frozen=True, eq=False, repr=False)
class GoldenVectors(VectorSet, Report):
    """Golden vectors of one GRU; the parameters are those of `VectorSet`."""

    kind: ClassVar[str] = "vectors"

    def data(self) -> dict[str, Any]:
        """Return everything but the arrays."""
        return self.facts

    def save(
        self,
        path: str | Path,
        *,
        formats: Sequence[str] | None = None,
        prefix: str | None = None,
    ) -> None:
        """Write the vectors to files, all or none; a file that is there is replaced.

        Parameters
        ----------
        path : str or path
            A file, whose ending decides the format: .h, .json, .npz or .bin. Or a folder, which has
            to be there, for files of several formats.
        formats : sequence of "header", "json", "raw", "csv", "npz", optional
            Those to write into a folder; all by default.
        prefix : str, optional
            What names in C and names of files begin with; by default the layer's name.

        Raises
        ------
        ValueError
            A format is unknown or does not fit the path, or the prefix is no C identifier.
        OSError
            A file cannot be written.
        """
        write_all(contents(self, Path(path), formats, prefix))

    def __rich__(self) -> RenderableType:
        """Return what `gru-ref vectors` prints."""
        return stack([fact_table(self._facts()), plain_text(""), self._vector_table()])

    def _facts(self) -> Iterator[tuple[str, str]]:
        weights, functions = self.facts["weights"], self.facts["functions"]
        yield "GRU", self.layer.name
        yield "sizes", f"F={self.weights['kernel'].shape[0]}, U={self.layer.config.units}"
        yield "weights", weights["dtype"]
        for name, one in functions.items():
            yield name, f"{one['name']}: {one['equation']}" if one["equation"] else one["name"]
        if self.quantisation_error is not None:
            yield (
                "by quantising",
                f"a state is off by {self.quantisation_error.error:.2g} at most, proved bound "
                f"{self.quantisation_error.bound:.2g}",
            )
        count = len(self.reveals) + len(self.unrevealed)
        yield "reveal", f"{len(self.reveals)} of the {count} mistakes that can be made here"
        for one in self.unrevealed:
            yield "not revealed", f"{one.mistake}: {one.because}"
        for note in self.notes:
            yield "note", note

    def _vector_table(self) -> Table:
        table = headed_table()
        for heading in ("vector", "B", "T", "tolerance", "reveals"):
            table.add_column(heading, justify="left" if heading == "vector" else "right")
        for one in self.vectors:
            timesteps, batch, _ = one.trace.h.shape
            table.add_row(
                one.name, str(batch), str(timesteps), f"{one.tolerance:.1e}", str(len(one.reveals))
            )
        return table
