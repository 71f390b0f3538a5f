"""`gru-ref layouts`: the facts of every runtime, in a table of 80 columns, or of one in full."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from gru_ref.cli import options
from gru_ref.cli.json_report import print_json
from gru_ref.layouts import LAYOUTS, Facts, layout
from gru_ref.presentation.report import heading
from gru_ref.presentation.tables import console, fact_table, headed_table, indent

_UNVERIFIED = sum(not module.FACTS.verified for module in LAYOUTS.values())
_FOOT = (
    "",
    "Keras: gates z r h, kernel (f, 3u), recurrent_kernel (u, 3u), bias (2, 3u)/(3u,)",
    f"* unverified: {_UNVERIFIED} of {len(LAYOUTS)} were read in documentation and never run",
    "~ z is the share of the new state, not of the old one",
    "--to onnx -o NAME.onnx writes a model, --to keras3 a file that Keras 3 opens.",
    "gru-ref layouts NAME shows the arrays, the formula and the usual mistakes.",
)


@click.command()
@click.argument("name", required=False)
@options.as_json()
def layouts(name: str | None, as_json: bool) -> None:
    """Show how each runtime lays out the weights of a GRU.

    With NAME, shows the arrays, the formula and the usual mistakes of that runtime.
    """
    if as_json:
        shown = LAYOUTS.values() if name is None else [layout(name)]
        print_json({**heading("layouts"), "layouts": [_data(one.FACTS) for one in shown]})
    elif name is None:
        _print_all()
    else:
        _print_one(layout(name).FACTS)


def _data(facts: Facts) -> dict[str, Any]:
    mistakes = [{"mistake": mistake, "why": why} for mistake, why in facts.mistakes]
    return {**asdict(facts), "mistakes": mistakes}


def _print_all() -> None:
    """Print a row for each runtime."""
    table = headed_table()
    for column in ("--to", "gates", "reset"):
        table.add_column(column, no_wrap=True)
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
    out = console()
    out.print(table)
    for line in _FOOT:
        out.print(Text(line))


def _print_one(facts: Facts) -> None:
    """Print everything about one runtime."""
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
    out = console()
    out.print(Text(facts.label, "bold"))
    out.print(fact_table(rows.items()))
    for title, lines in (
        ("arrays", [f"{key}: {value}" for key, value in facts.arrays.items()]),
        ("formula", list(facts.formula)),
        ("mistakes", [f"{mistake}: {why}" for mistake, why in facts.mistakes]),
    ):
        out.print(Text(f"\n{title}", "dim"))
        for line in lines:
            out.print(indent(Text(line)))
