"""docs/drift.md: the cells of every recorded release, a row a behaviour and a column a release."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Any

from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.ledger.row import rows_of
from parity_tests.environment import ROOT
from parity_tests.oracles import behaviours
from parity_tests.runner.drift import recorded
from parity_tests.runner.drift.recorded import ReleaseRecord
from parity_tests.runner.drift.releases import BY_NAME

PATH = ROOT / "docs" / "drift.md"

_HEAD = """# What changed between releases of Keras

Written by `make drift ARGS=--write`, which measures every cell in the release itself: each row of
the ledger has a minimal case, and the cell is the result of that case. `make test` compares the
cells with the ledger. A dash means that the case does not apply; the reasons are below each table.
A section is a topic of the ledger. The columns are minor releases of TensorFlow with the Keras that
it contains (2.21: with tf_keras), and minor releases of Keras 3 on TensorFlow 2.21.
"""
_MATRIX = (
    "release", "Keras", "Python", "exact, equal", "saturated, equal", "double", "single", "raise",
    "refused",
)  # fmt: skip
_LONG = 20  # what is longer than this is written below its table


def write() -> None:
    """Write docs/drift.md."""
    PATH.write_text(text(recorded.load()), encoding="utf-8")


def text(releases: Mapping[str, ReleaseRecord]) -> str:
    """Return the page."""
    parts = [_HEAD, _matrix(releases)]
    functions = behaviours.functions()
    for topic in Behaviour.__bases__:
        title = (inspect.getdoc(topic) or "").splitlines()[0].rstrip(".")
        path = f"{topic.__module__.replace('.', '/')}.py"
        rows = [(row.name, functions[row.name]) for row in rows_of(topic)]
        parts.append(f"## {title}\n\nIn `{path}`.\n\n{_section(rows, releases)}")
    return "\n".join(parts)


def _matrix(releases: Mapping[str, ReleaseRecord]) -> str:
    """Return the table of what comparing gru_ref with each release came to."""
    lines = [
        "## gru_ref against each release\n",
        "The sweeps of `make parity`: the number of bit-equal cases in the lanes exact and",
        "saturated, the worst error in eps in the others. A case counts as refused if neither side",
        "has its activation.\n",
        _line(_MATRIX),
        _line(["---"] * len(_MATRIX)),
    ]
    for name, held in releases.items():
        lanes, outcomes = held.matrix["lanes"], held.matrix["outcomes"]
        exact = [f"{lanes[x]['equal']} of {lanes[x]['compared']}" for x in ("exact", "saturated")]
        worst = [
            f"{lanes[x]['compared']} within {lanes[x]['worst_eps']:.3g}"
            for x in ("double", "single")
        ]
        counts = [outcomes.get("raised", 0), outcomes.get("refused by both", 0)]
        origin = held.provenance
        cells = [name, origin["keras"], origin["python"], *exact, *worst, *counts]
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _section(rows: Iterable[tuple[str, Any]], releases: Mapping[str, ReleaseRecord]) -> str:
    """Return the table of some rows, and what stands below it."""
    heads = ["behaviour", *(_heading(name) for name in releases)]
    lines, cases, reasons = [_line(heads), _line(["---"] * len(heads))], [], []
    spelled: dict[str, int] = {}
    for name, function in rows:
        cells = [held.cells.get(name, {"failed": ""}) for held in releases.values()]
        lines.append(_line([f"`{name}`", *(_cell_text(cell, spelled) for cell in cells)]))
        cases.append(f"- `{name}`: {_case(function)}")
        absent = {cell["not_applicable"] for cell in cells if "not_applicable" in cell}
        if absent:
            reasons.append(f"- `{name}`: {'; '.join(sorted(absent))}")
    parts = ["\n".join(lines), "How each is measured:\n\n" + "\n".join(cases)]
    if spelled:
        listed = (f"- [{number}]: `{value}`" for value, number in spelled.items())
        parts.append("Longer values:\n\n" + "\n".join(listed))
    if reasons:
        parts.append("Reasons for the dashes:\n\n" + "\n".join(reasons))
    return "\n\n".join(parts) + "\n"


def _heading(release: str) -> str:
    """Return the minor, with the generation's name before the first of it."""
    return f"{'' if BY_NAME[release].generation == 3 else 'TF '}{release.split('-')[1]}"


def _case(function: Any) -> str:
    """Return the minimal case in one line of Markdown."""
    summary = (inspect.getdoc(function) or "").splitlines()[0]
    return summary.replace("|", "\\|").replace("__", "\\_\\_")


def _cell_text(cell: Mapping[str, Any], spelled: dict[str, int]) -> str:
    """Return a cell; a long value as the number under which `spelled` has it."""
    if "not_applicable" in cell:
        return "–"
    if "value" not in cell:
        return "?"
    value = cell["value"]
    if isinstance(value, bool):
        return "yes" if value else "no"
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(written) <= _LONG:
        return written.replace("|", "\\|")
    return f"[{spelled.setdefault(written, len(spelled) + 1)}]"


def _line(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
