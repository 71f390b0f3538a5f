"""What the numbers of a command rest on that FILE does not say: listed, or refused by --strict."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import click

from gru_ref.cli.selection import SourceFile
from gru_ref.files import Layer
from gru_ref.files.interpretation.given_config import config_candidates
from gru_ref.keras.activations import tables
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.bidirectional import Bidirectional
from gru_ref.keras.layers.rnn import RNN
from gru_ref.presentation.text import one_line
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
_LINE, _COLUMN = 80, 28  # letters of a line, and of its first column
_RELEASE = frozenset(("keras_version",))
_OPTIONS = {
    "keras_version": "--keras-version VERSION",
    "mask": "--mask MASK.npy",
    "initial_state": "--initial-state H.npy",
}
_VALUES = {
    "activation": "NAME", "recurrent_activation": "NAME", "merge_mode": "MODE", "dropout": "RATE",
    "recurrent_dropout": "RATE",
}  # fmt: skip


def of_call(arrays: Mapping[str, Any]) -> frozenset[str]:
    """Return what a call rests on, by its arrays; one that it lacks is one that FILE may have."""
    uses = CALL if arrays["mask"] is None else MASKED_CALL
    return uses | {name for name in ("mask", "initial_state") if arrays[name] is None}


def report_assumptions(
    layers: Collection[Layer], source: SourceFile, uses: frozenset[str], *, masked: bool = False
) -> None:
    """Print on standard error what is assumed or inferred of some layers, if `uses` names it.

    Parameters
    ----------
    layers : collection of GRU, RNN or Bidirectional
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
    refuse_if_strict(layers, source, uses, masked=masked)
    told = _told(layers, uses, masked=masked)
    rows = assumption_rows(layers, uses, masked=masked)
    widths = [len(stated) for listed in rows.values() for stated, _ in listed]
    if not widths:
        return
    assumed = any(_named(provenance.assumed, used) for provenance, used in told)
    what = "does not say all that these numbers rest on" if assumed else "says by its names"
    click.echo(f"gru-ref: {one_line(str(source.file))} {what}:", err=True)
    for name, listed in rows.items():
        if name != ".":  # the file is this one layer
            click.echo(f"  {one_line(name)}", err=True)
        for line in _lines(listed, min(max(widths), _COLUMN)):
            click.echo(line, err=True)
    if siblings := _configs_offered(layers, source, uses):
        click.echo(f"  If it is of this model, give --config {siblings}", err=True)


def assumption_rows(
    layers: Collection[Layer], uses: frozenset[str], *, masked: bool = False
) -> dict[str, list[tuple[str, str]]]:
    """Return what `report_assumptions` prints of each layer, if there is anything.

    Parameters
    ----------
    layers, uses, masked
        As for `report_assumptions`.

    Returns
    -------
    dict
        Path, or all layers → pairs of what is taken, and what says otherwise or whence it is.
    """
    told = _told(layers, uses, masked=masked)
    rows = {provenance.path: list(_rows(provenance, used)) for provenance, used in told}
    return _with_shared_rows(rows) if rows else {}


def refuse_if_strict(
    layers: Collection[Layer], source: SourceFile, uses: frozenset[str], *, masked: bool = False
) -> None:
    """Refuse what `report_assumptions` would print as assumed, if --strict is given.

    Raises
    ------
    ValueError
        Something is assumed, and `source.strict` is set.
    """
    told = _told(layers, uses, masked=masked)
    assumed = [pair for provenance, used in told for pair in _named(provenance.assumed, used)]
    if not source.strict or not assumed:
        return
    listed = ", ".join(dict.fromkeys(f"{name}={value}" for name, value in assumed))
    options = dict.fromkeys(_option(name, value).split()[0] for name, value in assumed)
    siblings = _configs_offered(layers, source, uses)
    raise ValueError(
        f"{one_line(str(source.file))} does not say {listed}, which --strict does not let "
        f"gru-ref assume: give {' and '.join(options)}"
        + (f", or --config {siblings} if it is of this model" if siblings else "")
    )


def _configs_offered(layers: Iterable[Layer], source: SourceFile, uses: frozenset[str]) -> str:
    """Return the files beside FILE that may be its config, if one could say what is assumed."""
    if source.config is not None:
        return ""
    sources = [layer.provenance for layer in layers if layer.provenance is not None]
    found = config_candidates(sources, source.file, uses)
    return " or ".join(one_line(str(path)) for path in found)


def _told(
    layers: Iterable[Layer], uses: frozenset[str], *, masked: bool
) -> list[tuple[Provenance, frozenset[str]]]:
    """Return the provenance of each layer of a file, and which arguments count in it."""
    return [
        (layer.provenance, uses if _release_matters(layer, masked=masked) else uses - _RELEASE)
        for layer in layers
        if layer.provenance is not None
    ]


def _rows(provenance: Provenance, used: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield each argument that is assumed or inferred, and what settles it or whence it is."""
    for name, value in _named(provenance.assumed, used):
        yield _stated(name, value, provenance), f"assumed; {_option(name, value)}"
    for name, inference in _named(provenance.inferred, used):
        yield _stated(name, inference.value, provenance), f"from {one_line(inference.source)}"


def _with_shared_rows(
    rows: dict[str, list[tuple[str, str]]],
) -> dict[str, list[tuple[str, str]]]:
    """Return the rows of each layer, those that all layers have once; no layer without a row."""
    first, *others = rows.values()
    shared = [row for row in first if others and all(row in listed for listed in others)]
    all_of = {f"all {len(rows):,} GRUs": shared}
    own = {path: [row for row in listed if row not in shared] for path, listed in rows.items()}
    return {name: listed for name, listed in {**all_of, **own}.items() if listed}


def _lines(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Yield rows in two columns, the first of `width`; an option and its value stay together."""
    for stated, told in rows:
        first, rest = f"    {stated:{width}}  ", " " * (width + 6)
        wrapped = textwrap.wrap(
            told.replace("--set ", "--set\xa0"),
            _LINE,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield from (line.replace("\xa0", " ") for line in wrapped)


def _option(name: str, value: Any) -> str:
    """Return the option that settles an argument."""
    return _OPTIONS.get(name, f"--set {name}={_VALUES.get(name) or _other(value)}")


def _named(values: Mapping[str, Any], used: frozenset[str]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in values.items() if name in used]


def _stated(name: str, value: Any, provenance: Provenance) -> str:
    if name == "class_name":
        within = provenance.class_name in ("Bidirectional", "RNN")
        return one_line(f"{'the class within' if within else provenance.class_name} is a GRU")
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
