"""`gru-ref diff` as a few lines and a table of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gru_ref.debugging.diff.difference import Difference, Place

_BEST = 5  # hypotheses that are shown of those that explain nothing
_WHAT = {
    "z": "z, the update gate",
    "r": "r, the reset gate",
    "candidate": "the candidate, from their own r",
    "h": "h, the state",
    "output": "the output, which has to be a state's copy, or zero",
    "last output": "the last output",
    "final state": "the final state",
}
_CHECK = (
    "None of the usual mistakes explains it, alone. To be checked: is this the right layer and",
    "file; are the inputs scaled and ordered alike; is there an initial state or a mask that one",
    "side has not; is dropout on; are two mistakes made at once.",
)

_NOT_FINITE = (
    "None of the usual mistakes explains a number that is not finite. To be checked: is there NaN",
    "or infinity in the weights or inputs of one side; does anything overflow.",
)


def show(found: Difference, *, show_all: bool) -> None:
    """Print what was found."""
    console = Console(highlight=False)
    dtype = found.arithmetic.dtype
    if found.equal:
        console.print(Text("Equal, but for rounding.", "bold green"))
        console.print(
            f"The largest error is {found.error:.2g}: {found.worst:.2g} of what rounding in "
            f"{dtype} may do there."
        )
    else:
        assert found.first is not None
        console.print(Text(f"Different, by more than rounding in {dtype}.", "bold red"))
        console.print(Padding(_facts(found.first), (0, 0, 0, 2), expand=False))
        if not _hopeless(found):
            console.print(_hypotheses(found, show_all=show_all))
        for line in _conclusion(found):
            console.print(line)
    if found.unknown:
        console.print(Text("What this cannot tell", "dim"))
    for sentence in found.unknown:
        console.print(Padding(Text(f"- {sentence}"), (0, 0, 0, 2), expand=False))


def _facts(first: Place) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    where = f"row {first.batch} of the batch, unit {first.unit}"
    if first.timestep is not None:
        step = f"timestep {first.timestep}"
        if first.position != first.timestep:
            step += f" of the input, step {first.position} in processing order"
        where = f"{step}, {where}"
        grid.add_row("first", where)
    else:
        grid.add_row("worst", where)
    grid.add_row("what", _WHAT[first.what])
    grid.add_row("theirs", f"{first.theirs:.9g}")
    grid.add_row("expected", f"{first.expected:.9g} ± {first.bound:.1e}")
    numbers = f"{first.outside} of {first.numbers} numbers" + (
        " of this timestep" if first.timestep is not None else ""
    )
    grid.add_row("off by", f"{_ratio(first.ratio)} times the bound; {numbers} are outside")
    return grid


def _hypotheses(found: Difference, *, show_all: bool) -> Table:
    count = len(found.hypotheses) if show_all else max(_BEST, len(found.explanations))
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("if this mistake was made", overflow="fold")
    table.add_column("error left", justify="right", no_wrap=True)
    table.add_column("of the bound", justify="right", no_wrap=True)
    table.add_row(Text("(none)", "dim"), f"{found.left.error:.2g}", _ratio(found.left.ratio))
    for hypothesis in found.hypotheses[:count]:
        table.add_row(
            Text(hypothesis.name, "bold green" if hypothesis.explains else ""),
            f"{hypothesis.error:.2g}",
            _ratio(hypothesis.ratio),
        )
    return table


def _hopeless(found: Difference) -> bool:
    """Return whether no mistake comes anywhere near: numbers are not finite."""
    return bool(found.hypotheses) and all(math.isinf(one.error) for one in found.hypotheses)


def _conclusion(found: Difference) -> Iterator[Text]:
    """Yield the sentences under the table."""
    explanations = found.explanations
    if not explanations:
        if found.left.ratio > 1:
            yield Text(" ".join(_NOT_FINITE if _hopeless(found) else _CHECK))
    elif len(explanations) == 1:
        yield Text(f"Explained: the port {explanations[0].meaning}.", "bold")
    else:
        yield Text(
            f"Explained by {len(explanations)} mistakes that come to the same here; these numbers "
            "cannot tell which:",
            "bold",
        )
        for hypothesis in explanations:
            yield Text(f"  - the port {hypothesis.meaning}")


def _ratio(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"
