"""Options that several commands share: how FILE is read, a call of a GRU, what is written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from numpy.typing import NDArray

from gru_ref.cli.arrays import read_array
from gru_ref.cli.selection import Source

F = Callable[..., Any]

INPUTS_HELP = "Inputs, (batch, time, F)."
INITIAL_STATE_HELP = "Initial state, (batch, U) (default: zeros)."


class FilePath(click.Path):
    """A path that the command itself opens, so that its own sentence says what is wrong."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


@dataclass(frozen=True)
class CallFiles:
    """The files that hold the arguments of one call of a GRU.

    Parameters
    ----------
    inputs, mask, initial_state : Path or None
    """

    inputs: Path | None
    mask: Path | None
    initial_state: Path | None

    def arrays(self) -> dict[str, NDArray[Any] | None]:
        """Return the array in each file, None where there is no file.

        Raises
        ------
        OSError, ValueError
            As `read_array`.
        """
        return {
            name: None if path is None else read_array(path, f"--{name.replace('_', '-')}")
            for name, path in vars(self).items()
        }


def source_options(function: F) -> F:
    """Add the argument FILE and the options on how to read it: the command takes a `Source`."""

    @functools.wraps(function)
    def with_source(
        file: Path,
        settings: tuple[str, ...],
        keras_version: str | None,
        limits: tuple[str, ...],
        **others: Any,
    ) -> Any:
        return function(source=Source(file, settings, keras_version, limits), **others)

    for decorate in (
        click.option(
            "--limit",
            "limits",
            multiple=True,
            metavar="NAME=N",
            help="Change a limit on reading FILE, such as max_bytes=1e9; may be repeated.",
        ),
        click.option(
            "--keras-version",
            metavar="VERSION",
            help="Keras release that wrote FILE, if FILE does not say: 2, 3, 2.15.0 or tf-2.3.",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="Argument of GRU that FILE does not give, such as go_backwards=true; may be "
            "repeated.",
        ),
        click.argument("file", type=FilePath()),
    ):
        with_source = decorate(with_source)
    return with_source


def layer_option(function: F) -> F:
    """Add the option that chooses one GRU of FILE."""
    return click.option(
        "--layer",
        metavar="PATH",
        help="Path of the GRU, as `inspect` shows it; may be left out when FILE has one.",
    )(function)


def call_options(*, required: bool = True) -> Callable[[F], F]:
    """Return what adds the arrays of one call of a GRU: the command takes `CallFiles`."""

    def decorated(function: F) -> F:
        @functools.wraps(function)
        def with_call(
            inputs: Path | None, mask: Path | None, initial_state: Path | None, **others: Any
        ) -> Any:
            return function(call=CallFiles(inputs, mask, initial_state), **others)

        for name, metavar, text in (
            ("--initial-state", "H.npy", INITIAL_STATE_HELP),
            (
                "--mask",
                "MASK.npy",
                "Mask, (batch, time); True where a timestep is used (default: everywhere).",
            ),
        ):
            with_call = click.option(name, type=FilePath(), metavar=metavar, help=text)(with_call)
        return click.option(
            "--inputs", type=FilePath(), required=required, metavar="X.npy", help=INPUTS_HELP
        )(with_call)

    return decorated


force_option = click.option("--force", is_flag=True, help="Overwrite existing files.")


def output_options(text: str) -> Callable[[F], F]:
    """Return what adds the options on the file to write; `text` is the help of --output."""

    def decorated(function: F) -> F:
        output = click.option(
            "-o", "--output", type=FilePath(), required=True, metavar="FILE", help=text
        )
        return output(force_option(function))

    return decorated


def json_option(text: str = "Print everything as JSON.") -> Callable[[F], F]:
    """Return what adds the option --json."""
    return click.option("--json", "as_json", is_flag=True, help=text)
