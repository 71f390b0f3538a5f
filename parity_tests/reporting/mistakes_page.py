"""The table mistake × lane × path: how many cases reveal each mistake, and why a cell is blank."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
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


def is_shown(lane: str, error: float) -> bool:
    """Return whether a mistake shows in a case; the error is in bounds where the lane has one."""
    return error > 0 if lane in ("exact", "saturated") else error >= MARGIN


class Cells:
    """In how many cases of a run each mistake was made and showed, by lane and by column.

    Parameters
    ----------
    records : iterable of mappings
        The records of the cases.
    column : callable
        Record → the column of the page that it is counted in.
    """

    def __init__(
        self, records: Iterable[Mapping[str, Any]], column: Callable[[Mapping[str, Any]], str]
    ) -> None:
        self._cells: dict[tuple[str, str, str], CellCount] = {}
        for record in records:
            lane = record["lane"]
            for name, error in record["mistakes"].items():
                key = (name, lane, column(record))
                made, shown = self[key]
                self._cells[key] = CellCount(made + 1, shown + is_shown(lane, error))

    def __getitem__(self, key: tuple[str, str, str]) -> CellCount:
        return self._cells.get(key, CellCount(0, 0))

    def problems(self, lanes: Sequence[str], columns: Sequence[str]) -> list[str]:
        """Return what is wrong: a survivor, a blank without a proof, a proof without a blank."""
        found = []
        for mistake, lane, column in itertools.product(MISTAKES, lanes, columns):
            cell = self[mistake.name, lane, column]
            blank = blank_of(mistake.name, lane, column)
            where = f"mistake '{mistake.name}', lane {lane}, {column}"
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

    def unseen(self, oracles: Iterable[str]) -> list[str]:
        """Return the mistakes that no case of an oracle shows, though they can be made there."""
        found = []
        for mistake, oracle in itertools.product(MISTAKES, sorted(oracles)):
            paths = [path for path in PATHS if path.startswith(oracle)]
            keys = [(mistake.name, *place) for place in itertools.product(LANES, paths)]
            if not any(self[key].shown for key in keys) and not all(blank_of(*k) for k in keys):
                found.append(f"mistake '{mistake.name}' shows in no case of {oracle}")
        return found

    def as_data(self) -> dict[str, dict[str, dict[str, list[int]]]]:
        """Return the table as plain data: mistake → lane → path → [shown, made]."""
        table: dict[str, dict[str, dict[str, list[int]]]] = {}
        for (mistake, lane, path), cell in sorted(self._cells.items()):
            table.setdefault(mistake, {}).setdefault(lane, {})[path] = [cell.shown, cell.made]
        return table


def path_of(record: Mapping[str, Any]) -> str:
    """Return the column of a record of the matrix: its Keras and the path that it took."""
    return f"{record['oracle']} {record['path']}"


def problems(records: Sequence[Mapping[str, Any]], oracles: Container[str]) -> list[str]:
    """Return what is wrong with the mistakes of the whole matrix.

    A mistake that a bound sees so barely that a looser one would not is wrong too.
    """
    close = [
        f"{r['oracle']} {r['id']}: '{name}' is {error:.1f} bounds off"
        for r in records
        for name, error in r["mistakes"].items()
        if error > 1 and not is_shown(r["lane"], error)
    ]
    paths = [path for path in PATHS if path.split()[0] in oracles]
    return close + Cells(records, path_of).problems(LANES, paths)


def blank_of(mistake: str, lane: str, column: str) -> Blank | None:
    """Return the proof that a mistake cannot be seen in a lane and path or dtype, or None."""
    for row in BLANKS:
        if (
            row.mistake in ("any", mistake)
            and row.lane in ("any", lane)
            and row.path in ("any", column, *column.split())
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
