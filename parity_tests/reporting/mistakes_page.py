"""The table mistake × lane × path: how many cases reveal each mistake, and why a cell is blank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from parity_tests.judging.mistakes import MISTAKES
from parity_tests.matrix.bounds import MARGIN
from parity_tests.matrix.mistakes import BLANKS, Blank

PATHS = ("keras2 fused", "keras2 loop", "keras2 unroll", "keras3 loop", "keras3 unroll")
LANES = ("exact", "saturated", "double", "single")


class CellCount(NamedTuple):
    """In how many cases a mistake could be made, and in how many it showed."""

    made: int
    shown: int


class Cells:
    """The counts of one run."""

    def __init__(self, cells: dict[tuple[str, str, str], CellCount], close: list[str]) -> None:
        self._cells = cells
        self._close = close

    @classmethod
    def of(cls, records: list[dict[str, Any]]) -> Cells:
        """Count the mistakes of the records of a run."""
        counts: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
        close = []
        for r in records:
            for name, error in r["mistakes"].items():
                shown = error > 0 if r["lane"] in ("exact", "saturated") else error >= MARGIN
                counts[name, r["lane"], f"{r['oracle']} {r['path']}"].append(shown)
                if not shown and error > 1:
                    # Seen by the bound, but so barely that a looser one would not see it.
                    close.append(f"{r['oracle']} {r['id']}: '{name}' is {error:.1f} bounds off")
        return cls({key: CellCount(len(shown), sum(shown)) for key, shown in counts.items()}, close)

    def __getitem__(self, key: tuple[str, str, str]) -> CellCount:
        return self._cells.get(key, CellCount(0, 0))

    def problems(self, oracles: set[str]) -> list[str]:
        """Return what is wrong: a survivor, a blank without a proof, a proof without a blank."""
        found = list(self._close)
        for mistake in MISTAKES:
            for lane in LANES:
                for path in PATHS:
                    if path.split()[0] not in oracles:
                        continue
                    cell = self[mistake.name, lane, path]
                    blank = blank_of(mistake.name, lane, path)
                    where = f"mistake '{mistake.name}', lane {lane}, path {path}"
                    if blank is None and not cell.made:
                        found.append(f"{where}: never made, and no row of BLANKS says why")
                    elif blank is None and not cell.shown:
                        found.append(f"{where}: survives {cell.made} cases")
                    elif blank is not None and (cell.shown if blank.made else cell.made):
                        found.append(
                            f"{where}: made {cell.made} times, shown {cell.shown}, though BLANKS "
                            f"says: {blank.why}"
                        )
        return found

    def unseen(self, oracles: set[str]) -> list[str]:
        """Return the mistakes that no case of an oracle shows, though they can be made there."""
        return [
            f"mistake '{mistake.name}' shows in no case of {oracle}"
            for mistake in MISTAKES
            for oracle in sorted(oracles)
            if not any(
                cell.shown
                for (name, _, path), cell in self._cells.items()
                if name == mistake.name and path.startswith(oracle)
            )
            and not all(
                blank_of(mistake.name, lane, path)
                for lane in LANES
                for path in PATHS
                if path.startswith(oracle)
            )
        ]

    def as_data(self) -> dict[str, dict[str, dict[str, list[int]]]]:
        """Return the table as plain data: mistake → lane → path → [shown, made]."""
        table: dict[str, dict[str, dict[str, list[int]]]] = {}
        for (mistake, lane, path), cell in sorted(self._cells.items()):
            table.setdefault(mistake, {}).setdefault(lane, {})[path] = [cell.shown, cell.made]
        return table


def blank_of(mistake: str, lane: str, path: str) -> Blank | None:
    """Return the proof that a mistake cannot be seen in a lane and path, or None."""
    for row in BLANKS:
        if (
            row.mistake in ("any", mistake)
            and row.lane in ("any", lane)
            and (row.path == "any" or path.endswith(row.path) or path.startswith(row.path))
        ):
            return row
    return None


def tables(
    lanes: Sequence[str], columns: Sequence[str], cell: Callable[[str, str, str], str]
) -> Iterator[str]:
    """Yield the lines of one table a lane: a row a mistake, in each cell what `cell` says."""
    for lane in lanes:
        yield from ("", f"## {lane}", "", f"| mistake | {' | '.join(columns)} |")
        yield "|---" * (len(columns) + 1) + "|"
        for mistake in MISTAKES:
            cells = [cell(mistake.name, lane, column) for column in columns]
            yield f"| {mistake.name} | {' | '.join(cells)} |"


def markdown(data: dict[str, dict[str, dict[str, list[int]]]]) -> str:
    """Return docs/mistakes.md: one table a lane, shown/made in every cell."""
    lines = [
        "# Which case reveals which mistake",
        "",
        "Written by `make parity ARGS=--write-docs` from live Keras; do not edit. Each cell is the",
        "number of cases in which the mistake showed / the number in which it was made. In the",
        "lanes *double* and *single* a mistake shows only if its error is at least ten times the",
        "lane's bound. The number after a dash refers to the proof, below, that the mistake cannot",
        "be seen there.",
    ]
    reasons: list[str] = []

    def cell(mistake: str, lane: str, path: str) -> str:
        shown, made = data.get(mistake, {}).get(lane, {}).get(path, [0, 0])
        blank = blank_of(mistake, lane, path)
        if blank is not None and blank.why not in reasons:
            reasons.append(blank.why)
        proof = f"– {reasons.index(blank.why) + 1}" if blank is not None else "?"
        return f"{shown}/{made}" if made and not (blank and blank.made) else proof

    lines += tables(LANES, PATHS, cell)
    lines += ["", "## Proofs", ""]
    lines += [f"{number}. {why}" for number, why in enumerate(reasons, 1)]
    return "\n".join(lines) + "\n"
