"""Writes docs/performance.md: the template has the sentences, the results the numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from benchmarks.files import ROOT
from benchmarks.peers import ENGINES, OTHERS, PEERS
from benchmarks.problems import GROWTH, SHAPES, STREAMS, VARIED, Problem, variants

PAGE = ROOT / "docs" / "performance.md"
FOLDER = Path(__file__).parent
MISSING = "–"
# Name of a problem → name of a peer → what was measured of it.
Cells = Mapping[str, Mapping[str, Mapping[str, Any]]]


def significant(number: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, never as a power of ten."""
    if number == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    return f"{number:,.{decimals}f}"


def duration(seconds: float) -> str:
    """Return seconds in the unit that suits them."""
    for unit, scale in (("s", 1), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{significant(seconds / scale)} {unit}"
    return f"{significant(seconds / 1e-6)} µs"


def timing(cell: Mapping[str, Any] | None) -> str:
    """Return a median with its spread in per cent."""
    if not cell or "median" not in cell:
        return MISSING
    spread = f" ± {100 * cell['spread'] / cell['median']:.0f} %" if cell["values"] > 1 else ""
    return f"{duration(cell['median'])}{spread}".replace(" ", "\N{NO-BREAK SPACE}")


def ratio(cell: Mapping[str, Any] | None, engine: str) -> str:
    """Return how long an engine takes for what takes a peer 1, bold where that is below 1."""
    found = (cell or {}).get("ratios", {}).get(engine)
    if not found:
        return MISSING
    text = significant(found[0], 2 if found[0] < 100 else 3)
    return f"**{text}**" if found[0] < 1 else text


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column is text and whose others are numbers."""
    lines = [heading, ["---", *["--:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measured_peers(cells: Cells, problems: Sequence[Problem]) -> list[str]:
    """Return the peers that have a number for any of the problems, in the order of the table."""
    return [
        peer
        for peer in PEERS
        if any("median" in cells.get(one.name, {}).get(peer, {}) for one in problems)
    ]


def ratio_table(cells: Cells, problems: Sequence[Problem], engine: str, columns: Any = None) -> str:
    """Return an engine's time over that of each peer: a row a peer, a column a problem."""
    others = [peer for peer in measured_peers(cells, problems) if peer != engine]
    return table(
        [f"{PEERS[engine].title} /", *(columns or [one.shape for one in problems])],
        (
            [
                PEERS[peer].title,
                *(ratio(cells.get(one.name, {}).get(peer), engine) for one in problems),
            ]
            for peer in others
        ),
    )


def time_table(cells: Cells, problems: Sequence[Problem], columns: Any = None) -> str:
    """Return medians and spreads: a row a peer, a column a problem."""
    return table(
        ["", *(columns or [one.shape for one in problems])],
        (
            [PEERS[peer].title, *(timing(cells.get(one.name, {}).get(peer)) for one in problems)]
            for peer in measured_peers(cells, problems)
        ),
    )


def step_table(cells: Cells, problems: Sequence[Problem], first: str, values: Sequence[str]) -> str:
    """Return microseconds a timestep: a row a problem, a column a peer."""
    peers = measured_peers(cells, problems)

    def step(problem: Problem, peer: str) -> str:
        cell = cells.get(problem.name, {}).get(peer, {})
        if "median" not in cell:
            return MISSING
        return significant(cell["median"] / problem.timesteps / 1e-6)

    return table(
        [first, *(PEERS[peer].title for peer in peers)],
        (
            [value, *(step(problem, peer) for peer in peers)]
            for value, problem in zip(values, problems, strict=True)
        ),
    )


def memory_table(memory: Cells, problems: Sequence[Problem]) -> str:
    """Return megabytes beyond input and output: a row a problem, a column a peer."""
    names = {peer for one in problems for peer in memory.get(one.name, {})}
    peers = [peer for peer in PEERS if peer in names]

    def megabytes(cell: Mapping[str, Any]) -> str:
        return f"{cell['bytes'] / 1e6:,.1f}" if "bytes" in cell else MISSING

    return table(
        ["timesteps, returned", *(PEERS[peer].title for peer in peers)],
        (
            [
                f"{one.timesteps:,}, {one.label}",
                *(megabytes(memory.get(one.name, {}).get(peer, {})) for peer in peers),
            ]
            for one in problems
        ),
    )


def reason_table(cells: Cells) -> str:
    """Return what was not measured: a row for every reason."""
    where: dict[tuple[str, str], list[str]] = {}
    problems = {
        one.name: one for one in (*SHAPES, *STREAMS, *(v for s in VARIED for v in variants(s)))
    }
    for name, row in cells.items():
        for peer, cell in row.items():
            if "reason" in cell and name in problems:
                place = problems[name].label or problems[name].shape
                places = where.setdefault((peer, cell["reason"]), [])
                if place not in places:
                    places.append(place)
    rows = sorted(where.items(), key=lambda item: list(PEERS).index(item[0][0]))
    return table(
        ["peer", "not measured", "because"],
        ([PEERS[peer].title, ", ".join(places), reason] for (peer, reason), places in rows),
    ).replace("--:", "---")


def command_table(start: Mapping[str, Any], names: Mapping[str, str], over: str | None) -> str:
    """Return the times of commands, and how much longer than another each takes."""
    base = start[over]["median"] if over in start else None
    rows = []
    for name, title in names.items():
        if name in start:
            row = [title, timing(start[name])]
            if base is not None:
                row.append(significant(start[name]["median"] / base, 2))
            rows.append(row)
    return table(["", "time", *([f"/ {names[over]}"] if base is not None and over else [])], rows)


def render(data: Mapping[str, Any]) -> str:
    """Return the page."""
    engines = [e.name for e in ENGINES if e.name in measured_peers(data["one"], SHAPES)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("performance.md.jinja").render(
        data=data,
        engines=engines,
        fastest=engines[0],
        titles={peer.name: peer.title for peer in (*ENGINES, *OTHERS)},
        SHAPES=SHAPES,
        STREAMS=STREAMS,
        VARIED=VARIED,
        GROWTH=GROWTH,
        variants=variants,
        ratio_table=ratio_table,
        time_table=time_table,
        step_table=step_table,
        memory_table=memory_table,
        reason_table=reason_table,
        command_table=command_table,
        significant=significant,
        duration=duration,
        table=table,
    )
