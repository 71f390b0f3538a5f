"""`gru-ref diff`: where the numbers of another implementation first differ, and why."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.foreign_files import read_foreign_file
from gru_ref.cli.json_report import print_report
from gru_ref.cli.pages import call_page, check_page
from gru_ref.cli.progress import INTERRUPTED, progress_bar
from gru_ref.cli.selection import SourceFile
from gru_ref.cli.text import say
from gru_ref.debugging.bounds.float_format import DTYPES, FloatFormat
from gru_ref.debugging.diff.comparison import diff as compare
from gru_ref.debugging.diff.comparison import dtype_of
from gru_ref.debugging.progress import Interrupted
from gru_ref.presentation.tables import console
from gru_ref.presentation.text import one_line


@click.command()
@options.source
@options.layer
@options.call()
@options.array(
    "--theirs",
    "Y.npy",
    "What the other implementation returned, as .npy, .npz, .csv, .json or raw numbers.",
    required=True,
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
@options.file("--html", "PAGE.html", "The page to write, with pictures of every number.")
@options.force
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
    html: Path | None,
    force: bool,
) -> int:
    """Find where another implementation's numbers differ from a GRU of FILE.

    Compares step by step. Prints the timestep, row and unit of the first number that differs by
    more than rounding, and which of the usual mistakes would explain it. The exit status is 1 if
    the numbers differ. An interrupt prints what is known by then; its exit status is 130.

    \b
    --theirs y.npy      outputs, (batch, time, U), or the last state, (batch, U)
    --theirs trace.npz  h and any of z, r, candidate, with the timesteps first
    --theirs trace.csv  the same with the columns of gru-ref trace -o trace.csv
    --theirs y.csv      numbers: a row a timestep, a column a unit
    --theirs y.bin      raw float32 or float64, (batch, time, U), little-endian
    """
    sources = {"FILE": source.file, **call.paths(), "--theirs": theirs}
    check_page(html, sources, force=force)
    gru = source.gru(layer)
    arrays, _ = call.resolve(source, gru)
    outputs, stored, guessed = read_foreign_file(theirs, arrays, gru.config)
    kernel_scale, recurrent_kernel_scale = scales or (0.0, 0.0)
    arithmetic = FloatFormat(
        dtype or stored or dtype_of(outputs, gru),
        accumulator,
        kernel_scale=kernel_scale,
        recurrent_kernel_scale=recurrent_kernel_scale,
    )
    stopped = False
    try:
        with progress_bar("diff") as progress:
            difference = compare(
                gru,
                arrays["inputs"],
                outputs,
                arrays["initial_state"],
                mask=arrays["mask"],
                arithmetic=arithmetic,
                progress=progress,
            )
    except Interrupted as interrupt:
        difference, stopped = interrupt.found, True
    masked = arrays["mask"] is not None
    report_assumptions([gru], source, of_call(arrays), masked=masked)
    if guessed is not None:
        say(f"--theirs is read as {guessed}")
    if html is not None:
        document = difference.document(brief=False)
        write_all({html: call_page(document, gru, source, call, arrays)})
    if as_json:
        written = [] if html is None else [html]
        print_report(difference, file=source.file, layers=[gru], written=written)
    else:
        console().print(difference.text(every_hypothesis=show_all))
        if html is not None:
            click.echo(f"Written: {one_line(str(html))}")
    return INTERRUPTED if stopped else 0 if difference.equal else 1
