"""Options that several commands share: how FILE is read, a call of a GRU, what is written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gru_ref.cli.selection import Source

F = Callable[..., Any]


class FilePath(click.Path):
    """A path that the command itself opens, so that its own sentence says what is wrong."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


def reading(function: F) -> F:
    """Add the argument FILE and the options on how to read it: the command takes a `Source`."""

    @functools.wraps(function)
    def with_source(
        file: Path,
        settings: tuple[str, ...],
        keras_version: str | None,
        limits: tuple[str, ...],
        **others: Any,
    ) -> Any:
        return function(Source(file, settings, keras_version, limits), **others)

    for decorate in (
        click.option(
            "--limit",
            "limits",
            multiple=True,
            metavar="NAME=N",
            help="Move a limit on what the file may make this command do: max_bytes=1e9.",
        ),
        click.option(
            "--keras-version",
            metavar="VERSION",
            help="Which Keras wrote the file, if it does not say: 2, 3, 2.15.0, tf-2.3.",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="An argument of GRU that the file does not say: go_backwards=true.",
        ),
        click.argument("file", type=FilePath()),
    ):
        with_source = decorate(with_source)
    return with_source


def layer_option(function: F) -> F:
    """Add the option that chooses one GRU of FILE."""
    return click.option(
        "--layer", metavar="PATH", help="Which GRU, as inspect shows it; the only one if one."
    )(function)


def calling(*, required: bool = True) -> Callable[[F], F]:
    """Return what adds the arrays of one call: --inputs, --mask, --initial-state."""

    def decorated(function: F) -> F:
        for name, metavar, text in (
            ("--initial-state", "H.npy", "(batch, U); zeros without"),
            ("--mask", "MASK.npy", "(batch, time); true: use the step"),
        ):
            function = click.option(name, type=FilePath(), metavar=metavar, help=text)(function)
        return click.option(
            "--inputs", type=FilePath(), required=required, metavar="X.npy", help="(batch, time, F)"
        )(function)

    return decorated


def writing(function: F) -> F:
    """Add the options on the file to write."""
    for decorate in (
        click.option("--force", is_flag=True, help="Overwrite what is there."),
        click.option("-o", "--output", type=FilePath(), required=True, metavar="FILE"),
    ):
        function = decorate(function)
    return function
