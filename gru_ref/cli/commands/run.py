"""`gru-ref run`: a GRU of a file over inputs, to outputs and the last state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gru_ref.cli import options
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.output import check_output, npz_bytes, write_files
from gru_ref.cli.selection import SourceFile


@click.command()
@options.source
@options.layer
@options.call()
@click.option(
    "--sequences",
    is_flag=True,
    help="Write the output of every timestep (default: what return_sequences of the GRU says).",
)
@options.output("The .npz file to write.")
def run(
    source: SourceFile,
    layer: str | None,
    call: options.CallFiles,
    sequences: bool,
    output: Path,
    force: bool,
) -> None:
    """Run a GRU of FILE over inputs.

    The .npz file holds "output" and "state", which is the last one.
    """
    sources = {"FILE": source.file, **call.paths()}
    check_output("--output", output, sources, force=force, endings=(".npz",))
    gru = source.layer(layer)
    arrays = call.arrays()
    masked = call.mask is not None
    uses = of_call(masked=masked) | (set() if sequences else {"return_sequences"})
    sequences = sequences or gru.config.return_sequences
    gru.change_loop(return_state=True, return_sequences=sequences)
    result: Any = gru(arrays["inputs"], arrays["initial_state"], mask=arrays["mask"])
    report_assumptions([gru], source, uses, masked=masked)
    returned = dict(zip(("output", "state"), result, strict=True))
    shapes = ", ".join(f"{name} {array.shape}" for name, array in returned.items())
    write_files({output: npz_bytes(returned)}, f": {shapes}")
