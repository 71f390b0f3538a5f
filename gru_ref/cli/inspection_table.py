"""`gru-ref inspect` as tables of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gru_ref.cli.text import one_line

_HASH = 12  # hexadecimal digits of a hash that are shown
_OWN_ROW = ("reset_after", "activation", "recurrent_activation")


def show(file: str, file_format: str, layers: Sequence[Mapping[str, Any]]) -> None:
    """Print a title, and two tables for each GRU: what it is, and its arrays."""
    console = Console(highlight=False)
    count = f"{len(layers):,} GRU{'s' if len(layers) > 1 else ''}"
    console.print(text(f"{file}: {count}, read as {file_format}"))
    for layer in layers:
        console.print()
        console.print(text(layer["path"], "bold"))
        console.print(Padding(_facts(layer), (0, 0, 0, 2), expand=False))
        console.print(Padding(_arrays(layer["arrays"]), (0, 0, 0, 1), expand=False))


def text(value: object, style: str = "") -> Text:
    """Return what rich prints as it is: no markup, no control characters."""
    return Text(one_line(str(value)), style, overflow="fold")


def _facts(layer: Mapping[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in _rows(layer):
        grid.add_row(name, text(value))
    return grid


def _rows(layer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the rows of the first table."""
    arguments, parameters = layer["arguments"], layer["parameters"]
    if layer["class_name"] not in (None, "GRU"):
        yield "class", layer["class_name"]
    yield "units U", f"{layer['units']:,}"
    yield "features F", f"{layer['features']:,}"
    yield "reset_after", str(arguments["reset_after"])
    yield "activations", f"{_activation(layer, 'activation')} of the candidate"
    yield "", f"{_activation(layer, 'recurrent_activation')} of the gates"
    others = {name: value for name, value in arguments.items() if name not in _OWN_ROW}
    if also := [f"{k}={v}" for k, v in others.items() if bool(v) is not (k == "use_bias")]:
        yield "also", ", ".join(also)
    yield "dtype", layer["dtype"]
    yield "parameters", f"{parameters['count']:,} = {parameters['formula']}"
    yield "written by", _writer(layer)
    if unknown := [name for name in layer["unknown"] if name != "keras_version"]:
        taken = ", ".join(f"{name}={arguments.get(name)}" for name in unknown)
        yield "not said", f"{taken}; --set NAME=VALUE says otherwise"
    for note in layer["notes"]:
        yield "note", note


def _activation(layer: Mapping[str, Any], argument: str) -> str:
    """Return the name of an activation, with the generation where that changes its meaning."""
    name = str(layer["arguments"][argument])
    generation = layer["computed_as"].partition(".")[0]
    return f"{name} (as in Keras {generation})" if name == "hard_sigmoid" else name


def _writer(layer: Mapping[str, Any]) -> str:
    """Return which Keras wrote the file, and which one is computed as if that is not the same."""
    written, computed = layer["keras_version"], layer["computed_as"]
    if written is None:
        return f"not said; taken as Keras {computed}, --keras-version says otherwise"
    return f"Keras {written}"


def _arrays(arrays: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("array", overflow="fold")
    table.add_column("shape", overflow="fold")
    table.add_column("from", justify="right", overflow="fold")
    table.add_column("to", justify="right", overflow="fold")
    table.add_column(f"sha256 ({_HASH} of 64 digits)", overflow="fold")
    for name, array in arrays.items():
        shape = " x ".join(f"{size:,}" for size in array["shape"])
        limits = (_number(array[key]) for key in ("min", "max"))
        table.add_row(name, shape, *limits, array["sha256"][:_HASH])
        for kind in ("nan", "infinite"):
            if array[kind]:
                count = f"{array[kind]:,} {'NaN' if kind == 'nan' else kind}"
                table.add_row(Text(f"  ! {count}", "bold red"))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
