"""`gru-ref` run in this process, on a terminal of 80 columns, and how it is to fail."""

from __future__ import annotations

import contextlib
import importlib.resources
import io
import json
import os
from typing import Any, NamedTuple
from unittest import mock

import jsonschema

import gru_ref
from gru_ref.cli.group import command

SCHEMA: dict[str, Any] = json.loads(
    importlib.resources.files("gru_ref.cli").joinpath("schema.json").read_text(encoding="utf-8")
)


class CommandResult(NamedTuple):
    """How a command ended."""

    status: Any
    out: str
    err: str


def invoke(*arguments: object) -> CommandResult:
    """Run a command of gru-ref and return how it ended; what --json prints is checked."""
    out, err = io.StringIO(), io.StringIO()
    status: Any = None
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "80"}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            command([str(argument) for argument in arguments], prog_name="gru-ref")
        except SystemExit as ended:
            status = ended.code
    ended = CommandResult(status, out.getvalue(), err.getvalue())
    if "--json" in arguments and status in (0, 1):
        check_report(json.loads(ended.out))
    return ended


def check_report(report: dict[str, Any]) -> None:
    """Check that what a command prints with --json is of its kind in the schema."""
    of_kind = {**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{report['report']}"}]}  # says what is wrong
    for schema in (of_kind, SCHEMA):
        jsonschema.Draft202012Validator(schema).validate(report)
    assert report["gru_ref"] == gru_ref.__version__


def check_shown(ended: CommandResult, status: int = 0) -> str:
    """Check that a command ended with a status and wrote 80 columns at most, no error among them.

    Returns
    -------
    str
        What it wrote, in one line.
    """
    assert (ended.status, without_assumptions(ended.err)) == (status, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    return " ".join(ended.out.split())


def without_assumptions(err: str) -> str:
    """Return standard error without the list of what is assumed, which opens it."""
    lines = err.splitlines(keepends=True)
    if lines and "does not say all that these numbers rest on" in lines[0]:
        listed = [line for line in lines if line.startswith("  ")]
        assert lines[1 : 1 + len(listed)] == listed
        assert max(map(len, listed)) <= 81  # the newline among them
        return "".join(lines[1 + len(listed) :])
    return err


def check_failed(ended: CommandResult, *says: str) -> None:
    """Check that a command failed with one line on standard error, which says all of `says`."""
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("gru-ref: ")
    assert ended.err.count("\n") == 1
    for part in says:
        assert part in ended.err
