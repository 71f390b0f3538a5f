"""Options that several commands share: how FILE is read, a call of a GRU, what is written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from gru_ref.cli.arrays import read_array, read_states
from gru_ref.cli.selection import SourceFile

F = Callable[..., Any]
# A command opens its files itself, so that its own sentence says what is wrong.
_PATH = click.Path(path_type=Path)


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

    def paths(self) -> dict[str, Path | None]:
        """Return the path that is given for each option."""
        return {f"--{name.replace('_', '-')}": path for name, path in vars(self).items()}

    def check_inputs(self, others: Mapping[str, object]) -> None:
        """Refuse options of a call, and `others`, without the inputs that they belong to.

        Raises
        ------
        ValueError
            There are no inputs, and one of the options is given.
        """
        for option, value in {**self.paths(), **others}.items():
            if self.inputs is None and value is not None:
                raise ValueError(f"{option} needs --inputs")

    def arrays(self, states: Sequence[str] = ("state",)) -> dict[str, Any]:
        """Return the array in each file, None where there is no file.

        Parameters
        ----------
        states : sequence of str
            The names of the states of the layer: with several of them, --initial-state is a `.npz`
            that holds one of each name, and the states are a list.

        Raises
        ------
        OSError, ValueError
            As `read_array` and `read_states`.
        """
        arrays: dict[str, Any] = {}
        for name, (option, path) in zip(vars(self), self.paths().items(), strict=True):
            several = name == "initial_state" and len(states) > 1
            arrays[name] = (
                read_states(path, option, states) if several else read_array(path, option)
            )
        return arrays


def value(names: str, metavar: str, text: str, **settings: Any) -> Callable[[F], F]:
    """Return what adds an option with a value: its names, separated by spaces, and its help."""
    return click.option(*names.split(), metavar=metavar, help=text, **settings)


def file(names: str, metavar: str, text: str, **settings: Any) -> Callable[[F], F]:
    """Return what adds an option that takes the path of a file, as `value` does."""
    return value(names, metavar, text, type=_PATH, **settings)


file_argument = click.argument("file", type=_PATH)
layer = value(
    "--layer",
    "NAME",
    "Name or path of the GRU, as `inspect` shows them, or an ending of the path; may be left out "
    "when FILE has one.",
)
limits = value(
    "--limit limits",
    "NAME=N",
    "Change a limit on reading FILE, such as max_bytes=1e9; may be repeated.",
    multiple=True,
)
initial_state = file("--initial-state", "H.npy", "Initial state, (batch, U) (default: zeros).")
force = click.option("--force", is_flag=True, help="Overwrite existing files.")


def inputs(*, required: bool) -> Callable[[F], F]:
    """Return what adds the option --inputs."""
    return file("--inputs", "X.npy", "Inputs, (batch, time, F).", required=required)


def call(*, required: bool = True) -> Callable[[F], F]:
    """Return what adds the arrays of one call of a GRU: the command takes `CallFiles`."""
    mask = file(
        "--mask",
        "MASK.npy",
        "Mask, (batch, time); True where a timestep is used (default: everywhere).",
    )
    return _gather(CallFiles, "call", inputs(required=required), mask, initial_state)


def output(text: str) -> Callable[[F], F]:
    """Return what adds the options on the file to write; `text` is the help of --output."""
    option = file("-o --output", "FILE", text, required=True)
    return lambda function: _decorate(function, option, force)


def as_json(
    text: str = "Print one JSON object, as gru_ref/cli/schema.json describes it.",
) -> Callable[[F], F]:
    """Return what adds the option --json."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def _decorate(function: F, *decorators: Callable[[F], F]) -> F:
    """Return a function with options, in the order in which its help shows them."""
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def _gather(kind: type, name: str, *decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return what adds options, and hands them over as the fields of one `kind`.

    Each field of `kind` is handed over from the option of its name: there has to be one.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            own = {field.name: values.pop(field.name) for field in fields(kind)}
            return function(**{name: kind(**own)}, **values)

        return _decorate(command, *decorators)

    return decorate


# The argument FILE and the options on how to read it: the command takes a `SourceFile`.
source = _gather(
    SourceFile,
    "source",
    file_argument,
    value(
        "--set settings",
        "NAME=VALUE",
        "Argument of GRU that FILE does not give, such as go_backwards=true; may be repeated.",
        multiple=True,
    ),
    value(
        "--keras-version",
        "VERSION",
        "Keras release that wrote FILE, if FILE does not say: 2, 3, 2.15.0, tf-2.3 or 1.2.2.",
    ),
    file(
        "--config",
        "MODEL.json",
        "Config of the model, as model.to_json() writes it, for a FILE of weights alone.",
    ),
    click.option(
        "--strict", is_flag=True, help="Refuse to assume anything that FILE does not say."
    ),
    limits,
)
