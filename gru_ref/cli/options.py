"""Options that several commands share: how FILE is read, a call of a GRU, what is written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import click

from gru_ref.cli.arrays import read_array, read_states
from gru_ref.cli.selection import SourceFile, is_bundle, layer_probe
from gru_ref.cli.standard_streams import STANDARD, ArrayPath
from gru_ref.cli.text import say
from gru_ref.files import Layer
from gru_ref.files.probe import BundleProbe

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

    def resolve(
        self, source: SourceFile, layer: Layer, states: Sequence[str] = ("state",)
    ) -> tuple[dict[str, Any], BundleProbe | None]:
        """Return the arrays of the call, and the probe of a bundle that stands in for them.

        Where --inputs is left out, FILE is that bundle. Where --inputs is a bundle, --mask and
        --initial-state come before its own. What is taken from a probe is said on standard error.

        Parameters
        ----------
        source : SourceFile
            FILE.
        layer : GRU, RNN or Bidirectional
            The layer of FILE that is called.
        states : sequence of str
            As `arrays` takes them.

        Raises
        ------
        OSError, ValueError
            As `arrays`; or --inputs has not three axes, or is left out and FILE is no bundle; or
            the bundle has no probe for the layer.
        """
        path = source.file if self.inputs is None else self.inputs
        if self.inputs is None:
            provenance = layer.provenance
            if provenance is None or provenance.format != "bundle":
                raise ValueError("--inputs is needed, since FILE is no bundle")
        elif not is_bundle(path, source.bounds):
            arrays = self.arrays(states)
            shape = arrays["inputs"].shape
            if len(shape) != 3:
                raise ValueError(
                    f"--inputs has shape {shape}, expected (batch, timesteps, features): what "
                    "enters the GRU, not what enters the model"
                )
            return arrays, None
        name, probe = layer_probe(path, layer, source.bounds)
        given = replace(self, inputs=None).arrays(states)
        own = {"inputs": probe.inputs, "mask": probe.mask, "initial_state": probe.initial_state}
        if len(states) > 1:  # a probe has the state of one GRU
            del own["initial_state"]
        taken = [one.replace("_", " ") for one in own if given[one] is None]
        say(f"note: {', '.join(taken)}: those of the probe of {name!r} in {path}")
        return {one: own.get(one) if a is None else a for one, a in given.items()}, probe

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


def array(names: str, metavar: str, text: str, **settings: Any) -> Callable[[F], F]:
    """Return what adds an option that takes a file with arrays, or ``-``, as `value` does."""
    return value(names, metavar, text, type=ArrayPath(), **settings)


class _ModelPath(click.Path):
    """The path of a file or folder with layers, which standard input cannot be."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; refuse ``-``, unless a file has that name."""
        path = super().convert(value, param, ctx)
        if path == STANDARD and not path.exists():
            self.fail("it is -, standard input, expected a file of layers", param, ctx)
        return path


file_argument = click.argument("file", type=_ModelPath(path_type=Path))
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
initial_state = array("--initial-state", "H.npy", "Initial state, (batch, U) (default: zeros).")
force = click.option("--force", is_flag=True, help="Overwrite existing files (default: refuse).")


inputs = array(
    "--inputs",
    "X.npy",
    "Inputs of the GRU, (batch, time, F), or a bundle, whose probe they are; - is standard input "
    "(default: the probe of FILE, if it is a bundle).",
)


def call(text: str = "") -> Callable[[F], F]:
    """Return what adds the arrays of one call of a GRU: the command takes `CallFiles`.

    Parameters
    ----------
    text : str
        The help of --inputs, if it is another than that of a call of the layer in FILE.
    """
    mask = array(
        "--mask",
        "MASK.npy",
        "Mask, (batch, time); True where a timestep is used (default: everywhere).",
    )
    of_call = array("--inputs", "X.npy", text) if text else inputs
    return _gather(CallFiles, "call", of_call, mask, initial_state)


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
        "Keras release that wrote FILE, if FILE does not say, such as 2, 3, 2.15.0, tf-2.3 or "
        "1.2.2.",
    ),
    file(
        "--config",
        "MODEL.json",
        "Config of the model, as model.to_json() writes it, for a FILE of weights alone.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Refuse to assume anything that FILE does not say (default: say what is assumed).",
    ),
    limits,
)
