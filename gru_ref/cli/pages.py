"""The pages of commands: what a result's own page has, the call, what is assumed, the command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from gru_ref.cli.assumptions import assumption_rows, of_call
from gru_ref.cli.options import CallFiles
from gru_ref.cli.output import check_output
from gru_ref.cli.selection import SourceFile
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.document import (
    Column,
    Command,
    Document,
    FactList,
    PageTable,
    Row,
    Section,
)
from gru_ref.presentation.page import environment, page
from gru_ref.presentation.text import one_line


def check_page(path: Path | None, sources: Mapping[str, Path | None], *, force: bool) -> None:
    """Refuse the path of a page, or a page without jinja2, before any work is done for it.

    Raises
    ------
    ValueError
        As `gru_ref.cli.output.check_output`.
    ImportError
        jinja2 is not installed.
    """
    check_output("--html", path, sources, force=force, endings=(".html",))
    if path is not None:
        environment()


def call_page(
    document: Document, gru: GRU, source: SourceFile, call: CallFiles, arrays: dict[str, Any]
) -> bytes:
    """Return the page of a command that calls a GRU of FILE.

    Parameters
    ----------
    document : Document
        The result.
    gru : GRU
    source : SourceFile
    call : CallFiles
    arrays : dict
        As `call.resolve` returns them.

    Raises
    ------
    ImportError
        jinja2 is not installed.
    """
    name = gru.name if gru.provenance is None else gru.provenance.path
    sections = [Section("The call", (FactList(tuple(_facts(gru, source, call, arrays))),))]
    for path, rows in assumption_rows(
        [gru], of_call(arrays), masked=arrays["mask"] is not None
    ).items():
        columns = Column("taken"), Column("why, or what says otherwise")
        table = PageTable(columns, [Row(row) for row in rows])
        of_path = "" if path == "." else f" of {one_line(path)}"
        sections.append(Section(f"What the file does not say{of_path}", (table,)))
    command = click.get_current_context().find_root().obj
    made = (
        Command(shlex.join(command)),
        FactList((("NumPy", np.__version__),)),
    )
    sections.append(Section("The command that made this page", made))
    subject = one_line(source.file.name) + ("" if name == "." else f", {one_line(name)}")
    return page(document.with_subject(f"gru-ref {document.kind}", subject, sections))


def _facts(
    gru: GRU, source: SourceFile, call: CallFiles, arrays: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what was run over what."""
    features = gru.weight_shapes()["kernel"][0]
    batch, timesteps = gru.config.batch_and_time(arrays["inputs"].shape)
    yield "file", one_line(str(source.file))
    yield "GRU", f"{gru.units} units, {features} features, computed as Keras {gru.keras_version}"
    inputs = one_line(str(call.inputs or "the probe of FILE"))
    yield "inputs", f"{inputs}: batch {batch}, {timesteps} timesteps"
    mask = arrays["mask"]
    if mask is None:
        yield "mask", "none"
    else:
        masked = int(np.size(mask) - np.count_nonzero(mask))
        whence = one_line(str(call.mask or "of the probe"))
        yield "mask", f"{whence}: {masked:,} of {mask.size:,} steps masked"
    state = call.initial_state
    zeros = "zeros" if arrays["initial_state"] is None else "of the probe"
    yield "initial state", zeros if state is None else one_line(str(state))
