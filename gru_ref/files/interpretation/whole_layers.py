"""Whole layers: the Bidirectional or the RNN that GRUs of a file are the parts of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gru_ref.errors import shown
from gru_ref.files.interpretation.arguments import CONSTRUCTOR_ERRORS
from gru_ref.files.interpretation.found import Found, Wrapper
from gru_ref.keras.layers.bidirectional import MERGE_MODES, Bidirectional
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.gru_cell import GRUCell
from gru_ref.keras.layers.rnn import RNN
from gru_ref.keras.layers.stacked_rnn_cells import StackedRNNCells
from gru_ref.provenance import Inference, Provenance

Layer = GRU | RNN | Bidirectional
Member = tuple[Found, GRU]

# The groups of the cells of a stack, in the path of an RNN.
_STACK_GROUPS = re.compile(r"(?<=.)/(cell|cell/cells|stacked_rnn_cells(_\d+)?)$")
# What the config says of a part alone.
_OF_PART = re.compile("(the cell|the forward layer|the backward layer|cell \\d+) of ")
_OF_CELL = (
    "units", "activation", "recurrent_activation", "use_bias", "kernel_initializer",
    "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
    "bias_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout",
    "recurrent_dropout", "reset_after", "implementation", "dtype",
)  # fmt: skip


class Wholes(NamedTuple):
    """The layers of a file.

    Parameters
    ----------
    layers : dict
        Path → layer, in the order of their first parts.
    inside : dict
        Path of a whole → the paths of the GRUs in it.
    partial : dict
        Path of a GRU that is a part of a layer that is not read → why.
    """

    layers: dict[str, Layer]
    inside: dict[str, tuple[str, ...]]
    partial: dict[str, str]


class _NotWholeError(ValueError):
    """The parts do not make a whole that gru_ref has."""


# ---- the whole of the parts


def whole_layers(members: Sequence[Member], supplied: Mapping[str, Any], file: object) -> Wholes:
    """Return the layers of a file, those that are parts of one as that one.

    Parameters
    ----------
    members : sequence of (Found, GRU)
        Every GRU, in the order of the model.
    supplied : mapping
        merge_mode, or nothing: of each Bidirectional whose config is not in the file.
    file : object
        For messages.

    Raises
    ------
    ValueError
        merge_mode is none, contradicts the file, or the file holds no Bidirectional.
    """
    _check_supplied(members, supplied, file)
    merge_mode = supplied.get("merge_mode", "concat")
    groups: dict[Found | Wrapper, list[Member]] = {}
    for found, layer in members:
        groups.setdefault(found.within[0][0] if found.within else found, []).append((found, layer))
    layers: dict[str, Layer] = {}
    inside: dict[str, tuple[str, ...]] = {}
    partial: dict[str, str] = {}
    singles = {found.path for found, _ in members}
    for group in groups.values():
        paths = tuple(found.path for found, _ in group)
        if group[0][0].within:
            path = _whole_path(group, singles, layers)
            try:
                whole = _whole(group, 0, merge_mode, path)
            except _NotWholeError as error:
                partial |= dict.fromkeys(paths, _note(group, str(error)))
            else:
                if isinstance(whole, Bidirectional):
                    whole.provenance = _with_merge_mode(whole, group[0][0].within[0][0], supplied)
                layers[path], inside[path] = whole, paths
                continue
        layers |= {found.path: layer for found, layer in group}
    return Wholes(layers, inside, partial)


def _check_supplied(members: Sequence[Member], supplied: Mapping[str, Any], file: object) -> None:
    """Refuse a merge_mode that no Bidirectional of the file can have."""
    if "merge_mode" not in supplied:
        return
    given = supplied["merge_mode"]
    if given not in MERGE_MODES:
        raise ValueError(f"merge_mode is {shown(given)}, expected one of {MERGE_MODES}")
    wrappers = [found.within[0][0] for found, _ in members if found.within]
    wrappers = [one for one in wrappers if one.class_name == "Bidirectional"]
    if not wrappers:
        raise ValueError(f"merge_mode is {shown(given)}, but {file} holds no Bidirectional")
    for wrapper in wrappers:
        said = given if wrapper.config is None else wrapper.config.get("merge_mode", "concat")
        if said != given:
            raise ValueError(
                f"merge_mode is {shown(given)}, expected {shown(said)} or nothing: {file} says so "
                f"of {'/'.join(wrapper.names)}"
            )


def _whole(
    members: Sequence[Member], level: int, merge_mode: str | None, path: str
) -> RNN | Bidirectional:
    """Return the Bidirectional or RNN of some GRUs that is the wrapper `level` of each.

    Raises
    ------
    _NotWholeError
        A part is missing, or Keras would not take them together.
    """
    wrapper = members[0][0].within[level][0]
    if wrapper.class_name not in ("Bidirectional", "RNN"):
        raise _NotWholeError(f"{wrapper.class_name} is not Keras's own class")
    by_part: dict[int, list[Member]] = {}
    for member in members:
        by_part.setdefault(member[0].within[level][1], []).append(member)
    if sorted(by_part) != list(range(wrapper.parts)):
        raise _NotWholeError(f"{len(by_part)} of its {wrapper.parts} parts are GRUs")
    parts = [_part(by_part[k], level + 1, merge_mode) for k in range(wrapper.parts)]
    try:
        made: RNN | Bidirectional
        if wrapper.class_name == "RNN":
            made = _rnn(wrapper, [(by_part[k][0][0], part) for k, part in enumerate(parts)])
        else:
            made = _bidirectional(wrapper, parts, merge_mode)
    except CONSTRUCTOR_ERRORS as error:
        raise _NotWholeError(str(error)) from None
    made.provenance = _provenance(members, wrapper, path)
    return made


def _part(members: Sequence[Member], level: int, merge_mode: str | None) -> Layer:
    found, layer = members[0]
    if len(found.within) > level:
        return _whole(members, level, merge_mode, _common_path(members))
    if len(members) > 1:
        raise _NotWholeError(f"{len(members)} GRUs are one part of it")
    return layer


def _bidirectional(
    wrapper: Wrapper, parts: Sequence[Layer], merge_mode: str | None
) -> Bidirectional:
    forward, backward = parts
    assert not isinstance(forward, Bidirectional)
    assert not isinstance(backward, Bidirectional)
    config = wrapper.config
    given = False
    if config is not None:
        merge_mode, given = config.get("merge_mode", "concat"), bool(config.get("backward_layer"))
    return Bidirectional.from_layers(
        forward,
        backward,
        merge_mode,
        given_backward=given,
        **_any_layer(wrapper, forward.dtype, "bidirectional"),
    )


def _rnn(wrapper: Wrapper, parts: Sequence[tuple[Found, Layer]]) -> RNN:
    """Return the RNN of the cells that run as the GRUs do, one after the other."""
    layers = [layer for _, layer in parts if isinstance(layer, GRU)]
    first, last = layers[0].config, layers[-1].config
    cells: Any = [_cell(layer, found) for found, layer in parts if isinstance(layer, GRU)]
    outer = _any_layer(wrapper, last.dtype, "rnn")
    inner = _inner_config(wrapper)
    if len(cells) == 1 and "cells" not in inner and wrapper.config is not None:
        (cells,) = cells
    else:
        keys = [k for k in ("name", "reverse_state_order") if inner.get(k)]
        cells = StackedRNNCells(cells, dtype=last.dtype, **{key: inner[key] for key in keys})
        cells._built = True
    loop = {name: getattr(last, name) for name in ("return_sequences", "return_state", "stateful")}
    if last.behaviour.time_major_argument:
        loop["time_major"] = last.time_major
    made = RNN(
        cells,
        go_backwards=first.go_backwards,
        unroll=last.unroll,
        zero_output_for_mask=last.zero_output_for_mask,
        **loop,
        **outer,
    )
    made._built = True
    return made


def _cell(layer: GRU, found: Found) -> GRUCell:
    """Return the cell that computes what each step of a GRU does."""
    config = layer.config
    given = {name: getattr(config, name) for name in _OF_CELL}
    if config.behaviour.seed_argument:
        given["seed"] = config.seed
    if found.names and "/" not in found.names[-1]:
        given["name"] = found.names[-1]
    cell = GRUCell(**given, trainable=layer.trainable, keras_version=layer.keras_version)
    cell.take_weights(layer._known_weights())
    return cell


def _any_layer(wrapper: Wrapper, dtype: str, name: str) -> dict[str, Any]:
    """Return the arguments of any layer that a wrapper has."""
    config = wrapper.config or {}
    written = config.get("dtype")
    if isinstance(written, Mapping):
        policy = written.get("config")
        written = policy.get("name") if isinstance(policy, Mapping) else None
    return {
        "name": wrapper.names[-1] if wrapper.names else name,
        "dtype": written if isinstance(written, str) else dtype,
        "trainable": config.get("trainable", True) is not False,
    }


def _inner_config(wrapper: Wrapper) -> Mapping[str, Any]:
    """Return the config of the cell of an RNN."""
    cell = (wrapper.config or {}).get("cell")
    config = cell.get("config") if isinstance(cell, Mapping) else None
    return config if isinstance(config, Mapping) else {}


# ---- where it comes from


def _common_path(members: Sequence[Member]) -> str:
    """Return the path of a whole: what the paths of its parts have in common."""
    paths = [found.path.split("/") for found, _ in members]
    if len(paths) == 1:
        paths.append(paths[0][:-1])
    common: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return _STACK_GROUPS.sub("", "/".join(common)) or members[0][0].path


def _whole_path(
    members: Sequence[Member], singles: Collection[str], layers: Collection[str]
) -> str:
    """Return the path of a whole, unlike that of any other layer."""
    own = {found.path for found, _ in members}
    common = _common_path(members)
    longer = "/".join((common, *members[0][0].within[0][0].names[-1:]))
    for path in (common, longer):
        if path not in layers and (path in own or path not in singles):
            return path
    while longer in layers or longer in singles:
        longer += "+"
    return longer


def _note(members: Sequence[Member], why: str) -> str:
    """Say of every part why the whole is not there, and return it."""
    wrapper = members[0][0].within[0][0]
    name = "/".join(wrapper.names) or _common_path(members)
    note = f"the {wrapper.class_name} {name} around it is not read: {why}"
    for _, layer in members:
        provenance = _provenance_of(layer)
        layer.provenance = replace(provenance, notes=(*provenance.notes, note))
    return note


def _provenance_of(layer: GRU) -> Provenance:
    assert layer.provenance is not None  # as_layer sets it
    return layer.provenance


def _provenance(members: Sequence[Member], wrapper: Wrapper, path: str) -> Provenance:
    """Return the provenance of a whole: what its parts rest on, and what shows that it is there."""
    parts = [_provenance_of(layer) for _, layer in members]
    first = parts[0]
    assumed = _united(part.assumed for part in parts)
    inferred = _united(part.inferred for part in parts)
    if wrapper.config is None:
        inferred["wrapper"] = Inference(wrapper.class_name, wrapper.source)
    common = [name for name, value in first.read.items() if _all_have(parts, name, value)]
    return replace(
        first,
        path=path,
        names=wrapper.names,
        class_name=wrapper.class_name,
        config=wrapper.config,
        read={name: first.read[name] for name in common},
        inferred={name: one for name, one in inferred.items() if name not in assumed},
        assumed=assumed,
        supplied=_united(part.supplied for part in parts),
        sha256={f"{part.path}/{name}": h for part in parts for name, h in part.sha256.items()},
        not_finite=tuple(f"{part.path}/{name}" for part in parts for name in part.not_finite),
        notes=tuple(
            note
            for note in first.notes
            if not _OF_PART.match(note) and all(note in part.notes for part in parts)
        ),
    )


def _with_merge_mode(
    whole: Bidirectional, wrapper: Wrapper, supplied: Mapping[str, Any]
) -> Provenance:
    """Return the provenance of a Bidirectional with where its merge_mode is from."""
    provenance = whole.provenance
    assert provenance is not None  # _whole sets it
    said = {"merge_mode": whole.merge_mode}
    if wrapper.config is not None:
        return replace(provenance, read={**provenance.read, **said})
    if supplied:
        return replace(provenance, supplied={**provenance.supplied, **said})
    return replace(provenance, assumed={**provenance.assumed, **said})


def _united(mappings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for mapping in mappings for name, value in mapping.items()}


def _all_have(parts: Sequence[Provenance], name: str, value: Any) -> bool:
    return all(name in part.read and part.read[name] == value for part in parts)
