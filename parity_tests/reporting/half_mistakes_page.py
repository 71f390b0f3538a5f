"""docs/mistakes-half.md: which mistake shows in which half type, from the records of a live run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity_tests.environment import ROOT
from parity_tests.matrix.bounds import MARGIN
from parity_tests.matrix.halves import DTYPES, SWEEPS
from parity_tests.reporting.mistakes_page import Cells, blank_of, tables

LANES = ("exact", "saturated", "half")
DOCUMENT = ROOT / "docs" / "mistakes-half.md"


def dtype_of(record: Mapping[str, Any]) -> str:
    """Return the dtype of a record of a half type: the second word of its id."""
    return str(record["id"].split("+")[1])


def markdown(records: list[dict[str, Any]]) -> str:
    """Return docs/mistakes-half.md."""
    cells = Cells(records, dtype_of)
    lines = [
        "# Which mistake shows in which half type",
        "",
        "Written by `make parity-full ARGS=--write-docs` from live Keras; do not edit. Each cell",
        "is the number of cases in which the mistake showed / the number in which it was made. In",
        f"the lane *half* a mistake shows if its error is at least {MARGIN:g} times the bound.",
        "Where there is a dash, BLANKS in `parity_tests/matrix/mistakes.py` says why.",
        "",
        "| lane | dtype | compared | bit-equal | worst error, eps | worst step-local |",
        "|---|---|---|---|---|---|",
    ]
    for lane in LANES:
        for dtype in DTYPES:
            mine = [r for r in records if r["lane"] == lane and dtype_of(r) == dtype]
            equal = sum(r["outcome"] == "equal" for r in mine)
            worst = max((r["error"] for r in mine), default=0.0)
            ratio = max((r["ratio"] for r in mine), default=0.0)
            step = f"{ratio:.2f} of the bound" if ratio else "–"
            lines.append(f"| {lane} | {dtype} | {len(mine)} | {equal} | {worst:g} | {step} |")

    def cell(mistake: str, lane: str, dtype: str) -> str:
        made, shown = cells[mistake, lane, dtype]
        return f"{shown}/{made}" if blank_of(mistake, lane, dtype) is None else "–"

    lines += tables(LANES, DTYPES, cell)
    return "\n".join(lines) + "\n"


def check(cases: Path, *, write: bool) -> list[str]:
    """Return what is wrong with the records of a run, a line of JSON each; or write the document.

    Nothing is, if every mistake showed and the document says so.
    """
    lines = cases.read_text("utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if record["sweep"] in SWEEPS]
    text, found = markdown(records), Cells(records, dtype_of).problems(LANES, DTYPES)
    if write and not found:
        DOCUMENT.write_text(text, encoding="utf-8")
    elif DOCUMENT.read_text(encoding="utf-8") != text:
        found.append(f"docs/{DOCUMENT.name} is stale: make parity-full ARGS=--write-docs")
    return found
