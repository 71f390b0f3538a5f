"""`gru-ref diff`: where the numbers of another implementation first differ, and why."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from gru_ref.cli.options import FilePath, calling, layer_option, reading
from gru_ref.cli.selection import Source, chosen
from gru_ref.debugging.bounds.float_format import DTYPES, Arithmetic

# A backspace alone on its line has click keep the lines of the paragraph.
HELP = """Compare what another implementation returned with a GRU of FILE, step by step.

Says at which timestep, row and unit the first number is off by more than rounding, and which of the
usual mistakes would explain it. Exit status 1 if they differ.

\b
--theirs y.npy      its output, (batch, time, U), or final state, (batch, U)
--theirs trace.npz  h, and z, r, candidate as known, timesteps first
"""


@click.command("diff", help=HELP)
@reading
@layer_option
@calling()
@click.option("--theirs", type=FilePath(), required=True, metavar="Y.npy")
@click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    help="What it computes in; without, the coarser of Y's and its GRU's.",
)
@click.option("--accumulator", type=click.Choice(DTYPES), help="What its products are summed in.")
@click.option(
    "--weight-scale", "scales", type=float, nargs=2, metavar="S S",
    help="Of quantised weights: the steps of its kernel and of its recurrent kernel.",
)  # fmt: skip
@click.option("--all", "show_all", is_flag=True, help="Every hypothesis, not the best ones alone.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def diff(
    source: Source,
    layer: str | None,
    inputs: Path,
    mask: Path | None,
    initial_state: Path | None,
    theirs: Path,
    dtype: str | None,
    accumulator: str | None,
    scales: tuple[float, float] | None,
    show_all: bool,
    as_json: bool,
) -> int:
    """Compare; what the command says of itself is HELP."""
    from gru_ref.cli.arrays import read_array, read_optional
    from gru_ref.debugging.diff.comparison import diff as compare
    from gru_ref.debugging.diff.comparison import dtype_of

    given, stored = _theirs(theirs)
    one = chosen(source.layers(), layer)
    kernel_scale, recurrent_kernel_scale = scales or (0.0, 0.0)
    arithmetic = Arithmetic(
        dtype or stored or dtype_of(given, one),
        accumulator,
        kernel_scale=kernel_scale,
        recurrent_kernel_scale=recurrent_kernel_scale,
    )
    try:
        found = compare(
            one,
            read_array(inputs, "--inputs"),
            given,
            read_optional(initial_state, "--initial-state"),
            mask=read_optional(mask, "--mask"),
            arithmetic=arithmetic,
        )
    except IndexError as error:
        raise ValueError(str(error)) from None
    if as_json:
        click.echo(json.dumps(_finite(found.as_data()), indent=2, allow_nan=False))
    else:
        from gru_ref.cli import diff_table

        diff_table.show(found, show_all=show_all)
    return 0 if found.equal else 1


def _theirs(path: Path) -> tuple[Any, str | None]:
    """Return the array of a `.npy`, or the arrays of a `.npz`; and "bfloat16" if they are that."""
    from gru_ref.cli.arrays import BFLOAT16, loaded
    from gru_ref.files.formats.halves import from_bfloat16

    stored: list[str] = []

    def known(array: Any) -> Any:
        if array.dtype != BFLOAT16:
            return array
        stored.append("bfloat16")
        return from_bfloat16(array)

    given = loaded(path, "--theirs")
    made = {n: known(a) for n, a in given.items()} if isinstance(given, dict) else known(given)
    return made, stored[0] if stored else None


def _finite(value: Any) -> Any:
    """Return plain data with the numbers that JSON does not have as text."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
