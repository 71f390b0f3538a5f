"""`gru-ref layouts`: the facts of every runtime, in a table of 80 columns, or of one in full."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gru_ref.layouts import LAYOUTS, Facts, layout

_FOOT = (
    "",
    "Keras: gates z r h, kernel (f, 3u), recurrent_kernel (u, 3u), bias (2, 3u)/(3u,)",
    "* unverified: read in documentation, never run",
    "~ z is the share of the new state, not of the old one",
    "--to onnx -o NAME.onnx writes a model, --to keras3 a file that Keras 3 opens.",
    "gru-ref layouts NAME shows the arrays, the formula and the usual mistakes.",
)


def show_all() -> None:
    """Print a row for each runtime."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("--to", "gates", "reset"):
        table.add_column(heading, no_wrap=True)
    table.add_column("transposed; bias")
    for name, module in LAYOUTS.items():
        facts = module.FACTS
        marks = ("" if facts.verified else "*") + ("" if facts.z_keeps_old else "~")
        forms = [form.partition(" ")[0] for form in facts.reset_forms]
        table.add_row(
            name + marks,
            " ".join(facts.gates),
            "both" if len(forms) > 1 else forms[0],
            Text(f"{facts.transposes}; {facts.bias}"),
        )
    console = Console(highlight=False)
    console.print(table)
    for line in _FOOT:
        console.print(Text(line))


def show_one(name: str) -> None:
    """Print everything about one runtime.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    facts: Facts = layout(name).FACTS
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    rows = {
        "gates": " ".join(facts.gates),
        "transposed": facts.transposes,
        "bias": facts.bias,
        "reset": " or ".join(facts.reset_forms),
        "z": "the share of the old state" if facts.z_keeps_old else "the share of the new state",
        "activations": facts.activations,
        "direction": facts.direction,
        "round trip": facts.round_trip,
        "source": facts.source,
        "run with": facts.verified or "nothing: read in documentation only",
    }
    for heading, value in rows.items():
        grid.add_row(heading, Text(value))
    console = Console(highlight=False)
    console.print(Text(facts.label, "bold"))
    console.print(grid)
    for heading, lines in (
        ("arrays", [f"{key}: {value}" for key, value in facts.arrays.items()]),
        ("formula", list(facts.formula)),
        ("mistakes", [f"{mistake}: {why}" for mistake, why in facts.mistakes]),
    ):
        console.print(Text(f"\n{heading}", "dim"))
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
