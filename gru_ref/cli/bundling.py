"""`gru-ref bundle`: GRUs of a file, where they come from and a probe of each, in one .npz."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.cli.options import FilePath, calling, reading, writing
from gru_ref.cli.selection import Source, chosen
from gru_ref.cli.text import one_line

# A backspace alone on its line has click keep the lines of the paragraph.
HELP = """Write GRUs of FILE into one .npz that verifies itself.

It holds the weights, the config, where they come from, and a probe: inputs, outputs, states.
Loading it checks them all, and numpy.load alone reads it.

\b
gru-ref bundle model.keras -o gru.npz            a probe drawn from --seed
gru-ref bundle … --inputs x.npy --theirs y.npy   the live model's own, checked
"""


@click.command("bundle", help=HELP)
@reading
@click.option(
    "--layer", "paths", multiple=True, metavar="PATH", help="A GRU of FILE; all without, or again."
)
@click.option("--seed", type=click.IntRange(0), help="Of the probe's inputs; 0.")
@calling(required=False)
@click.option("--theirs", type=FilePath(), metavar="Y.npy", help="What the live model returned.")
@click.option("--tolerance", type=click.FloatRange(0), help="Of --theirs; without, of rounding.")
@writing
def bundle(
    source: Source,
    paths: tuple[str, ...],
    seed: int | None,
    inputs: Path | None,
    mask: Path | None,
    initial_state: Path | None,
    theirs: Path | None,
    tolerance: float | None,
    output: Path,
    force: bool,
) -> None:
    """Write a bundle; what the command says of itself is HELP."""
    from gru_ref.cli.arrays import read_array, read_optional
    from gru_ref.cli.output import check_free, write_all
    from gru_ref.files.bundles import Recorded, bundle_bytes

    check_free(output, source.file, force=force)
    if not output.name.endswith(".npz"):
        raise ValueError(f"output is {str(output)!r}, expected a name in .npz")
    others = {"--mask": mask, "--initial-state": initial_state, "--theirs": theirs}
    for option, value in {**others, "--tolerance": tolerance}.items():
        if value is not None and inputs is None:
            raise ValueError(f"--inputs is missing, expected it beside {option}")
    if seed is not None and inputs is not None:
        raise ValueError("--seed is given, expected no --inputs beside it: it draws them")
    recorded = None
    if inputs is not None:
        used = read_optional(mask, "--mask")
        recorded = Recorded(
            read_array(inputs, "--inputs"),
            read_optional(theirs, "--theirs"),
            read_optional(initial_state, "--initial-state"),
            None if used is None else used.astype(bool),
            tolerance,
        )
    layers = source.layers()
    if paths:
        layers = {path: chosen(layers, path) for path in paths}
    made = bundle_bytes(layers, seed=seed or 0, recorded=recorded, limits=source.bounds)
    write_all({output: made})
    count = "1 GRU" if len(layers) == 1 else f"{len(layers)} GRUs"
    probe = f"seed {seed or 0}" if inputs is None else one_line(str(inputs))
    by = "gru_ref" if theirs is None else "the live model, checked"
    click.echo(f"{one_line(str(output))}: {count}, probe: inputs of {probe}, outputs by {by}")
