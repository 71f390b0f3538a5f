"""`gru-ref lint-vectors`: what a test of a GRU could not see, and a test that would see it."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gru_ref.cli.options import FilePath, calling, layer_option, reading
from gru_ref.cli.selection import Source, chosen

if TYPE_CHECKING:
    from gru_ref.debugging.lint import Lint
    from gru_ref.files import Limits
    from gru_ref.keras.layers.gru import GRU

# A backspace alone on its line has click keep the lines of the paragraph.
HELP = """Say which classic mistakes a test could not see, given its weights and inputs.

Every mistake is made and run on the test's own numbers. The weights are those of a GRU in FILE;
if FILE is a bundle, the inputs are its probe unless --inputs gives others.

\b
exit status 0  no test of these sizes was found that sees more
            1  one was: --write-better writes it
            2  an error
"""


@click.command("lint-vectors", help=HELP)
@reading
@layer_option
@calling(required=False)
@click.option("--outputs", type=FilePath(), metavar="Y.npy", help="What the test expects.")
@click.option("--tolerance", type=click.FloatRange(0), default=1e-5, help="Of the test; 1e-5.")
@click.option(
    "--relative-tolerance", type=click.FloatRange(0), default=0.0, help="Beside it, as rtol; 0."
)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.option("--write-better", type=FilePath(), metavar="FILE.npz", help="A test that sees more.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def lint_vectors(
    source: Source,
    layer: str | None,
    inputs: Path | None,
    mask: Path | None,
    initial_state: Path | None,
    outputs: Path | None,
    tolerance: float,
    relative_tolerance: float,
    as_json: bool,
    write_better: Path | None,
    force: bool,
) -> int:
    """Lint a test; what the command says of itself is HELP."""
    from gru_ref.atomic_write import write_all
    from gru_ref.cli.arrays import read_optional
    from gru_ref.cli.output import check_free
    from gru_ref.debugging.lint import lint_vectors as lint

    if write_better is not None:
        check_free(write_better, source.file, force=force)
        if not write_better.name.endswith(".npz"):
            raise ValueError(f"--write-better is {str(write_better)!r}, expected a name in .npz")
    one = chosen(source.layers(), layer)
    call = {
        "inputs": read_optional(inputs, "--inputs"),
        "mask": read_optional(mask, "--mask"),
        "initial_state": read_optional(initial_state, "--initial-state"),
        "outputs": read_optional(outputs, "--outputs"),
    }
    linted = one
    if inputs is None:
        given = [name for name, value in call.items() if value is not None]
        linted, call = _of_probe(source, one, given)
    found = lint(linted, **call, tolerance=tolerance, relative_tolerance=relative_tolerance)
    if write_better is not None:
        write_all({write_better: _bundle(one, found, source.bounds)})
    if as_json:
        import json

        data = {"tolerance": tolerance, "relative_tolerance": relative_tolerance, **_data(found)}
        click.echo(json.dumps(data, indent=2, allow_nan=False))
    else:
        from gru_ref.cli import linting_table

        linting_table.show(found, write_better)
    return 1 if found.unseen else 0


def _of_probe(source: Source, layer: GRU, given: list[str]) -> tuple[GRU, dict[str, Any]]:
    """Return the call that a bundle holds of a layer, and the layer returning what it compares."""
    from gru_ref.files.bundles import load_bundle

    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise ValueError(f"{option} is given, expected --inputs beside it")
    origin = layer.origin
    if origin is None or origin.format != "bundle":
        raise ValueError("--inputs is missing, expected the inputs of the test: FILE is no bundle")
    probe = load_bundle(source.file, limits=source.bounds).probes[origin.path]
    # Its outputs are right, which loading has checked, but rounded as the layer's dtype is.
    linted = copy.copy(layer)
    linted.config = replace(
        layer.config, return_sequences=probe.outputs.ndim == 3, return_state=False
    )
    call = {"inputs": probe.inputs, "initial_state": probe.initial_state, "mask": probe.mask}
    return linted, call


def _bundle(layer: GRU, found: Lint, limits: Limits) -> bytes:
    """Return the better tests as a bundle, each a GRU whose probe it is."""
    from gru_ref.files.bundles import Recorded, bundle_bytes
    from gru_ref.keras.layers.gru import GRU

    layers, calls = {}, {}
    for test in found.better.chosen:
        call = test.attempt.calls[0]
        layers[test.name] = GRU.from_config(layer.get_config(), keras_version=layer.keras_version)
        layers[test.name].take_weights(test.attempt.weights)
        calls[test.name] = Recorded(call.x, None, call.initial_state, call.mask)
    return bundle_bytes(layers, recorded=calls, limits=limits)


def _data(found: Lint) -> dict[str, Any]:
    """Return what was found as JSON knows it; an error that is not finite is null."""
    from gru_ref.cli.output import finite

    return {
        "findings": [
            {
                "mistake": one.mistake,
                "meaning": one.meaning,
                "seen": one.seen,
                "error": finite(one.error),
                "hidden_by": [] if one.reason is None else [list(c) for c in one.reason.causes],
                "error_without": None if one.reason is None else finite(one.reason.instead),
                "proved": one.reason is not None and one.reason.proved,
            }
            for one in found.findings
        ],
        "cannot_be_made": list(found.cannot_be_made),
        "better": [{"name": test.name, "sees": sorted(test.seen)} for test in found.better.chosen],
    }
