"""What the commands that print tables share."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gru_ref.cli.text import one_line


def console() -> Console:
    """Return a console without automatic highlighting."""
    return Console(highlight=False)


def plain_text(value: object, style: str = "") -> Text:
    """Return what rich prints as it is: no markup, no control characters."""
    return Text(one_line(str(value)), style, overflow="fold")


def headed_table() -> Table:
    """Return an empty table with a line under its headings."""
    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)


def fact_table(rows: Iterable[tuple[str, str]]) -> Table:
    """Return a table of names and values, without headings."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, plain_text(value))
    return grid


def indent(content: Table | Text, columns: int = 2) -> Padding:
    """Return a table or text moved to the right."""
    return Padding(content, (0, 0, 0, columns), expand=False)
