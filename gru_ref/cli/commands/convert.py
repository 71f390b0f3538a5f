"""`gru-ref convert`: a GRU of a file in the layout of another runtime, or for Keras 3."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.cli import options
from gru_ref.cli.assumptions import EVERYTHING, LAYOUT, report_assumptions
from gru_ref.cli.output import check_output, write_files
from gru_ref.cli.selection import OPTION, SourceFile
from gru_ref.cli.targets import KERAS_3, keras3_bytes, layout_bytes, target_files
from gru_ref.cli.text import one_line
from gru_ref.files.writers import keras3


@click.command()
@options.source
@options.layer
@options.value(
    "--to target",
    "TARGET",
    "Name of a runtime, as `gru-ref layouts` lists them, or keras3.",
    required=True,
)
@options.value(
    "--batch", "N", "With --to keras3: the batch size of stateful GRUs.", type=click.IntRange(1)
)
@click.option(
    "--weights-only",
    is_flag=True,
    help="With --to keras3: write the weights unchanged and no config.",
)
@options.output("File to write; its ending chooses the format.")
def convert(
    source: SourceFile,
    layer: str | None,
    target: str,
    batch: int | None,
    weights_only: bool,
    output: Path,
    force: bool,
) -> None:
    """Convert a GRU of FILE to the layout of another runtime, or to a file that Keras 3 opens.

    \b
    --to torch -o w.npz            arrays in the layout of a runtime (or .json)
    --to onnx -o gru.onnx          a model of one GRU node
    --to keras3 -o new.keras       every GRU of FILE, or the one of --layer
    --to keras3 -o new.weights.h5  the same; the config is written to new.json
    """
    files = target_files(target, output, weights_only=weights_only)
    if batch is not None and target != KERAS_3:
        raise ValueError(f"--batch needs --to {KERAS_3}")
    if batch is not None and weights_only:
        raise ValueError("--batch cannot be given with --weights-only")
    for path in files:
        check_output("--output", path, {"FILE": source.file}, force=force)
    found = source.layers()
    layers = found.grus
    if target != KERAS_3:
        place, gru = found.gru_item(layer, OPTION)
        if gru.config.zero_output_for_mask and found.wrapper(place) == "Bidirectional":
            # Bidirectional sets it in both of its layers, whether there are masks or not.
            gru.change_loop(zero_output_for_mask=False)
            note = f"{place}: Bidirectional's zeros at masked timesteps are left out"
            click.echo(f"gru-ref: note: {one_line(note)}", err=True)
        contents = {output: layout_bytes(gru, target, output)}
        report_assumptions([gru], source, LAYOUT)
    else:
        if layer is not None:
            layers = dict([found.gru_item(layer, OPTION)])
        plan = keras3.plan_of_weights(layers) if weights_only else keras3.plan(layers, batch=batch)
        for note in plan.notes:
            click.echo(f"gru-ref: note: {one_line(note)}", err=True)
        contents = keras3_bytes(plan, files)
        report_assumptions(layers.values(), source, EVERYTHING, masked=True)
    write_files(contents)
