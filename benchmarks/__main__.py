"""The command of `make bench`."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

import click
import numpy as np

from benchmarks import agreement, commands, page, plot
from benchmarks.files import BUILD, RESULTS
from benchmarks.peers import ENGINES, OTHERS
from benchmarks.problems import GROWTH, SHAPES, STREAMS, VARIANTS, Problem
from benchmarks.rounds import Measured, measure
from benchmarks.workers import cpus
from gru_ref.presentation.tables import console, headed_table

PARTS = ("shapes", "calls", "threads", "growth", "memory", "start", "commands")
GROWING = ("numba", "numpy", "core", "onnxruntime", "torch", "products")


class ShapeType(click.ParamType):
    """Four sizes."""

    name = "shape"

    def convert(self, value: Any, param: Any, ctx: Any) -> Problem:
        """Return the problem of four sizes."""
        try:
            batch, timesteps, features, units = (int(size) for size in value.split(","))
            if min(batch, timesteps, features, units) < 1:
                raise ValueError
        except ValueError:
            self.fail(f"{value!r} is no shape, expected four positive sizes, such as 1,100,1,32")
        return Problem(batch, timesteps, features, units)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.option(
    "--shape",
    "shapes",
    type=ShapeType(),
    multiple=True,
    metavar="B,T,F,U",
    help="Measure this shape: batch, timesteps, features, units; may be repeated (default: the "
    "shapes of benchmarks/problems.py). Any sizes will do.",
)
@click.option(
    "--peer",
    "others",
    type=click.Choice([peer.name for peer in OTHERS]),
    multiple=True,
    metavar="PEER",
    help="Measure gru_ref's engines and this peer; may be repeated (default: all peers). One of "
    + ", ".join(peer.name for peer in OTHERS)
    + ".",
)
@click.option(
    "--part",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    metavar="PART",
    help="Measure this part; may be repeated (default: all; with --shape, shapes). One of "
    + ", ".join(PARTS)
    + ".",
)
@click.option("--quick", is_flag=True, help="Measure one round of everything: a rough answer.")
@click.option(
    "--sessions",
    type=click.IntRange(1),
    metavar="N",
    default=2,
    show_default=True,
    help="How often the processes of all peers are started anew.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    metavar="N",
    default=4,
    show_default=True,
    help="How often everything is measured in a session.",
)
@click.option(
    "--render",
    is_flag=True,
    help="Measure nothing; write the page and the plot from benchmarks/results.json.",
)
def main(
    shapes: tuple[Problem, ...],
    others: tuple[str, ...],
    parts: tuple[str, ...],
    quick: bool,
    sessions: int,
    rounds: int,
    render: bool,
) -> None:
    """Measure gru_ref beside others that run a Keras GRU on a CPU.

    A whole run takes about a quarter of an hour on two idle cores. It writes docs/performance.md
    with its plot, and benchmarks/results.json. With any option but --sessions and --rounds, the
    tables are printed and nothing in the repository is changed.
    """
    if render:
        write_docs()
        return
    if quick:
        sessions = rounds = 1
    whole = not (shapes or others or parts or quick)
    parts = parts or (("shapes",) if shapes else PARTS)
    peers = [peer.name for peer in ENGINES] + list(others or (peer.name for peer in OTHERS))
    show = _progress()
    begun, load = time.monotonic(), os.getloadavg()[0]
    shutil.rmtree(BUILD / "models", ignore_errors=True)
    data = run(
        shapes or SHAPES, STREAMS if not shapes else (), peers, parts, sessions, rounds, show
    )
    data |= {
        "date": datetime.date.today().isoformat(),
        "minutes": round((time.monotonic() - begun) / 60, 1),
        "machine": machine() | {"load": round(load, 1), "load_after": round(os.getloadavg()[0], 1)},
        "sessions": sessions,
        "rounds": rounds,
    }
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    if whole:
        RESULTS.write_text(compact(data), encoding="utf-8")
        write_docs()
        click.echo(f"docs/performance.md is written; it took {data['minutes']} minutes")
    else:
        (BUILD / "results.json").write_text(compact(data), encoding="utf-8")
        for text in tables(data, [*(shapes or SHAPES), *(STREAMS if not shapes else ())]):
            show_table(text)


def run(
    shapes: tuple[Problem, ...],
    streams: tuple[Problem, ...],
    peers: list[str],
    parts: tuple[str, ...],
    sessions: int,
    rounds: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the results of all parts."""
    engines = [peer.name for peer in ENGINES]
    data: dict[str, Any] = dict.fromkeys(("one", "all", "growth", "memory", "start", "commands"))
    versions: dict[str, str] = {}
    apart = dict.fromkeys(agreement.TOLERANCE, 0.0)

    def take(part: str, problems: tuple[Problem, ...], names: list[str], **more: Any) -> Measured:
        measured = measure(problems, names, say=say, **more)
        data[part] = measured.as_data(problems, engines)
        measured.write(BUILD / part)
        versions.update(measured.versions)
        kinds = {problem.name: problem.dtype for problem in problems}
        for (problem, _), distance in measured.apart.items():
            apart[kinds[problem]] = max(apart[kinds[problem]], distance)
        return measured

    one = (*shapes, *streams) if "shapes" in parts else ()
    one += VARIANTS if "calls" in parts else ()
    if one:
        take("one", one, peers, threads=1, sessions=sessions, rounds=rounds)
    if "threads" in parts:
        take("all", shapes, peers, threads=len(cpus()), sessions=1, rounds=rounds)
    quick = rounds == 1
    growing = [peer for peer in GROWING if peer in peers]
    if "growth" in parts:
        problems = tuple(
            one for kind in GROWTH.values() for one in kind if not (quick and one.timesteps > 10**4)
        )
        take(
            "growth",
            problems,
            growing,
            threads=1,
            sessions=1,
            rounds=rounds,
            long_rounds=2,
            keep=False,
        )
    if "memory" in parts:
        data["memory"] = commands.memory(peers, say, 10**5 if quick else 10**6)
    if "start" in parts:
        timed = commands.time_commands(commands.start_commands(peers), rounds, say)
        data["start"] = timed.commands()
    if "commands" in parts:
        data["commands"] = commands.time_commands(commands.file_commands(), rounds, say).commands()
    data["versions"] = dict(sorted(versions.items()))
    data["apart"] = {dtype: float(f"{distance:.2g}") for dtype, distance in apart.items()}
    return data | {
        "tolerance": agreement.TOLERANCE,
        "suite": commands.suite(),
        "model": commands.MODEL,
    }


def machine() -> dict[str, Any]:
    """Return what the times depend on."""
    from pyperf import Run

    facts = Run([1.0]).get_metadata()
    blas = np.show_config("dicts")["Build Dependencies"]["blas"]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": facts.get("cpu_model_name", platform.processor()),
        "cpus": len(cpus()),
        "memory": round(memory / 1e9),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": f"{blas['name']} {blas['version']}",
    }


def tables(data: dict[str, Any], shapes: list[Problem]) -> list[str]:
    """Return what a part of a run is shown as."""
    texts = []
    for part in ("one", "all"):
        for problems in (shapes, VARIANTS) if data[part] else ():
            columns = [one.name for one in problems]
            for engine in page.measured_peers(data[part], problems)[: len(ENGINES)]:
                if engine in {one.name for one in ENGINES}:
                    texts.append(page.ratio_table(data[part], problems, engine, columns))
            texts.append(page.time_table(data[part], problems, columns))
    for kind, problems in GROWTH.items() if data["growth"] else ():
        texts.append(
            page.step_table(data["growth"], problems, kind, [one.name for one in problems])
        )
    if data["memory"]:
        texts.append(page.memory_table(data["memory"], GROWTH["timesteps"]))
    for part in ("start", "commands"):
        if data[part]:
            texts.append(page.command_table(data[part], {name: name for name in data[part]}, None))
    return texts


def show_table(text: str) -> None:
    """Print a table of the page as a terminal shows it, unless it has no rows."""
    heading, _, *rows = (
        [cell.strip("* ") for cell in line.split("|")[1:-1]] for line in text.splitlines()
    )
    if rows:
        shown = headed_table()
        for number, name in enumerate(heading):
            shown.add_column(name, justify="right" if number else "left")
        for row in rows:
            shown.add_row(*row)
        console().print(shown, "")


def compact(data: dict[str, Any]) -> str:
    """Return results as JSON, a line for each thing measured."""
    lines = json.dumps(data, indent=1, ensure_ascii=False).splitlines()
    text: list[str] = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if depth > 3 or (depth == 3 and line.lstrip()[0] in "]}"):
            text[-1] += line.strip() + (" " if line.endswith(",") else "")
        else:
            text.append(line)
    return "\n".join(text) + "\n"


def write_docs() -> None:
    """Write the page and its plot."""
    page.write()
    plot.draw(page.read())


def _progress() -> Callable[[str], None]:
    """Return what says how far a run is: on one line of a terminal, or a line for each step."""

    def say(text: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
        else:
            click.echo(text, err=True)

    return say


if __name__ == "__main__":
    main(prog_name="make bench")
