"""What a command prints with --json: one object, of the form that `schema.json` beside this has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from gru_ref.files import Layer
from gru_ref.presentation.plain_data import plain_data
from gru_ref.presentation.report import Report, heading


def print_report(
    report: Report | str,
    facts: Mapping[str, Any] | None = None,
    *,
    file: Path,
    layers: Iterable[Layer] = (),
    written: Iterable[Path] = (),
) -> None:
    """Print what a command found and wrote, and what its numbers rest on: see `report_text`."""
    click.echo(report_text(report, facts, file=file, layers=layers, written=written))


def report_text(
    report: Report | str,
    facts: Mapping[str, Any] | None = None,
    *,
    file: Path,
    layers: Iterable[Layer] = (),
    written: Iterable[Path] = (),
) -> str:
    """Return as JSON what a command found and wrote, and what its numbers rest on.

    Parameters
    ----------
    report : Report or str
        A kind of report alone for a command that returns none.
    facts : mapping, optional
        What the command says besides.
    file : Path
        FILE.
    layers : iterable of layers
        Those of FILE whose numbers are printed or written.
    written : iterable of Path
    """
    data = heading(report) if isinstance(report, str) else report.to_dict()
    provenance = [_provenance(layer) for layer in layers]
    common = {"file": str(file), "provenance": provenance, "written": list(map(str, written))}
    return _text({**data, **(facts or {}), **common})


def print_json(data: Mapping[str, Any]) -> None:
    """Print data as JSON, which has no NaN and no infinity: see `plain_data`."""
    click.echo(_text(data))


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(plain_data(data), indent=2, allow_nan=False)


def _provenance(layer: Layer) -> dict[str, Any]:
    """Return what is read, inferred and assumed of one layer."""
    provenance = layer.provenance
    assert provenance is not None  # it was read from a file
    return {
        "path": provenance.path,
        "format": provenance.format,
        "class_name": provenance.class_name,
        "keras_version": provenance.keras_version,
        "computed_as": layer.keras_version,
        "inferred": {name: one._asdict() for name, one in provenance.inferred.items()},
        "assumed": provenance.assumed,
        "supplied": provenance.supplied,
        "notes": provenance.notes,
    }
