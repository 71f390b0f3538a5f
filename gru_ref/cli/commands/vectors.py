"""`gru-ref vectors`: golden vectors of a GRU, to test a port of it in any language."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.assumptions import MASKED_CALL, of_call, report_assumptions
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output
from gru_ref.cli.progress import progress_bar
from gru_ref.cli.selection import SourceFile
from gru_ref.debugging.vectors.formats import FORMATS, contents, formats_of
from gru_ref.debugging.vectors.identifiers import check_prefix
from gru_ref.debugging.vectors.making import WEIGHTS
from gru_ref.debugging.vectors.making import vectors as make
from gru_ref.presentation.tables import console
from gru_ref.presentation.text import one_line


@click.command()
@options.source
@options.layer
@options.file(
    "-o --output",
    "FILE",
    "The file to write, in .h, .json, .npz or .bin; or an existing folder, for every format.",
    required=True,
)
@options.value(
    "--format formats",
    "FORMAT",
    f"Format to write into a folder: {', '.join(FORMATS)}; may be repeated (default: all).",
    type=click.Choice(list(FORMATS)),
    multiple=True,
)
@options.call(
    "Inputs of the GRU, (batch, time, F), or a bundle, whose probe they are (default: drawn)."
)
@options.value(
    "--weights",
    "DTYPE",
    f"Weights of the vectors: {', '.join(WEIGHTS)} (default: those of the GRU).",
    type=click.Choice(WEIGHTS),
)
@options.value(
    "--batch",
    "N",
    "Batch of drawn inputs (default: 3, or more, so that no two sizes are equal).",
    type=int,
)
@options.value(
    "--timesteps", "N", "Timesteps of drawn inputs (default: 5, or more, likewise).", type=int
)
@options.value("--prefix", "NAME", "What names in C begin with (default: the GRU's name).")
@options.force
@options.as_json()
def vectors(
    source: SourceFile,
    layer: str | None,
    output: Path,
    formats: tuple[str, ...],
    call: options.CallFiles,
    weights: str | None,
    batch: int | None,
    timesteps: int | None,
    prefix: str | None,
    as_json: bool,
    force: bool,
) -> None:
    """Write golden vectors of a GRU of FILE, to test a port of it.

    Inputs are drawn so that as many classic mistakes show as the weights allow, or they are
    --inputs. Every vector names the mistakes that it reveals.

    \b
    -o gru.h     a C header
    -o gru.json  JSON, in the words of fixtures/README.md
    -o gru.npz   a bundle of a GRU for each vector, which is its probe
    -o gru.bin   raw numbers, little-endian, described by gru.bin.json
    -o FOLDER    all of these, and CSV, into a folder that is there
    """
    sources = {"FILE": source.file, **call.paths()}
    if prefix is not None:
        check_prefix(prefix)
    formats_of(output, formats or None, "--output")
    if not output.is_dir():
        check_output("--output", output, sources, force=force)
    call.check_inputs({})
    gru = source.gru(layer)
    arrays = call.arrays() if call.inputs is None else call.resolve(source, gru)[0]
    drawn = arrays["inputs"] is None
    masked = drawn or arrays["mask"] is not None
    uses = MASKED_CALL if drawn else of_call(arrays)
    with progress_bar("vectors"):
        made = make(
            gru, arrays.pop("inputs"), **arrays, weights=weights, batch=batch, timesteps=timesteps
        )
        files = contents(made, output, formats or None, prefix)
    for path in files:
        check_output("--output", path, sources, force=force)
    report_assumptions([gru], source, uses, masked=masked)
    write_all(files)
    if as_json:
        print_report(made, file=source.file, layers=[gru], written=files)
        return
    for path in files:
        click.echo(one_line(str(path)))
    console().print(made)
