"""The tables of docs/lint.md, which tests compare with what they find."""

from __future__ import annotations

from pathlib import Path

from parity_tests.environment import ROOT

PAGE = ROOT / "docs" / "lint.md"


def read(heading: str, page: Path = PAGE) -> list[tuple[str, ...]]:
    """Return the rows of the table whose first column has this heading.

    Raises
    ------
    ValueError
        There is no such table, or it has no rows.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(f"| {heading} |")]
    if len(starts) != 1:
        raise ValueError(f"{page.name} has {len(starts)} tables of {heading!r}, expected 1")
    rows = []
    for line in lines[starts[0] + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    if not rows:
        raise ValueError(f"the table of {heading!r} has no rows, expected some")
    return rows
