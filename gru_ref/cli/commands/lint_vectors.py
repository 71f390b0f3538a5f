"""`gru-ref lint-vectors`: what a test of a GRU could not see, and a test that would see it."""

from __future__ import annotations

import copy
from pathlib import Path

import click

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.arrays import read_array
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.json_report import print_report
from gru_ref.cli.output import check_output
from gru_ref.cli.progress import INTERRUPTED, progress_bar
from gru_ref.cli.selection import SourceFile
from gru_ref.debugging.lint import Lint
from gru_ref.debugging.lint import lint_vectors as lint
from gru_ref.debugging.mistakes.topics import TOPICS
from gru_ref.debugging.progress import Interrupted
from gru_ref.files import Limits
from gru_ref.files.bundles import RecordedCall, bundle_bytes
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.tables import console
from gru_ref.presentation.text import one_line


@click.command()
@options.source
@options.layer
@options.call()
@options.array(
    "--outputs", "Y.npy", "Outputs that the test expects (default: what gru-ref computes)."
)
@options.value(
    "--tolerance",
    "X",
    "Absolute tolerance of the test (default: 1e-5).",
    type=click.FloatRange(0),
    default=1e-5,
)
@options.value(
    "--relative-tolerance",
    "X",
    "Relative tolerance of the test (default: 0).",
    type=click.FloatRange(0),
    default=0.0,
)
@options.value(
    "--ignore",
    "WORD",
    f"Mistakes that do not count: a topic ({', '.join(TOPICS)}) or the name of a mistake; may be "
    "repeated (default: all count).",
    multiple=True,
)
@options.file(
    "--write-better",
    "FILE.npz",
    "The bundle to write: a test of the same sizes that sees more mistakes, if one is found.",
)
@options.force
@options.as_json()
def lint_vectors(
    source: SourceFile,
    layer: str | None,
    call: options.CallFiles,
    outputs: Path | None,
    tolerance: float,
    relative_tolerance: float,
    ignore: tuple[str, ...],
    as_json: bool,
    write_better: Path | None,
    force: bool,
) -> int:
    """Show which classic mistakes a test cannot see, given its weights and inputs.

    Each mistake is made on purpose and run on the test's own numbers. The weights are those of a
    GRU of FILE; the inputs are --inputs or, if FILE is a bundle, those of its probe.

    \b
    exit status 0    no test of these sizes was found that sees more
                1    one was found: --write-better writes it
                2    an error
                130  an interrupt: prints what is known by then, writes nothing
    """
    sources = {"FILE": source.file, **call.paths(), "--outputs": outputs}
    check_output("--write-better", write_better, sources, force=force, endings=(".npz",))
    gru = linted = source.gru(layer)
    arrays, probe = call.resolve(source, gru)
    arrays["outputs"] = read_array(outputs, "--outputs")
    if probe is not None and outputs is None:
        # Its outputs are right, which loading has checked, but rounded as the layer's dtype is.
        linted = copy.copy(gru)
        linted.change_loop(return_sequences=probe.outputs.ndim == 3, return_state=False)
    uses = of_call(arrays)
    arrays["x"] = arrays.pop("inputs")
    tolerances = {"tolerance": tolerance, "relative_tolerance": relative_tolerance}
    stopped = False
    try:
        with progress_bar("lint-vectors") as progress:
            found = lint(linted, **arrays, **tolerances, ignore=ignore, progress=progress)
    except Interrupted as interrupt:
        found, stopped = interrupt.found, True
    report_assumptions([gru], source, uses, masked=arrays["mask"] is not None)
    written = [] if write_better is None or stopped or not found.unseen else [write_better]
    write_all({path: _better_bundle(gru, found, source.bounds) for path in written})
    left_out = "" if write_better is None or written else one_line(str(write_better))
    why = "interrupted" if stopped else "no test of these sizes was found that sees more"
    status = INTERRUPTED if stopped else 1 if found.unseen else 0
    if as_json:
        facts = {"not_written": [{"path": left_out, "why": why}] if left_out else []}
        print_report(found, facts, file=source.file, layers=[gru], written=written)
        return status
    console().print(found)
    for path in written:
        click.echo(f"Written: {one_line(str(path))}")
    if left_out:
        click.echo(f"Not written: {left_out}; {why}")
    elif found.unseen and not written:
        click.echo("--write-better FILE.npz writes it.")
    return status


def _better_bundle(layer: GRU, found: Lint, limits: Limits) -> bytes:
    """Return the better tests as a bundle, each a GRU whose probe it is."""
    layers, calls = {}, {}
    for test in found.better.chosen:
        call = test.attempt.calls[0]
        layers[test.name] = GRU.from_config(layer.get_config(), keras_version=layer.keras_version)
        layers[test.name].take_weights(test.attempt.weights)
        calls[test.name] = RecordedCall(call.x, None, call.initial_state, call.mask)
    return bundle_bytes(layers, recorded=calls, limits=limits)
