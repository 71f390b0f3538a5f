"""`gru-ref inspect`: the GRUs of a file, as JSON or as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from gru_ref.cli import options
from gru_ref.cli.assumptions import EVERYTHING, configs_offered, refuse_if_strict
from gru_ref.cli.output import print_json
from gru_ref.cli.selection import SourceFile
from gru_ref.files import Layer
from gru_ref.files.choice import GRAPHS
from gru_ref.files.interpretation.found import ROLES
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.plain_data import plain_data
from gru_ref.presentation.tables import console, fact_table, headed_table, indent, plain_text
from gru_ref.provenance import Provenance
from gru_ref.version import __version__

# Said of each GRU, in this order.
_ARGUMENTS = (
    "reset_after", "activation", "recurrent_activation", "use_bias", "go_backwards",
    "return_sequences", "return_state", "stateful", "unroll", "time_major", "zero_output_for_mask",
    "dropout", "recurrent_dropout",
)  # fmt: skip
_HASH = 12  # hexadecimal digits of a hash that are shown
_OWN_ROW = ("reset_after", "activation", "recurrent_activation")


@click.command()
@options.source
@options.as_json("Print everything as JSON, hashes in full.")
def inspect(source: SourceFile, as_json: bool) -> None:
    """Show every GRU of FILE.

    Prints its name in Keras and its path, its sizes and arguments, which of these are inferred or
    assumed, and the range and hash of each array.
    """
    found = source.layers()
    refuse_if_strict(found.layers.values(), source, EVERYTHING, masked=True)
    layers = found.grus
    wholes = {
        inner: found.layers[path] for path, all_of in found.inside.items() for inner in all_of
    }
    described = [layer_data(layer, wholes.get(path)) for path, layer in layers.items()]
    provenance = next(iter(layers.values())).provenance
    assert provenance is not None  # load_layers sets it
    if as_json:
        data = {
            "file": str(source.file),
            "format": provenance.format,
            "gru_ref": __version__,
            "layers": described,
        }
        print_json(data)
        return
    out = console()
    count = f"{len(described):,} GRU{'s' if len(described) > 1 else ''}"
    out.print(plain_text(f"{source.file}: {count}, read as {provenance.format}"))
    for layer in described:
        out.print()
        out.print(plain_text(layer["path"], "bold"))
        out.print(indent(fact_table(_rows(layer))))
        out.print(indent(_array_table(layer["arrays"]), 1))
    if siblings := configs_offered(found.layers.values(), source):
        out.print()
        out.print(plain_text(f"If it is of this model, give --config {siblings}"))


def layer_data(layer: GRU, whole: Layer | None = None) -> dict[str, Any]:
    """Return everything about one GRU that was read from a file, as JSON has it.

    Parameters
    ----------
    layer : GRU
        As `gru_ref.load_grus` returns it.
    whole : Bidirectional or RNN, optional
        The layer that it is a part of.
    """
    provenance = layer.provenance
    assert provenance is not None  # load_layers sets it
    weights = dict(zip(ROLES, layer.get_weights(), strict=False))
    units, features = layer.config.units, int(weights["kernel"].shape[0])
    return {
        "path": provenance.path,
        "class_name": provenance.class_name,
        "name": provenance.names[-1] if provenance.names else None,
        "names": list(provenance.names),
        "named_by": "the graph" if provenance.format in GRAPHS else "Keras",
        "part_of": _part_of(whole),
        "units": units,
        "features": features,
        "dtype": provenance.dtype,
        "arguments": {name: plain_data(getattr(layer.config, name)) for name in _ARGUMENTS},
        "parameters": {
            "count": layer.count_params(),
            "formula": _formula(weights.get("bias")),
            "U": units,
            "F": features,
        },
        "keras_version": provenance.keras_version,
        "computed_as": layer.keras_version,
        "inferred": {name: one._asdict() for name, one in provenance.inferred.items()},
        "assumed": dict(provenance.assumed),
        "supplied": dict(provenance.supplied),
        "notes": list(provenance.notes),
        "arrays": {name: _array_data(array, name, provenance) for name, array in weights.items()},
        "config": provenance.config,
    }


def _part_of(whole: Layer | None) -> dict[str, Any] | None:
    """Return the layer that a GRU is a part of, as JSON has it."""
    provenance = None if whole is None else whole.provenance
    if provenance is None:
        return None
    return {
        "path": provenance.path,
        "class_name": provenance.class_name,
        "name": provenance.names[-1] if provenance.names else None,
        "described": provenance.config is not None,
    }


def _formula(bias: NDArray[Any] | None) -> str:
    """Return the formula of the parameter count for this form of bias."""
    if bias is None:
        return "3*(U*F + U*U)"
    return "3*(U*F + U*U + 2*U)" if bias.ndim == 2 else "3*(U*F + U*U + U)"


def _array_data(array: NDArray[Any], name: str, provenance: Provenance) -> dict[str, Any]:
    """Return the shape, the range of the finite numbers, what is not finite, and the hash."""
    finite = array[np.isfinite(array)]
    return {
        "shape": list(array.shape),
        "min": float(finite.min()) if finite.size else None,
        "max": float(finite.max()) if finite.size else None,
        "nan": int(np.isnan(array).sum()),
        "infinite": int(np.isinf(array).sum()),
        "sha256": provenance.sha256[name],
    }


def _rows(layer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the rows of the first table."""
    arguments, parameters = layer["arguments"], layer["parameters"]
    if layer["class_name"] not in (None, "GRU"):
        yield "class", layer["class_name"]
    if layer["names"]:
        *outer, name = layer["names"]
        label = "name" if layer["named_by"] == "Keras" else "in graph"
        yield label, ", in ".join([name, *reversed(outer)])
    if (whole := layer["part_of"]) and not whole["described"]:  # else a note says it
        yield "part of", f"the {whole['class_name']} at {whole['path']}, as its names show"
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
    for name, inference in layer["inferred"].items():
        yield "inferred", f"{name}={inference['value']} from {inference['source']}"
    if assumed := [n for n in layer["assumed"] if n not in ("keras_version", "class_name")]:
        taken = ", ".join(f"{name}={layer['assumed'][name]}" for name in assumed)
        yield "assumed", f"{taken}; --set NAME=VALUE says otherwise"
    if "class_name" in layer["assumed"]:
        yield (
            "assumed",
            f"{layer['class_name']} is a GRU: the code of the class is not in the file",
        )
    for note in layer["notes"]:
        yield "note", note


def _activation(layer: Mapping[str, Any], argument: str) -> str:
    """Return the name of an activation, with the generation where that changes its meaning."""
    name = str(layer["arguments"][argument])
    generation = layer["computed_as"].partition(".")[0]
    return f"{name} (as in Keras {generation})" if name == "hard_sigmoid" else name


def _writer(layer: Mapping[str, Any]) -> str:
    """Return the Keras that wrote the file, or the one that is assumed."""
    written, computed = layer["keras_version"], layer["computed_as"]
    if written is None and "keras_version" not in layer["assumed"]:
        return f"not said; computed as Keras {computed}"
    if written is None:
        return f"not said; taken as Keras {computed}, --keras-version says otherwise"
    return f"Keras {written}"


def _array_table(arrays: Mapping[str, Mapping[str, Any]]) -> Table:
    table = headed_table()
    for heading in ("array", "shape", "from", "to", f"sha256 ({_HASH} of 64 digits)"):
        table.add_column(heading, overflow="fold")
    for column in table.columns[2:4]:
        column.justify = "right"
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
