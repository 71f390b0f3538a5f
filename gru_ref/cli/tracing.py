"""`gru-ref trace`: every gate of every timestep of a GRU in a file, as arrays, CSV or a picture."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.cli.options import FilePath, calling, layer_option, reading
from gru_ref.cli.selection import Source, chosen
from gru_ref.cli.text import one_line

# A backspace alone on its line has click keep the lines of the paragraph.
HELP = """Run a GRU of FILE and write every gate of every timestep.

\b
-o trace.npz           arrays, timesteps first: z, r, candidate, h, output …
-o trace.csv           the same numbers, one a line
--picture gates.png    z, r, candidate and h over time, as heat maps
"""


@click.command("trace", help=HELP)
@reading
@layer_option
@calling()
@click.option("-o", "--output", type=FilePath(), metavar="FILE", help=".npz or .csv")
@click.option("--picture", type=FilePath(), metavar="FILE", help=".png, .svg or .pdf")
@click.option("--row", type=click.IntRange(0), help="Of the batch, in the picture; 0.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def trace(
    source: Source,
    layer: str | None,
    inputs: Path,
    mask: Path | None,
    initial_state: Path | None,
    output: Path | None,
    picture: Path | None,
    row: int | None,
    force: bool,
) -> None:
    """Write a trace; what the command says of itself is HELP."""
    from gru_ref.cli.arrays import read_array, read_optional
    from gru_ref.cli.output import check_free, write_all
    from gru_ref.debugging.gate_plot import ENDINGS, gates_picture

    for path, option, endings in (
        (output, "-o", (".npz", ".csv")),
        (picture, "--picture", ENDINGS),
    ):
        if path is not None and not path.name.endswith(endings):
            wanted = " or ".join(endings)
            raise ValueError(f"{option} is {str(path)!r}, expected a name in {wanted}")
        if path is not None:
            check_free(path, source.file, force=force)
    if output is None and picture is None:
        raise ValueError("-o and --picture are missing, expected one of them, or both")
    if row is not None and picture is None:
        raise ValueError("--picture is missing, expected it beside --row")
    one = chosen(source.layers(), layer)
    try:
        made = one.trace(
            read_array(inputs, "--inputs"),
            read_optional(initial_state, "--initial-state"),
            mask=read_optional(mask, "--mask"),
        )
    except IndexError as error:
        raise ValueError(str(error)) from None
    contents = {}
    if output is not None:
        contents[output] = made.npz() if output.name.endswith(".npz") else made.csv()
    if picture is not None:
        title = f"{layer or one.name}, row {row or 0} of the batch"
        contents[picture] = gates_picture(made, batch=row or 0, title=title, ending=picture.suffix)
    write_all(contents)
    timesteps, batch, units = made.h.shape
    names = ", ".join(one_line(str(path)) for path in contents)
    click.echo(f"{names}: {timesteps} timesteps, batch {batch}, {units} units")
