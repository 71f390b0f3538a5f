"""What the numbers of a command rest on that FILE does not say: listed, or refused by --strict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from gru_ref.cli.options import CallFiles
from gru_ref.cli.selection import SourceFile
from gru_ref.cli.text import one_line
from gru_ref.files import Layer
from gru_ref.files.interpretation.given_config import sibling_configs
from gru_ref.keras.activations import tables
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.bidirectional import Bidirectional
from gru_ref.keras.layers.rnn import RNN
from gru_ref.provenance import Provenance

# What a layer in another layout rests on: all that changes a state.
LAYOUT = frozenset((
    "activation", "recurrent_activation", "go_backwards", "reset_after", "class_name",
    "keras_version", "layout",
))  # fmt: skip
# What one call rests on, beside these.
CALL = LAYOUT | {"time_major"}
MASKED_CALL = CALL | {"zero_output_for_mask"}
# What a Bidirectional, or an RNN of several cells, rests on besides.
WHOLE = frozenset(("merge_mode", "wrapper"))
# What is written whole rests on everything.
EVERYTHING = MASKED_CALL | {
    "dropout", "recurrent_dropout", "return_sequences", "return_state", "stateful", "merge_mode",
}  # fmt: skip
_ACTIVATIONS = ("activation", "recurrent_activation")
_OPTIONS = {
    "keras_version": "--keras-version VERSION",
    "mask": "--mask MASK.npy",
    "initial_state": "--initial-state H.npy",
}
_VALUES = {
    "activation": "NAME", "recurrent_activation": "NAME", "merge_mode": "MODE", "dropout": "RATE",
    "recurrent_dropout": "RATE",
}  # fmt: skip


def of_call(call: CallFiles, *, masked: bool | None = None) -> frozenset[str]:
    """Return what a call rests on.

    Parameters
    ----------
    call : CallFiles
        A mask or an initial state that is not given is one that FILE may have.
    masked : bool, optional
        Whether there is a mask; by default whether `call` has one.
    """
    uses = MASKED_CALL if masked or call.mask is not None else CALL
    absent = {name for name in ("mask", "initial_state") if getattr(call, name) is None}
    return uses | absent if masked is None else uses


def report_assumptions(
    layers: Iterable[Layer], source: SourceFile, uses: frozenset[str], *, masked: bool = False
) -> None:
    """Print on standard error what is assumed or inferred of some layers, if `uses` names it.

    Parameters
    ----------
    layers : iterable of GRU, RNN or Bidirectional
        Those whose numbers the command prints or writes.
    source : SourceFile
        The file that they are of.
    uses : set of str
        The arguments that can change these numbers.
    masked : bool
        Whether a mask is given: releases differ in what they do with one.

    Raises
    ------
    ValueError
        Something is assumed, and `source.strict` is set.
    """
    assumed: list[str] = []
    lines: list[str] = []
    for layer in layers:
        provenance = layer.provenance
        if provenance is None:
            continue
        used = uses if _release_matters(layer, masked=masked) else uses - {"keras_version"}
        rows = list(_rows(provenance, used))
        lines += [f"  {one_line(provenance.path)}", *rows] if rows else []
        assumed += [f"{name}={value}" for name, value in _named(provenance.assumed, used)]
    file = one_line(str(source.file))
    if source.strict and assumed:
        listed = ", ".join(dict.fromkeys(assumed))
        raise ValueError(
            f"{file} does not say {listed}, expected every one of them with --strict: give it by "
            "--set, --keras-version or --config"
        )
    if not lines:
        return
    what = "does not say all that these numbers rest on" if assumed else "says by its names"
    for line in [f"gru-ref: {file} {what}:", *lines]:
        click.echo(line, err=True)
    if assumed and source.config is None and (siblings := sibling_configs(source.file)):
        names = " or ".join(one_line(str(path)) for path in siblings)
        click.echo(f"  If it is of this model, give --config {names}", err=True)


def _rows(provenance: Provenance, used: frozenset[str]) -> Iterator[str]:
    """Yield a row for each argument that is assumed or inferred."""
    for name, value in _named(provenance.assumed, used):
        option = _OPTIONS.get(name, f"--set {name}={_VALUES.get(name) or _other(value)}")
        yield f"    {_stated(name, value, provenance):26}  assumed; {option}"
    for name, inference in _named(provenance.inferred, used):
        stated = _stated(name, inference.value, provenance)
        yield f"    {stated:26}  from {one_line(inference.source)}"


def _named(values: Mapping[str, Any], used: frozenset[str]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in values.items() if name in used]


def _stated(name: str, value: Any, provenance: Provenance) -> str:
    if name == "class_name":
        return one_line(f"{provenance.class_name} is a GRU")
    return one_line(f"{name}={value}")


def _other(value: Any) -> str:
    """Return what settles a flag, or a class."""
    return "true|false" if isinstance(value, bool) else str(value)


def _release_matters(layer: Layer, *, masked: bool) -> bool:
    """Return whether the newest releases of both generations could compute otherwise."""
    configs = _configs(layer)
    if masked or any(config.variable_dtype.itemsize < 4 for config in configs):
        return True
    names = [getattr(config, name) for config in configs for name in _ACTIVATIONS]
    return any(
        name is not None
        and (not isinstance(name, str) or tables.KERAS_2.get(name) is not tables.KERAS_3.get(name))
        for name in names
    )


def _configs(layer: Layer) -> list[GRUConfig]:
    """Return the config of every GRU in a layer."""
    if isinstance(layer, Bidirectional):
        return [*_configs(layer.forward_layer), *_configs(layer.backward_layer)]
    return [cell.config for cell in layer.cells] if isinstance(layer, RNN) else [layer.config]
