"""`gru-ref lint-vectors`: what a test of a GRU could not see, and a test that would see it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import click

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.arrays import read_array
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output
from gru_ref.cli.selection import SourceFile
from gru_ref.debugging.lint import Lint
from gru_ref.debugging.lint import lint_vectors as lint
from gru_ref.files import Limits
from gru_ref.files.bundles import RecordedCall, bundle_bytes, load_bundle
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.tables import console
from gru_ref.presentation.text import one_line


@click.command()
@options.source
@options.layer
@options.call(required=False)
@options.file(
    "--outputs", "Y.npy", "Outputs that the test expects (default: what gru-ref computes)."
)
@options.value(
    "--tolerance",
    "X",
    "Absolute tolerance of the test (default 1e-5).",
    type=click.FloatRange(0),
    default=1e-5,
)
@options.value(
    "--relative-tolerance",
    "X",
    "Relative tolerance of the test (default 0).",
    type=click.FloatRange(0),
    default=0.0,
)
@options.as_json()
@options.file(
    "--write-better",
    "FILE.npz",
    "Write a test of the same sizes that catches more mistakes, as a bundle.",
)
@options.force
def lint_vectors(
    source: SourceFile,
    layer: str | None,
    call: options.CallFiles,
    outputs: Path | None,
    tolerance: float,
    relative_tolerance: float,
    as_json: bool,
    write_better: Path | None,
    force: bool,
) -> int:
    """Show which classic mistakes a test cannot catch, given its weights and inputs.

    Each mistake is made on purpose and run on the test's own numbers. The weights are those of a
    GRU of FILE; the inputs are --inputs or, if FILE is a bundle, those of its probe.

    \b
    exit status 0  no test of these sizes was found that catches more
                1  one was found: --write-better writes it
                2  an error
    """
    sources = {"FILE": source.file, **call.paths(), "--outputs": outputs}
    check_output("--write-better", write_better, sources, force=force, endings=(".npz",))
    call.check_inputs({"--outputs": outputs})
    gru = source.gru(layer)
    arrays = call.arrays()
    arrays["x"] = arrays.pop("inputs")
    arrays["outputs"] = read_array(outputs, "--outputs")
    linted = gru
    if call.inputs is None:
        linted, arrays = _probe_call(source, gru)
    found = lint(linted, **arrays, tolerance=tolerance, relative_tolerance=relative_tolerance)
    masked = arrays["mask"] is not None
    report_assumptions([gru], source, of_call(call, masked=masked), masked=masked)
    if write_better is not None:
        write_all({write_better: _better_bundle(gru, found, source.bounds)})
    written = [] if write_better is None else [write_better]
    if as_json:
        print_report(found, file=source.file, layers=[gru], written=written)
    else:
        console().print(found)
        if write_better is not None:
            click.echo(f"Written: {one_line(str(write_better))}")
        elif found.unseen:
            click.echo("--write-better FILE.npz writes it.")
    return 1 if found.unseen else 0


def _probe_call(source: SourceFile, layer: GRU) -> tuple[GRU, dict[str, Any]]:
    """Return the call that a bundle holds of a layer, and the layer returning what it compares."""
    provenance = layer.provenance
    if provenance is None or provenance.format != "bundle":
        raise ValueError("--inputs is needed, since FILE is no bundle")
    probe = load_bundle(source.file, limits=source.bounds).probes[provenance.path]
    # Its outputs are right, which loading has checked, but rounded as the layer's dtype is.
    linted = copy.copy(layer)
    linted.change_loop(return_sequences=probe.outputs.ndim == 3, return_state=False)
    call = {"x": probe.inputs, "initial_state": probe.initial_state, "mask": probe.mask}
    return linted, call


def _better_bundle(layer: GRU, found: Lint, limits: Limits) -> bytes:
    """Return the better tests as a bundle, each a GRU whose probe it is."""
    layers, calls = {}, {}
    for test in found.better.chosen:
        call = test.attempt.calls[0]
        layers[test.name] = GRU.from_config(layer.get_config(), keras_version=layer.keras_version)
        layers[test.name].take_weights(test.attempt.weights)
        calls[test.name] = RecordedCall(call.x, None, call.initial_state, call.mask)
    return bundle_bytes(layers, recorded=calls, limits=limits)
