"""The command of `make bench`."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from typing import Any

import click
from rich.markdown import Markdown

from benchmarks import page, plot
from benchmarks.files import BUILD, RESULTS
from benchmarks.parts import PARTS, Run, machine
from benchmarks.peers import ENGINES, OTHERS
from benchmarks.problems import SHAPES, Problem
from gru_ref.presentation.tables import console


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.option(
    "--only",
    "parts",
    type=click.Choice(list(PARTS)),
    multiple=True,
    metavar="PART",
    help="Measure this part again and keep the others; may be repeated. One of "
    + ", ".join(PARTS)
    + ".",
)
@click.option(
    "--render", is_flag=True, help="Measure nothing; write the page from what was measured last."
)
@click.option(
    "--shape",
    "shapes",
    type=(click.IntRange(1),) * 4,
    multiple=True,
    metavar="B T F U",
    help="Measure this shape alone: batch, timesteps, features, units; may be repeated. Any "
    "sizes will do.",
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
    default=3,
    show_default=True,
    help="How often everything is measured in a session.",
)
def main(
    parts: tuple[str, ...],
    render: bool,
    shapes: tuple[tuple[int, int, int, int], ...],
    others: tuple[str, ...],
    quick: bool,
    sessions: int,
    rounds: int,
) -> None:
    """Measure gru_ref beside others that run a Keras GRU on a CPU.

    A whole run takes about a quarter of an hour on two idle cores. Every part is kept in
    build/bench/results.json as soon as it is measured, and docs/performance.md with its plot is
    written from that. With --shape, --peer or --quick the tables are printed, and nothing is kept.
    """
    narrow = bool(shapes or others or quick)
    problems = tuple(Problem(*sizes) for sizes in shapes) or SHAPES
    peers = [peer.name for peer in ENGINES] + list(others or (peer.name for peer in OTHERS))
    data: dict[str, Any] = {"machine": machine()}
    if RESULTS.exists() and not narrow:
        data |= json.loads(RESULTS.read_text(encoding="utf-8"))
    if not render:
        shutil.rmtree(BUILD / "models", ignore_errors=True)
        run = Run(problems, peers, 1 if quick else sessions, 1 if quick else rounds, _progress())
        for part in parts or (("shapes",) if shapes else PARTS):
            data[part] = run.measure(part)
            if not narrow:
                data["machine"] = machine()
                RESULTS.write_text(json.dumps(data, indent=1), encoding="utf-8")
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    text = page.render(data, problems)
    if narrow:
        tables = text.partition("## What was tried")[0]
        for block in re.findall(r"^(?:#.*\n|(?:\|.*\n){3,}|Shape .*\n)", tables, re.MULTILINE):
            console().print(Markdown(block))
    elif "shapes" in data:  # what the page begins with
        page.PAGE.write_text(text, encoding="utf-8")
        plot.draw(data["shapes"]["cells"])


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
