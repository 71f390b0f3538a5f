"""Tables and text for a terminal, as rich draws them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gru_ref.presentation.text import one_line

if TYPE_CHECKING:
    from rich.console import Console, Group, RenderableType
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text


def console() -> Console:
    """Return a console without automatic highlighting."""
    from rich.console import Console

    return Console(highlight=False)


def plain_text(value: object, style: str = "") -> Text:
    """Return what rich prints as it is: no markup, no control characters."""
    from rich.text import Text

    return Text(one_line(str(value)), style, overflow="fold")


def headed_table() -> Table:
    """Return an empty table with a line under its headings."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)


def fact_table(rows: Iterable[tuple[str, str]]) -> Table:
    """Return a table of names and values, without headings."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, plain_text(value))
    return grid


def indent(content: RenderableType, columns: int = 2) -> Padding:
    """Return a table or text moved to the right."""
    from rich.padding import Padding

    return Padding(content, (0, 0, 0, columns), expand=False)


def stack(parts: Iterable[RenderableType]) -> Group:
    """Return several parts, one below the other."""
    from rich.console import Group

    return Group(*parts)
