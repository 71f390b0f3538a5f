"""`gru-ref bundle`: GRUs of a file, where they come from and a probe of each, in one .npz."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.cli import options
from gru_ref.cli.arrays import read_array
from gru_ref.cli.assumptions import EVERYTHING, report_assumptions
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output, write_files
from gru_ref.cli.progress import progress_bar
from gru_ref.cli.selection import OPTION, SourceFile
from gru_ref.files.bundles import RecordedCall, bundle_bytes
from gru_ref.presentation.text import one_line


@click.command()
@options.source
@options.value(
    "--layer words",
    "NAME",
    "Name or path of a GRU, as `inspect` shows them; may be repeated (default: every GRU of FILE).",
    multiple=True,
)
@options.value(
    "--seed",
    "N",
    "Seed of the inputs that are drawn for the probe (default: 0).",
    type=click.IntRange(0),
)
@options.call(
    "Inputs of the GRU, (batch, time, F), or a bundle, whose probe they are; - is standard input "
    "(default: drawn from --seed)."
)
@options.array(
    "--theirs", "Y.npy", "Outputs of the live model for --inputs (default: what gru-ref computes)."
)
@options.value(
    "--tolerance",
    "X",
    "Absolute tolerance of --theirs (default: the measured rounding error).",
    type=click.FloatRange(0),
)
@options.output("The .npz file to write.")
@options.as_json()
def bundle(
    source: SourceFile,
    words: tuple[str, ...],
    seed: int | None,
    call: options.CallFiles,
    theirs: Path | None,
    tolerance: float | None,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Write GRUs of FILE to one .npz that verifies itself.

    It holds the weights, the config, where they come from, and a probe: inputs, outputs and states.
    Loading the bundle checks all of them; numpy.load alone reads it.

    \b
    gru-ref bundle model.keras -o gru.npz            inputs are drawn from --seed
    gru-ref bundle … --inputs x.npy --theirs y.npy   outputs are the live model's
    """
    sources = {"FILE": source.file, **call.paths(), "--theirs": theirs}
    check_output("--output", output, sources, force=force, endings=(".npz",))
    call.check_inputs({"--theirs": theirs, "--tolerance": tolerance})
    if tolerance is not None and theirs is None:
        raise ValueError("--tolerance needs --theirs: what gru-ref computes itself needs none")
    if seed is not None and call.inputs is not None:
        raise ValueError("--seed cannot be given with --inputs: it draws the inputs")
    found = source.layers()
    layers = found.grus
    if words:
        layers = dict(found.gru_item(word, OPTION) for word in words)
    recorded = None
    if call.inputs is not None:
        arrays, _ = call.resolve(source, next(iter(layers.values())))
        mask = arrays["mask"]
        recorded = RecordedCall(
            arrays["inputs"],
            read_array(theirs, "--theirs"),
            arrays["initial_state"],
            None if mask is None else mask.astype(bool),
            tolerance,
        )
    with progress_bar("bundle"):
        data = bundle_bytes(layers, seed=seed or 0, recorded=recorded, limits=source.bounds)
    report_assumptions(layers.values(), source, EVERYTHING, masked=True)
    count = "1 GRU" if len(layers) == 1 else f"{len(layers)} GRUs"
    probe = f"seed {seed or 0}" if call.inputs is None else one_line(str(call.inputs))
    by = "gru_ref" if theirs is None else "the live model, checked"
    told = f": {count}, probe: inputs of {probe}, outputs by {by}"
    write_files({output: data}, told, quiet=as_json)
    if as_json:
        facts = {"layers": list(layers), "probe": {"inputs": probe, "outputs": by}}
        print_report("bundle", facts, file=source.file, layers=layers.values(), written=[output])
