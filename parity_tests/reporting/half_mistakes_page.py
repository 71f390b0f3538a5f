"""docs/mistakes-half.md: which mistake shows in which half type, from the records of a live run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from parity_tests.environment import ROOT
from parity_tests.matrix.bounds import MARGIN
from parity_tests.matrix.halves import DTYPES, SWEEPS
from parity_tests.reporting.mistakes_page import blank_of, tables

LANES = ("exact", "saturated", "half")
DOCUMENT = ROOT / "docs" / "mistakes-half.md"

Counts = dict[tuple[str, str, str], list[bool]]


def dtype_of(record: Mapping[str, Any]) -> str:
    """Return the dtype of a record of a half type: the second word of its id."""
    return str(record["id"].split("+")[1])


def counted(records: Iterable[Mapping[str, Any]]) -> Counts:
    """Return for every mistake, lane and dtype whether it showed, case by case."""
    counts: Counts = defaultdict(list)
    for record in records:
        dtype = dtype_of(record)
        for name, error in record["mistakes"].items():
            shown = error >= MARGIN if record["lane"] == "half" else error > 0
            counts[name, record["lane"], dtype].append(shown)
    return counts


def survivors(counts: Counts) -> list[str]:
    """Return the mistakes that were made in a lane and dtype, and unexpectedly never showed."""
    return [
        f"mistake '{name}', lane {lane}, {dtype}: survives {len(shown)} cases"
        for (name, lane, dtype), shown in counts.items()
        if not any(shown) and blank_of(name, lane, dtype) is None
    ]


def markdown(records: list[dict[str, Any]]) -> str:
    """Return docs/mistakes-half.md."""
    counts = counted(records)
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
        shown = counts[mistake, lane, dtype]
        seen = any(shown) or (shown and blank_of(mistake, lane, dtype) is None)
        return f"{sum(shown)}/{len(shown)}" if seen else "–"

    lines += tables(LANES, DTYPES, cell)
    return "\n".join(lines) + "\n"


def check(cases: Path, *, write: bool) -> list[str]:
    """Return what is wrong with the records of a run, a line of JSON each; or write the document.

    Nothing is, if every mistake showed and the document says so.
    """
    lines = cases.read_text("utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if record["sweep"] in SWEEPS]
    text, found = markdown(records), survivors(counted(records))
    if write and not found:
        DOCUMENT.write_text(text, encoding="utf-8")
    elif DOCUMENT.read_text(encoding="utf-8") != text:
        found.append(f"docs/{DOCUMENT.name} is stale: make parity-full ARGS=--write-docs")
    return found
