"""Standard input and output, ``-``, where a file is one array."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import click

from gru_ref.files.limits import Limits

STANDARD = Path("-")


class ArrayPath(click.Path):
    """The path of a file with arrays, or ``-`` for standard input, which one option can read."""

    _READ_BY = f"{__name__}.read_by"

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; refuse ``-`` a second time."""
        path = super().convert(value, param, ctx)
        if path == STANDARD and param is not None and ctx is not None:
            option = param.opts[-1]
            first = ctx.meta.setdefault(self._READ_BY, option)
            if first != option:
                self.fail(f"it is -, as {first} is: standard input holds one array", param, ctx)
        return path


def read_standard_input(option: str) -> io.BytesIO:
    """Return all of standard input.

    Raises
    ------
    ValueError
        It is a terminal, or holds more than `Limits.max_bytes` by default.
    """
    most = Limits().max_bytes
    stream = sys.stdin.buffer
    if stream.isatty():
        raise ValueError(f"{option} is -, standard input, which is a terminal, expected an array")
    data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(
            f"{option} is -, standard input of more than {most:,} bytes, expected a file for it"
        )
    return io.BytesIO(data)


def check_standard_output(option: str, *, binary: bool, as_json: bool) -> None:
    """Refuse ``-`` for an output before any work is done for it.

    Raises
    ------
    ValueError
        The array is binary and standard output a terminal, or --json prints there.
    """
    if as_json:
        raise ValueError(f"{option} is -, standard output, where --json prints; expected a file")
    if binary and sys.stdout.isatty():
        raise ValueError(
            f"{option} is -, standard output, which is a terminal, expected a pipe or a file"
        )


def write_standard_output(data: bytes) -> None:
    """Write bytes to standard output."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
