"""Writes docs/performance.md: the template has the sentences, the results the numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from benchmarks.agreement import TOLERANCE
from benchmarks.files import ROOT
from benchmarks.peers import ENGINES, PEERS
from benchmarks.problems import GROWTH, MODEL, SHAPES, STREAMS, VARIED, Problem, variants

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


def step_table(cells: Cells, problems: Sequence[Problem], first: str, size: str) -> str:
    """Return microseconds a timestep: a row a problem, named by one of its sizes."""
    peers = measured_peers(cells, problems)

    def step(problem: Problem, peer: str) -> str:
        cell = cells.get(problem.name, {}).get(peer, {})
        if "median" not in cell:
            return MISSING
        return significant(cell["median"] / problem.timesteps / 1e-6)

    return table(
        [first, *(PEERS[peer].title for peer in peers)],
        ([f"{getattr(one, size):,}", *(step(one, peer) for peer in peers)] for one in problems),
    )


def limit_table(cells: Cells, problems: Sequence[Problem], engines: Sequence[str]) -> str:
    """Return times over that of the faster form of the products: a row a problem."""
    shown = [peer for peer in (*engines, "onnxruntime") if peer in measured_peers(cells, problems)]
    rows = []
    for problem in problems:
        row = cells.get(problem.name, {})
        forms = [row[peer] for peer in ("products", "products-columns") if peer in row]
        if forms:
            base = min(forms, key=lambda cell: cell["median"])
            times = [row.get(peer, {}).get("median") for peer in shown]
            over = [significant(t / base["median"], 2) if t else MISSING for t in times]
            rows.append([problem.shape, timing(base), *over])
    return table(["", "products", *(f"{PEERS[peer].title} /" for peer in shown)], rows)


def slower_table(parts: Iterable[Mapping[str, Any]], engine: str) -> str:
    """Return where a peer that runs a whole GRU took less time than an engine."""
    rows = [
        [name, PEERS[peer].title, significant(cell["ratios"][engine][0])]
        for part in parts
        for name, row in part["cells"].items()
        for peer, cell in row.items()
        if PEERS[peer].checked and cell.get("ratios", {}).get(engine, [0])[0] > 1
    ]
    if not rows:
        return "Nowhere."
    return table(["problem", "peer", "ratio"], rows).replace("--: | --:", "--- | --:")


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


def reason_table(parts: Iterable[Mapping[str, Any]]) -> str:
    """Return what was not measured: a row for every reason."""
    where: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        for name, row in part["cells"].items():
            for peer, cell in row.items():
                if "reason" in cell:
                    places = where.setdefault((peer, cell["reason"]), [])
                    place = name.partition(" ")[2] or name  # a variant's label says enough
                    if place not in places:
                        places.append(place)
    rows = sorted(where.items(), key=lambda item: list(PEERS).index(item[0][0]))
    return table(
        ["peer", "not measured", "because"],
        ([PEERS[peer].title, ", ".join(places), reason] for (peer, reason), places in rows),
    ).replace("--:", "---")


def command_table(
    start: Mapping[str, Any], names: Mapping[str, str], over: str = "", sign: str = "/"
) -> str:
    """Return the times of commands, and how much longer ("−" or "/") than another each takes."""
    base = start[over]["median"] if over in start else None
    rows = []
    for name, title in names.items():
        if name in start:
            row, seconds = [title, timing(start[name])], start[name]["median"]
            if base is not None:
                more = significant(seconds / base, 2)
                row.append(more if sign == "/" else f"{1e3 * (seconds - base):+,.0f} ms")
            rows.append(row)
    return table(["", "time", *([f"{sign} {names[over]}"] if base is not None else [])], rows)


def render(data: Mapping[str, Any], shapes: Sequence[Problem] = SHAPES) -> str:
    """Return the page of what was measured; a part that was not has no section."""
    compared = [data[part] for part in ("shapes", "calls") if part in data]
    timed = compared[0]["cells"] if compared else {}
    names = {peer for row in timed.values() for peer, cell in row.items() if "median" in cell}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("performance.md.jinja").render(
        data=data,
        compared=compared,
        minutes=sum(part.get("minutes", 0) for part in data.values()),
        apart={dtype: max(part["apart"][dtype] for part in compared) for dtype in TOLERANCE}
        if compared
        else {},
        engines=[engine.name for engine in ENGINES if engine.name in names],
        titles={peer.name: peer.title for peer in PEERS.values()},
        shapes=shapes,
        streams=[one for one in STREAMS if one.name in timed],
        GROWTH=GROWTH,
        MODEL=MODEL,
        TOLERANCE=TOLERANCE,
        VARIED=VARIED,
        variants=variants,
        ratio_table=ratio_table,
        limit_table=limit_table,
        time_table=time_table,
        step_table=step_table,
        memory_table=memory_table,
        slower_table=slower_table,
        reason_table=reason_table,
        command_table=command_table,
        significant=significant,
    )
