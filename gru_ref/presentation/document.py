"""What a page, or a cell of a notebook, shows of a result: a verdict, then sections of parts.

``templates/parts.html.jinja`` has a macro for each class of part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from gru_ref.presentation.heat_map import HeatMap
from gru_ref.presentation.line_plot import LinePlot

Tone = Literal["good", "bad", "plain"]


class FactList(NamedTuple):
    """Names and their values."""

    rows: Sequence[tuple[str, str]]


class Column(NamedTuple):
    """A column of a table; numbers are aligned on the right."""

    heading: str
    numeric: bool = False


class Row(NamedTuple):
    """A row of a table."""

    cells: Sequence[str]
    tone: Tone = "plain"


class PageTable(NamedTuple):
    """A table; rows after the first `shown` are folded away."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    shown: int | None = None


class Sentences(NamedTuple):
    """Sentences, as paragraphs or as the items of a list."""

    lines: Sequence[str]
    listed: bool = False


class Command(NamedTuple):
    """Text to type, or text that keeps its lines."""

    text: str


class PictureGrid(NamedTuple):
    """Pictures side by side where there is room for so many."""

    columns: int
    pictures: Sequence[HeatMap | LinePlot]


class Tabs(NamedTuple):
    """Parts of which the reader sees one; `name` tells the choices of a page apart."""

    name: str
    legend: str
    options: Sequence[tuple[str, Part]]
    chosen: int = 0


Part: TypeAlias = "FactList | PageTable | Sentences | Command | PictureGrid | Tabs | HeatMap"


class Section(NamedTuple):
    """Parts under a heading."""

    heading: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Document:
    """A result as a page or a notebook shows it.

    Parameters
    ----------
    kind : str
        What made it: "diff", or the command as typed, "gru-ref diff".
    verdict : str
        The result in one sentence.
    tone : Tone
    lead : sequence of Part
        What is said under the verdict.
    sections : sequence of Section
    subject : str
        What it is about, such as a file and a layer.
    """

    kind: str
    verdict: str
    tone: Tone = "plain"
    lead: Sequence[Part] = ()
    sections: Sequence[Section] = ()
    subject: str = ""

    def with_subject(self, kind: str, subject: str, sections: Iterable[Section]) -> Document:
        """Return the document of a command: about what, and with sections at its end."""
        sections = (*self.sections, *sections)
        return replace(self, kind=kind, subject=subject, sections=sections)
