"""`gru-ref lint-vectors` as tables of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gru_ref.cli.text import one_line
from gru_ref.debugging.lint import Finding, Lint

_NAME_WIDTH = 38


def show(found: Lint, written: Path | None) -> None:
    """Print what a test sees, what it does not see and why, and what a better one sees.

    Parameters
    ----------
    found : Lint
    written : Path or None
        Where the better test was written to.
    """
    console = Console(highlight=False)
    unseen = set(found.unseen)
    never = [one for one in found.findings if not one.seen and one not in unseen]
    _print(console, "seen", "off by", ((f, _size(f.error)) for f in found.findings if f.seen))
    _print(console, "not seen", "because", ((one, _why(one)) for one in found.unseen))
    for proved, heading in (
        (False, "not seen, nor by what was drawn"),
        (True, "seen by no test of these sizes"),
    ):
        those = (one for one in never if one.reason is not None and one.reason.proved == proved)
        _print(console, heading, "because", ((one, _why(one)) for one in those))
    seen = sum(one.seen for one in found.findings)
    console.print(
        Text(f"\nThe test sees {seen} of the {len(found.findings)} mistakes that can be made here.")
    )
    if found.unseen:
        names = " and one with ".join(test.name for test in found.better.chosen)
        where = "--write-better FILE.npz writes it" if written is None else one_line(str(written))
        console.print(
            Text(f"One of the same sizes with {names} sees {len(found.better.seen)}: {where}.")
        )


def _print(console: Console, heading: str, other: str, rows: Iterable[tuple[Finding, str]]) -> None:
    """Print a table of mistakes, if there are any."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(heading, width=_NAME_WIDTH)
    table.add_column(other)
    for finding, text in rows:
        table.add_row(Text(finding.mistake), Text(text))
    if table.row_count:
        console.print(table)
        console.print()


def _size(error: float) -> str:
    return "arrays do not fit" if error == float("inf") else f"{error:.2g}"


def _why(finding: Finding) -> str:
    """Return what hides a mistake: all of it together, "and" what has to change at once."""
    assert finding.reason is not None  # it is not seen
    why = "; ".join(" and ".join(cause) for cause in finding.reason.causes)
    return f"{why} (off by {_size(finding.error)})" if finding.error else why
