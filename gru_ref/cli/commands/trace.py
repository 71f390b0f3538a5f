"""`gru-ref trace`: every gate of every timestep of a GRU, as arrays, CSV, a plot or a page."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output, write_files
from gru_ref.cli.pages import call_page, check_page
from gru_ref.cli.progress import progress_bar
from gru_ref.cli.selection import SourceFile
from gru_ref.cli.standard_streams import STANDARD, check_standard_output
from gru_ref.debugging.gate_plot import ENDINGS, gates_picture
from gru_ref.debugging.trace import trace as trace_gru
from gru_ref.presentation.tables import console


@click.command()
@options.source
@options.layer
@options.call()
@options.file("-o --output", "FILE", "The .npz or .csv file to write; - is CSV on standard output.")
@options.file("--picture", "FILE", "The .png, .svg or .pdf file to draw.")
@options.value(
    "--row",
    "N",
    "Row of the batch that --picture shows, and --html first (default: 0).",
    type=click.IntRange(0),
)
@options.file("--html", "PAGE.html", "The page to write: z, r, candidate and h of every row.")
@options.force
@options.as_json()
def trace(
    source: SourceFile,
    layer: str | None,
    call: options.CallFiles,
    output: Path | None,
    picture: Path | None,
    row: int | None,
    html: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Run a GRU of FILE and write every gate of every timestep, or show their ranges.

    \b
    -o trace.npz         arrays, timesteps first: z, r, candidate, h, output …
    -o trace.csv         the same numbers, one on each line
    --picture gates.png  z, r, candidate and h over time, as heat maps
    --html page.html     the same for every row of the batch, as one page
    """
    sources = {"FILE": source.file, **call.paths()}
    check_output("--output", output, sources, force=force, endings=(".npz", ".csv"), stdout=True)
    if output == STANDARD:
        check_standard_output("--output", binary=False, as_json=as_json)
    check_output("--picture", picture, sources, force=force, endings=ENDINGS)
    check_page(html, sources, force=force)
    if row is not None and picture is None and html is None:
        raise ValueError("--row needs --picture or --html")
    gru = source.gru(layer)
    arrays, _ = call.resolve(source, gru)
    with progress_bar("trace"):
        steps = trace_gru(gru, arrays["inputs"], arrays["initial_state"], mask=arrays["mask"])
    batch = steps.h.shape[1]
    if row is not None and row >= batch:
        raise ValueError(f"--row is {row}, expected one of {batch} rows, counted from 0")
    contents = {}
    with progress_bar("trace: files"):
        if output is not None:
            contents[output] = steps.npz() if output.name.endswith(".npz") else steps.csv()
        if picture is not None:
            title = f"{layer or gru.name}, row {row or 0} of the batch"
            contents[picture] = gates_picture(
                steps, batch=row or 0, title=title, ending=picture.suffix
            )
        if html is not None:
            document = steps.document(row or 0, brief=False)
            contents[html] = call_page(document, gru, source, call, arrays)
    masked = arrays["mask"] is not None
    report_assumptions([gru], source, of_call(arrays), masked=masked)
    if as_json:
        write_all(contents)
        print_report(steps, file=source.file, layers=[gru], written=contents)
    elif contents:
        write_files(contents, f": {steps.sizes}")
    else:
        console().print(steps)
