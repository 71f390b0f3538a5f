"""`gru-ref convert`: a GRU of a file in the layout of another runtime, or for Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from gru_ref.cli import options
from gru_ref.cli.assumptions import EVERYTHING, LAYOUT, report_assumptions
from gru_ref.cli.json_report import print_report, report_text
from gru_ref.cli.output import check_output, write_files
from gru_ref.cli.progress import progress_bar
from gru_ref.cli.selection import OPTION, SourceFile
from gru_ref.cli.targets import KERAS_3, keras3_bytes, layout_bytes, target_files
from gru_ref.cli.text import say
from gru_ref.cli.whole_models import model_facts, plan_model
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
@click.option(
    "--gru-only",
    is_flag=True,
    help="With --to keras3: write the GRUs alone, side by side, and nothing else of the model.",
)
@click.option(
    "--keep-going",
    is_flag=True,
    help="With --to keras3: write placeholders for layers that have no counterpart in Keras 3.",
)
@options.file(
    "--report", "REPORT.json", "With --to keras3: write what changed in each layer, and why."
)
@options.output("File to write; its ending chooses the format.")
@options.as_json()
def convert(
    source: SourceFile,
    layer: str | None,
    target: str,
    batch: int | None,
    weights_only: bool,
    gru_only: bool,
    keep_going: bool,
    report: Path | None,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Convert a GRU of FILE to the layout of another runtime, or the model to Keras 3.

    \b
    --to torch -o w.npz            arrays in the layout of a runtime (or .json)
    --to onnx -o gru.onnx          a model of one GRU node
    --to keras3 -o new.keras       the whole model of FILE, or the GRU of --layer
    --to keras3 -o new.weights.h5  the same; the config is written to new.json

    A model of Keras 1 or 2 keeps every layer that Keras 3 has too. Each change is printed with its
    reason. Layers without a counterpart, such as a Lambda, whose code is never executed, or a class
    of your own, are all listed first, and nothing is written unless --gru-only or --keep-going says
    how to go on. A FILE without the config of a model gives its GRUs alone.
    """
    files = target_files(target, output, weights_only=weights_only)
    _check_options(
        target,
        {"--batch": batch, "--gru-only": gru_only, "--keep-going": keep_going, "--report": report},
    )
    if gru_only and (keep_going or report is not None):
        raise ValueError("--gru-only cannot be given with --keep-going or --report")
    for path in files:
        check_output("--output", path, {"FILE": source.file}, force=force)
    check_output("--report", report, {"FILE": source.file}, force=force, endings=(".json",))
    if target == KERAS_3 and layer is None and not gru_only:
        with progress_bar("convert"):
            model = plan_model(
                source, batch=batch, weights_only=weights_only, keep_going=keep_going
            )
        if model is not None:
            with progress_bar("convert"):
                contents = keras3_bytes(model, files)
            facts = {"target": target, **model_facts(model), "notes": []}
            written = [*contents, *([] if report is None else [report])]
            told = report_text("convert", facts, file=source.file, written=written)
            if report is not None:
                contents[report] = told.encode()
            write_files(contents, quiet=as_json)
            if as_json:
                click.echo(told)
            return
    if keep_going or report is not None:
        raise ValueError("--keep-going and --report need the whole model of a FILE with a config")
    found = source.layers()
    layers = found.grus
    notes: tuple[str, ...] = ()
    if target != KERAS_3:
        place, gru = found.gru_item(layer, OPTION)
        if gru.config.zero_output_for_mask and found.wrapper(place) == "Bidirectional":
            # Bidirectional sets it in both of its layers, whether there are masks or not.
            gru.change_loop(zero_output_for_mask=False)
            notes = (f"{place}: Bidirectional's zeros at masked timesteps are left out",)
        layers = {place: gru}
        contents = {output: layout_bytes(gru, target, output)}
        report_assumptions([gru], source, LAYOUT)
    else:
        if layer is not None:
            layers = dict([found.gru_item(layer, OPTION)])
        if batch is not None and weights_only:
            raise ValueError("--batch cannot be given with --weights-only")
        plan = keras3.plan_of_weights(layers) if weights_only else keras3.plan(layers, batch=batch)
        notes = tuple(plan.notes)
        with progress_bar("convert"):
            contents = keras3_bytes(plan, files)
        report_assumptions(layers.values(), source, EVERYTHING, masked=True)
    for note in notes:
        say(f"note: {note}")
    write_files(contents, quiet=as_json)
    if as_json:
        facts = {"target": target, "notes": notes}
        print_report("convert", facts, file=source.file, layers=layers.values(), written=contents)


def _check_options(target: str, given: Mapping[str, object]) -> None:
    """Refuse options of Keras 3 with another target."""
    for option, value in given.items():
        if target != KERAS_3 and value not in (None, False):
            raise ValueError(f"{option} needs --to {KERAS_3}")
