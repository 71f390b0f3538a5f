"""The commands of ``gru-ref``, their options and their help; what they do is imported when run."""

from __future__ import annotations

from pathlib import Path

import click

from gru_ref.cli.bundling import bundle
from gru_ref.cli.diffing import diff
from gru_ref.cli.doctoring import doctor
from gru_ref.cli.linting import lint_vectors
from gru_ref.cli.one_line import Group
from gru_ref.cli.options import calling, layer_option, reading, writing
from gru_ref.cli.selection import Source, chosen
from gru_ref.cli.text import one_line
from gru_ref.cli.tracing import trace
from gru_ref.version import __version__


@click.group(
    cls=Group, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="gru-ref", message="%(prog)s %(version)s")
def command() -> None:
    """Inspect, run and convert the GRUs in files of Keras 1, 2 and 3, without TensorFlow."""


@command.command()
@reading
@click.option("--json", "as_json", is_flag=True, help="Everything, hashes in full, as JSON.")
def inspect(source: Source, as_json: bool) -> None:
    """Show every GRU of FILE: sizes, arguments, what FILE does not say, ranges and hashes."""
    from gru_ref.cli import inspection

    layers = source.layers()
    described = [inspection.of_layer(layer) for layer in layers.values()]
    origin = next(iter(layers.values())).origin
    assert origin is not None  # load_layers sets it
    if as_json:
        import json

        data = {
            "file": str(source.file),
            "format": origin.format,
            "gru_ref": __version__,
            "layers": described,
        }
        click.echo(json.dumps(data, indent=2, allow_nan=False))
        return
    from gru_ref.cli import inspection_table

    inspection_table.show(str(source.file), origin.format, described)


@command.command()
@reading
@layer_option
@calling()
@click.option("--sequences", is_flag=True, help="The output of every step, whatever FILE says.")
@writing
def run(
    source: Source,
    layer: str | None,
    inputs: Path,
    mask: Path | None,
    initial_state: Path | None,
    sequences: bool,
    output: Path,
    force: bool,
) -> None:
    """Run a GRU of FILE over an input; write "output" and "state", the last one, to a .npz."""
    from gru_ref.cli import running
    from gru_ref.cli.arrays import read_array, read_optional
    from gru_ref.cli.output import check_free, write_all

    check_free(output, source.file, force=force)
    if not output.name.endswith(".npz"):
        raise ValueError(f"output is {str(output)!r}, expected a name in .npz")
    made = running.run(
        chosen(source.layers(), layer),
        read_array(inputs, "--inputs"),
        mask=read_optional(mask, "--mask"),
        initial_state=read_optional(initial_state, "--initial-state"),
        sequences=sequences,
    )
    write_all({output: running.npz(made)})
    shapes = ", ".join(f"{name} {array.shape}" for name, array in made.items())
    click.echo(f"{one_line(str(output))}: {shapes}")


# A backspace alone on its line has click keep the lines of the paragraph.
CONVERT_HELP = """Convert a GRU of FILE to the layout of another runtime, or to a file that Keras 3
opens.

\b
--to torch -o w.npz           any layout, as arrays (or .json)
--to onnx -o gru.onnx         a model of one GRU node
--to keras3 -o new.keras      every GRU of FILE, or that of --layer
--to keras3 -o new.weights.h5 the same, its config in new.json
"""


@command.command(help=CONVERT_HELP)
@reading
@layer_option
@click.option("--to", "target", required=True, metavar="TARGET", help="See gru-ref layouts.")
@click.option("--batch", type=click.IntRange(1), help="keras3: the batch of stateful layers.")
@click.option("--weights-only", is_flag=True, help="keras3: the arrays untouched, no config.")
@writing
def convert(
    source: Source,
    layer: str | None,
    target: str,
    batch: int | None,
    weights_only: bool,
    output: Path,
    force: bool,
) -> None:
    """Convert a GRU; what the command says of itself is CONVERT_HELP."""
    from gru_ref.cli import converting
    from gru_ref.cli.output import check_free, write_all
    from gru_ref.files.writers import keras3

    converting.check_target(target)
    if batch is not None:
        converting.check_batch(target, weights_only=weights_only)
    files = converting.outputs_of(target, output, weights_only=weights_only)
    for path in files:
        check_free(path, source.file, force=force)
    layers = source.layers()
    if target != converting.KERAS_3:
        one = chosen(layers, layer)
        write_all({output: converting.layout_bytes(one, target, output)})
    else:
        if layer is not None:
            layers = {layer: chosen(layers, layer)}
        planned = (
            keras3.plan_of_weights(layers) if weights_only else keras3.plan(layers, batch=batch)
        )
        for note in planned.notes:
            click.echo(f"gru-ref: note: {one_line(note)}", err=True)
        write_all(converting.keras3_bytes(planned, files))
    click.echo(", ".join(one_line(str(path)) for path in files))


@command.command()
@click.argument("name", required=False)
def layouts(name: str | None) -> None:
    """Show how each runtime lays a GRU out, or all about the one called NAME."""
    from gru_ref.cli import layouts_table

    if name is None:
        layouts_table.show_all()
    else:
        layouts_table.show_one(name)


for one in (diff, trace, bundle, lint_vectors, doctor):
    command.add_command(one)
