"""The pages of the documentation, followed in this process: what their commands print."""

from __future__ import annotations

import contextlib
import io
import runpy
import shlex
import sys
from typing import NamedTuple

import pytest

from parity_tests.tests.support.cli_runner import invoke


class Printed(NamedTuple):
    """What a command of a page did."""

    status: int
    out: str
    err: str


def follow(command: str, monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Run ``gru-ref …``, ``python FILE …`` or ``python -c CODE``, as a page writes it."""
    program, *arguments = shlex.split(command)
    if program == "gru-ref":
        return Printed(*invoke(*arguments))
    assert program == "python", command
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if arguments[0] == "-c":
            exec(arguments[1], {})
        else:
            monkeypatch.setattr(sys, "argv", arguments)
            runpy.run_path(arguments[0], run_name="__main__")
    return Printed(0, out.getvalue(), "")
