"""`gru-ref lint-vectors`: what a test of a GRU could not see, and a test that would see it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from gru_ref.atomic_write import write_all
from gru_ref.cli import options
from gru_ref.cli.arrays import read_array
from gru_ref.cli.assumptions import of_call, report_assumptions
from gru_ref.cli.output import check_output, print_json
from gru_ref.cli.selection import SourceFile
from gru_ref.debugging.lint import Finding, Lint
from gru_ref.debugging.lint import lint_vectors as lint
from gru_ref.files import Limits
from gru_ref.files.bundles import RecordedCall, bundle_bytes, load_bundle
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.tables import console, headed_table
from gru_ref.presentation.text import one_line

_NAME_WIDTH = 38


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
    arrays["outputs"] = read_array(outputs, "--outputs")
    linted = gru
    if call.inputs is None:
        linted, arrays = _probe_call(source, gru)
    found = lint(linted, **arrays, tolerance=tolerance, relative_tolerance=relative_tolerance)
    masked = arrays["mask"] is not None
    report_assumptions([gru], source, of_call(call, masked=masked), masked=masked)
    if write_better is not None:
        write_all({write_better: _better_bundle(gru, found, source.bounds)})
    if as_json:
        tolerances = {"tolerance": tolerance, "relative_tolerance": relative_tolerance}
        print_json({**tolerances, **_data(found)})
    else:
        _print(found, write_better)
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
    call = {"inputs": probe.inputs, "initial_state": probe.initial_state, "mask": probe.mask}
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


def _data(found: Lint) -> dict[str, Any]:
    """Return what was found as plain data."""
    return {
        "findings": [
            {
                "mistake": one.mistake,
                "meaning": one.meaning,
                "seen": one.seen,
                "error": one.error,
                "hidden_by": [] if one.reason is None else [list(c) for c in one.reason.causes],
                "error_without": None if one.reason is None else one.reason.instead,
                "proved": one.reason is not None and one.reason.proved,
            }
            for one in found.findings
        ],
        "cannot_be_made": list(found.cannot_be_made),
        "better": [{"name": test.name, "sees": sorted(test.seen)} for test in found.better.chosen],
    }


def _print(found: Lint, written: Path | None) -> None:
    """Print what a test sees, what it does not see and why, and what a better one sees.

    Parameters
    ----------
    found : Lint
    written : Path or None
        Where the better test was written to.
    """
    out = console()
    unseen = set(found.unseen)
    never = [one for one in found.findings if not one.seen and one not in unseen]
    _print_mistakes(out, "seen", "off by", ((f, _size(f.error)) for f in found.findings if f.seen))
    _print_mistakes(out, "not seen", "because", ((one, _why(one)) for one in found.unseen))
    for proved, heading in (
        (False, "not seen, nor by any drawn test"),
        (True, "seen by no test of these sizes"),
    ):
        those = (one for one in never if one.reason is not None and one.reason.proved == proved)
        _print_mistakes(out, heading, "because", ((one, _why(one)) for one in those))
    seen = sum(one.seen for one in found.findings)
    out.print(
        Text(f"\nThe test sees {seen} of the {len(found.findings)} mistakes that can be made here.")
    )
    if found.unseen:
        names = " and one with ".join(test.name for test in found.better.chosen)
        where = "--write-better FILE.npz writes it" if written is None else one_line(str(written))
        out.print(
            Text(f"A test of the same sizes with {names} sees {len(found.better.seen)}: {where}.")
        )


def _print_mistakes(
    out: Console, heading: str, other: str, rows: Iterable[tuple[Finding, str]]
) -> None:
    """Print a table of mistakes, if there are any."""
    table = headed_table()
    table.add_column(heading, width=_NAME_WIDTH)
    table.add_column(other)
    for finding, text in rows:
        table.add_row(Text(finding.mistake), Text(text))
    if table.row_count:
        out.print(table)
        out.print()


def _size(error: float) -> str:
    return "arrays do not fit" if error == float("inf") else f"{error:.2g}"


def _why(finding: Finding) -> str:
    """Return what hides a mistake: all of it together, "and" what has to change at once."""
    assert finding.reason is not None  # it is not seen
    why = "; ".join(" and ".join(cause) for cause in finding.reason.causes)
    return f"{why} (off by {_size(finding.error)})" if finding.error else why
