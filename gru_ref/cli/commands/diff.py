"""`gru-ref diff`: where the numbers of another implementation first differ, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from gru_ref.cli import options
from gru_ref.cli.arrays import load_arrays
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.output import print_json
from gru_ref.cli.selection import SourceFile
from gru_ref.debugging.bounds.float_format import DTYPES, FloatFormat
from gru_ref.debugging.diff.comparison import diff as compare
from gru_ref.debugging.diff.comparison import dtype_of
from gru_ref.debugging.diff.difference import Difference, FirstDifference
from gru_ref.files.formats.float_arrays import BFLOAT16, from_bfloat16
from gru_ref.presentation.tables import console, fact_table, headed_table, indent

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
    "No single usual mistake explains it. Check whether this is the right layer and file, whether",
    "the inputs are scaled and ordered in the same way, whether only one side has an initial state",
    "or a mask, whether dropout is on, and whether two mistakes were made at once.",
)

_NOT_FINITE = (
    "None of the usual mistakes explains a number that is not finite. Check whether the weights or",
    "inputs of one side hold NaN or infinity, and whether anything overflows.",
)


@click.command()
@options.source
@options.layer
@options.call()
@options.file(
    "--theirs", "Y.npy", "What the other implementation returned, as .npy or .npz.", required=True
)
@options.value(
    "--dtype",
    "DTYPE",
    f"Dtype that it computes in: {', '.join(DTYPES)} (default: the coarser of the dtypes of "
    "--theirs and of the GRU).",
    type=click.Choice(DTYPES),
)
@options.value(
    "--accumulator",
    "DTYPE",
    "Dtype that it sums products in (default: that of --dtype).",
    type=click.Choice(DTYPES),
)
@options.value(
    "--weight-scale scales",
    "S S",
    "Step sizes of its kernel and recurrent kernel, if its weights are quantised.",
    type=click.FloatRange(0),
    nargs=2,
)
@click.option(
    "--all", "show_all", is_flag=True, help="Print every hypothesis (default: the best ones)."
)
@options.as_json()
def diff(
    source: SourceFile,
    layer: str | None,
    call: options.CallFiles,
    theirs: Path,
    dtype: str | None,
    accumulator: str | None,
    scales: tuple[float, float] | None,
    show_all: bool,
    as_json: bool,
) -> int:
    """Compare what another implementation returned with a GRU of FILE, step by step.

    Prints the timestep, row and unit of the first number that differs by more than rounding, and
    which of the usual mistakes would explain it. The exit status is 1 if the numbers differ.

    \b
    --theirs y.npy      outputs, (batch, time, U), or the last state, (batch, U)
    --theirs trace.npz  h and any of z, r, candidate, with the timesteps first
    """
    outputs, stored = _theirs(theirs)
    gru = source.gru(layer)
    kernel_scale, recurrent_kernel_scale = scales or (0.0, 0.0)
    arithmetic = FloatFormat(
        dtype or stored or dtype_of(outputs, gru),
        accumulator,
        kernel_scale=kernel_scale,
        recurrent_kernel_scale=recurrent_kernel_scale,
    )
    arrays = call.arrays()
    difference = compare(
        gru,
        arrays["inputs"],
        outputs,
        arrays["initial_state"],
        mask=arrays["mask"],
        arithmetic=arithmetic,
    )
    masked = call.mask is not None
    report_assumptions([gru], source, of_call(call), masked=masked)
    if as_json:
        print_json(difference.as_data())
    else:
        _print(difference, show_all=show_all)
    return 0 if difference.equal else 1


def _theirs(path: Path) -> tuple[Any, str | None]:
    """Return the array of a `.npy`, or the arrays of a `.npz`; and "bfloat16" if they are that."""
    found = load_arrays(path, "--theirs")
    arrays = found if isinstance(found, dict) else {"": found}
    bfloat16 = [name for name, array in arrays.items() if array.dtype == BFLOAT16]
    arrays |= {name: from_bfloat16(arrays[name]) for name in bfloat16}
    stored = "bfloat16" if bfloat16 else None
    return (arrays if isinstance(found, dict) else arrays[""]), stored


def _print(found: Difference, *, show_all: bool) -> None:
    """Print a difference as a few lines and a table."""
    out = console()
    dtype = found.arithmetic.dtype
    if found.equal:
        out.print(Text("Equal up to rounding.", "bold green"))
        out.print(
            f"The largest error is {found.error:.2g}: {found.worst:.2g} of the bound for rounding "
            f"in {dtype}."
        )
    else:
        assert found.first is not None
        out.print(Text(f"Different by more than rounding in {dtype}.", "bold red"))
        out.print(indent(fact_table(_facts(found.first))))
        if not _hopeless(found):
            out.print(_hypotheses(found, show_all=show_all))
        for line in _conclusion(found):
            out.print(line)
    if found.unknown:
        out.print(Text("What this cannot tell", "dim"))
    for sentence in found.unknown:
        out.print(indent(Text(f"- {sentence}")))


def _facts(first: FirstDifference) -> Iterator[tuple[str, str]]:
    """Yield what is known about the first place, or the worst one, that differs."""
    where = f"row {first.batch} of the batch, unit {first.unit}"
    numbers = f"{first.outside} of {first.numbers} numbers"
    if first.timestep is None:
        yield "worst", where
    else:
        step = f"timestep {first.timestep}"
        if first.position != first.timestep:
            step += f" of the input, step {first.position} in processing order"
        yield "first", f"{step}, {where}"
        numbers += " of this timestep"
    yield "what", _WHAT[first.what]
    yield "theirs", f"{first.theirs:.9g}"
    yield "expected", f"{first.expected:.9g} ± {first.bound:.1e}"
    yield "off by", f"{_ratio(first.ratio)} times the bound; {numbers} are outside"


def _hypotheses(found: Difference, *, show_all: bool) -> Table:
    count = len(found.hypotheses) if show_all else max(_BEST, len(found.explanations))
    table = headed_table()
    table.add_column("if this mistake was made", overflow="fold")
    for heading in ("error left", "of the bound"):
        table.add_column(heading, justify="right", no_wrap=True)
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
            f"Explained by each of {len(explanations)} mistakes, which these numbers cannot tell "
            "apart:",
            "bold",
        )
        for hypothesis in explanations:
            yield Text(f"  - the port {hypothesis.meaning}")


def _ratio(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"
