"""Tells what a report holds: docs/full.md, the table on the terminal, and a row a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from parity_tests.matrix.deviations import DEVIATIONS
from parity_tests.matrix.product import PRODUCT
from parity_tests.runner.full.totals import OUTCOMES, count

Report = Mapping[str, Any]
HEADINGS = (
    "oracle",
    "lane",
    "path",
    "cases",
    "bit-equal",
    "of these by a quirk",
    "raised",
    "disagree",
)
# What the terminal has no room for.
SHORT = {"bit-equal": "equal", "of these by a quirk": "by a quirk"}


def rows(data: Report) -> Iterator[tuple[str, ...]]:
    """Yield the cells of the table, a row for every oracle, lane and path, and one for all."""
    places = [
        (oracle, lane, path)
        for oracle, lanes in data["cases"].items()
        for lane, paths in lanes.items()
        for path in paths
    ]
    for place in (*places, ()):
        numbers = {key: count(data, key, *place) for key in (*OUTCOMES, "quirk")}
        cases = sum(numbers[outcome] for outcome in OUTCOMES)
        shown = (cases, *(numbers[key] for key in ("equal", "quirk", "raised", "disagreement")))
        yield (*(place or ("all", "", "")), *(f"{number:,}" for number in shown))


def markdown(data: Report) -> str:
    """Return docs/full.md."""
    lines = [
        "# The full product, case by case",
        "",
        "Written by `make parity-full ARGS=--write-docs` from live Keras; do not edit. Every",
        "combination of every level of every structural axis is one case: "
        f"{_product()}.",
        "What Keras 2 would compute on its fused path runs in the saturated lane too, in both",
        "Kerases. A case is bit-equal, outputs, states and containers, on the path that the table",
        "says; or live Keras raises, as a row of the table says. Where a *quirk* shows, Keras does",
        "something else than it documents, gru_ref does the same, and warns.",
        "",
        *(f"- {name}: Keras {s['keras']}, TensorFlow {s['tensorflow']}"
          for name, s in data["surroundings"].items()),
        "",
        f"| {' | '.join(HEADINGS)} |",
        "|---|---|---" + "|--:" * (len(HEADINGS) - 3) + "|",
        *(f"| {' | '.join(row)} |" for row in rows(data)),
        "",
        "## What deviates, by row",
        "",
        "Rows of `parity_tests/matrix/deviations.py`. *raises*: live Keras raises what the row",
        "says, and returns nothing. *quirk*: bit-equal, by the ledger row of that name. *between*:",
        "the other generation returns something else for the same numbers, asked of cases without",
        "dropout that both have.",
        "",
        "| row | kind | what | oracle | lane | path | cases |",
        "|---|---|---|---|---|---|--:|",
        *_deviations(data),
        "",
        "## What would be seen",
        "",
        *_sensitivity(data),
        "",
        "| mistake | oracle | lane | path | showed | made |",
        "|---|---|---|---|--:|--:|",
        *_mistakes(data),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _product() -> str:
    held = ", ".join(
        f"{axis} {' or '.join(str(level) for level in levels)}"
        for axis, levels in PRODUCT["fixed"].items()
    )
    return f"all of `parity_tests/matrix/axes.py`, {held}"


def _deviations(data: Report) -> Iterator[str]:
    for row in DEVIATIONS:
        for oracle, lanes in data["deviations"].items():
            for lane, paths in lanes.items():
                for path, found in paths.items():
                    if row.name in found:
                        cells = (row.name, row.kind, row.effect, oracle, lane, path)
                        yield f"| {' | '.join(cells)} | {found[row.name]:,} |"


def _sensitivity(data: Report) -> list[str]:
    weights = data["weights"]
    every, unsensed = weights.get("all", 0), weights.get("unsensed", 0)
    share = 100 * (1 - unsensed / every) if every else 0.0
    one_of = PRODUCT["mistakes_in_one_of"]
    return [
        f"The weights and initial states of the cases are {every:,} blocks, one a gate and array.",
        f"{share:.1f} % of them are sensed: what a case returns changes if the block changes sign.",
        f"On one layer in {one_of} the mistakes of people who port a GRU are made too; below, in",
        f"how many cases each showed. {weights.get('redrawn', 0):,} runs were discarded and drawn",
        "again: their dropout masks had made a sum too large to be exact.",
    ]


def _mistakes(data: Report) -> Iterator[str]:
    for where, made in data["mistakes"].items():
        oracle, name, lane, path = where.split(" | ")
        cells = (name, oracle, lane, path)
        yield f"| {' | '.join(cells)} | {made.get('shown', 0):,} | {made['made']:,} |"


def _engines(data: Report) -> Iterator[str]:
    """Yield what each of the faster engines came to, which docs/full.md does not hold."""
    for name, found in data["engines"].items():
        made, shown = len(found.get("made", {})), len(found.get("shown", {}))
        yield (
            f"engine {name}: {found.get('compared', 0):,} cases compared, "
            f"{found.get('equal', 0):,} bit-equal, {shown} of {made} mistakes seen"
        )
        for reason, number in found.get("not_served", {}).items():
            yield f"engine {name}: {number:,} cases are the core's: {reason}"


def print_report(data: Report) -> None:
    """Print the report as a table that fits 80 columns."""
    console = Console(width=80, highlight=False)
    table = Table(title="the full product", title_justify="left")
    for number, heading in enumerate(HEADINGS):
        table.add_column(
            SHORT.get(heading, heading),
            justify="left" if number < 3 else "right",
            no_wrap=heading not in SHORT,
        )
    for row in rows(data):
        table.add_row(*row)
    console.print(table)
    for sentence in _engines(data):
        console.print(sentence)
    for name, found in data["surroundings"].items():
        console.print(f"{name}: Keras {found['keras']}, TensorFlow {found['tensorflow']}")
        if found["corrupt"]:
            console.print(f"  {name} is CORRUPT on purpose: a test of this suite")
    for message in list(data["messages"].values())[:5]:
        console.print(message, soft_wrap=True, markup=False)
    if len(data["messages"]) > 5:
        console.print(f"… and {len(data['messages']) - 5} more disagreements in the report")
    for problem in data["problems"][:10]:
        console.print(f"problem: {problem}", soft_wrap=True, markup=False)
    console.print(f"verdict: {data['verdict']}", style="bold")


def case_lines(results: Mapping[Any, Mapping[str, Any]]) -> str:
    """Return a line a case: oracle, id, path, outcome, rows of the deviations; tabs between."""
    lines = [
        "\t".join((block.oracle, case_id, path, outcome, ", ".join(deviations)))
        for block in sorted(results, key=lambda block: block.name)
        for case_id, path, outcome, deviations in results[block]["rows"]
    ]
    return "\n".join(lines) + "\n"
