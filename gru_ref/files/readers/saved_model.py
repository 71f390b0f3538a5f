"""SavedModel folders: what their configs say, or else the graph that TensorFlow runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gru_ref.files.formats.json_object import parse_object
from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.part import FilePart, read_file
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.formats.saved_functions import SavedFunctions
from gru_ref.files.formats.tensor_bundle import OBJECT_GRAPH, TensorBundle
from gru_ref.files.interpretation import model_config
from gru_ref.files.interpretation.found import Array, Found, unique_layers
from gru_ref.files.interpretation.graph_gru import GraphGRU, find_grus
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.interpretation.stored_gru import with_config
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.readers.checkpoint import grus_by_name, grus_by_object

PROTOBUF = "saved_model.pb"
_FUNCTIONS = ("activation", "recurrent_activation")
# Those whose name means one function, whatever wrote it.
_PLAIN = {
    "tanh",
    "relu",
    "linear",
    "sigmoid",
    "hard_sigmoid",
    "softsign",
    "softplus",
    "exponential",
}
METADATA = "keras_metadata.pb"  # TensorFlow 2.5 and later; before, it lay in saved_model.pb


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of a SavedModel.

    Parameters
    ----------
    path : Path
        The folder, or the saved_model.pb in it.
    budget : Budget

    Raises
    ------
    MalformedFileError
        A file of it is damaged.

    Source
    ------
    saved_model.proto, saved_object_graph.proto and saved_metadata.proto of TensorFlow and Keras.
    """
    folder = path if path.is_dir() else path.parent
    saved = Message.parse(read_file(folder / PROTOBUF, budget, PROTOBUF))
    meta_graph = _meta_graph(saved)
    index = folder / "variables" / "variables.index"
    if meta_graph is not None and not index.exists():
        frozen = SavedFunctions(meta_graph)
        if not frozen.has_variables():
            return list(_with_graph([], frozen))
    bundle = TensorBundle(index, budget)
    stored = None
    if OBJECT_GRAPH in bundle.entries:
        stored = ObjectGraph(bundle.string(OBJECT_GRAPH))
        described, version = _described(folder, saved, stored, budget)
        leaves = _leaves(stored, described, budget)
        grus = [
            with_config(found, leaves.get(number), version)
            for number, found in grus_by_object(bundle, stored).items()
        ]
    else:
        grus = grus_by_name(bundle)
    if meta_graph is None:
        return grus
    return list(_with_graph(grus, SavedFunctions(meta_graph, bundle, stored)))


def _meta_graph(saved: Message) -> FilePart | None:
    """Return the graph to serve, if there are several."""
    parts = saved.parts(2)
    serving = (
        part
        for part in parts
        if "serve" in [tag.text() for tag in Message.parse(part).message(1).parts(4)]
    )
    return next(serving, parts[0] if parts else None)


def _with_graph(found: Sequence[Found], functions: SavedFunctions) -> Iterator[Found]:
    """Yield GRUs with what the graph says of each, and those that the graph alone shows."""
    said = {one.variable for one in found if one.config is not None}
    known = {one.variable for one in found}
    computed = _computed(functions, said, known - said)
    for one in found:
        calls = _distinct(gru for gru in computed if one.variable in _recurrent_keys(gru))
        if one.config is not None:
            for gru in calls:
                _check_config(one, gru, functions.meta_graph.budget)
            yield one
        elif len(calls) == 1:
            yield _called(one, calls[0])
        else:  # the same weights run in several ways
            several = [replace(one, path=f"{one.path} ({i})") for i in range(len(calls))]
            yield from map(_called, several, calls) if calls else [one]
    others = (gru for gru in computed if not known & _recurrent_keys(gru))
    yield from unique_layers([gru.found() for gru in others])


def _distinct(grus: Iterable[GraphGRU]) -> list[GraphGRU]:
    """Return calls of one GRU that differ in their arguments, each with the notes on all alike."""
    distinct: dict[str, GraphGRU] = {}
    for gru in grus:
        said = repr(sorted((k, v) for k, v in gru.arguments.items() if k != "time_major"))
        first = distinct.setdefault(said, gru)
        notes = dict.fromkeys((*first.notes, *gru.notes))
        arguments = {**gru.arguments, **first.arguments}  # one call may show time_major alone
        distinct[said] = replace(first, notes=tuple(notes), arguments=arguments)
    return list(distinct.values())


def _recurrent_keys(gru: GraphGRU) -> Set[str]:
    """Return the keys of the variables that the recurrent kernel is made of."""
    return frozenset(gru.constants.get("recurrent_kernel", ()))


def _computed(functions: SavedFunctions, said: Set[str], unsaid: Set[str]) -> list[GraphGRU]:
    """Return the GRUs that the functions compute, until each that is known of is among them.

    Parameters
    ----------
    functions : SavedFunctions
    said, unsaid
        Keys of the recurrent kernels of those with a config, and of those without one.

    Raises
    ------
    MalformedFileError
        The graph cannot be read, and a GRU has no config.
    """
    computed: list[GraphGRU] = []
    left = {*said, *unsaid}
    refusal = None
    try:
        for entry in functions.entries():
            if not (left & entry.keys if said or unsaid else entry.is_signature):
                continue
            try:
                grus = find_grus(entry.dataflow)
            except MalformedFileError as error:
                refusal = refusal or error
                continue
            computed += grus
            for gru in grus:
                left.difference_update(_recurrent_keys(gru))
    except MalformedFileError as error:
        refusal = refusal or error
    if refusal is not None and (left & unsaid or not (computed or said or unsaid)):
        raise refusal
    return computed


def _called(stored: Found, gru: GraphGRU) -> Found:
    """Return a GRU of the checkpoint with what a graph that runs it says."""
    found = gru.found()
    merged = replace(
        stored,
        already_known={**stored.already_known, **found.already_known},
        inferred={**stored.inferred, **found.inferred},
        notes=(*stored.notes, *found.notes),
    )
    if all(map(_same, _arrays(stored), _arrays(found))):
        return merged
    return replace(
        merged,
        kernel=found.kernel,
        recurrent_kernel=found.recurrent_kernel,
        bias=found.bias,
        notes=(*merged.notes, "its arrays are what the graph makes of its variables"),
    )


def _arrays(found: Found) -> tuple[Array | None, ...]:
    return found.kernel, found.recurrent_kernel, found.bias


def _same(stored: Array | None, computed: Array | None) -> bool:
    """Return whether two arrays hold the same numbers; a bias that is not there holds zeros."""
    if stored is None or computed is None:
        return all(array is None or not array.any() for array in (stored, computed))
    return np.array_equal(stored, computed, equal_nan=True)


def _check_config(found: Found, gru: GraphGRU, budget: Budget) -> None:
    """Raise if a config says something else than the graph computes.

    `load_model` of Keras runs the former, `tf.saved_model.load` the latter.
    """
    config = {"activation": "linear", "recurrent_activation": "linear", **(found.config or {})}
    for name in _FUNCTIONS:
        said, computed = config[name] or "linear", gru.arguments.get(name)
        if {said, computed} <= _PLAIN and said != computed:
            raise _contradiction(found, name, said, computed, budget)
    for name in ("go_backwards", "reset_after"):
        said, computed = config.get(name), gru.arguments.get(name)
        if None not in (said, computed) and bool(said) != bool(computed):
            raise _contradiction(found, name, said, computed, budget)


def _contradiction(
    found: Found, name: str, said: object, computed: object, budget: Budget
) -> MalformedFileError:
    return budget.error(
        found.path,
        f"its config says {name}={said!r}, expected {computed!r}, which its graph computes: "
        "load_model of Keras would run the one, tf.saved_model.load the other",
    )


def _described(
    folder: Path, saved: Message, graph: ObjectGraph, budget: Budget
) -> tuple[dict[int, Mapping[str, Any]], str | None]:
    """Return what Keras says of each object, by its number, and the release that says it."""
    described: dict[int, Mapping[str, Any]] = {}
    total = 0
    for at, part in _metadata(folder, saved, budget):
        total += len(part)
        budget.check_json(total, part.place)
        if (number := graph.at(at)) is not None:
            described[number] = parse_object(bytes(part.data), part.place, budget)
    written = described.get(0, {}).get("keras_version")
    return described, written if isinstance(written, str) else None


def metadata_of_root(folder: Path, budget: Budget) -> dict[str, Any]:
    """Return what Keras says of the model itself, its config among it; empty if nothing.

    Raises
    ------
    MalformedFileError
        A file of it is damaged.
    """
    saved = Message.parse(read_file(folder / PROTOBUF, budget, PROTOBUF))
    for at, part in _metadata(folder, saved, budget):
        if at == ():
            budget.check_json(len(part), part.place)
            return parse_object(bytes(part.data), part.place, budget)
    return {}


def _metadata(
    folder: Path, saved: Message, budget: Budget
) -> Iterator[tuple[tuple[str, ...], FilePart]]:
    """Yield the JSON that Keras says of each object, with the object's path from the root."""
    if (folder / METADATA).exists():
        for node in Message.parse(read_file(folder / METADATA, budget, METADATA)).messages(1):
            at = tuple(node.text(3).split(".")[1:])  # "root.layer_with_weights-0.cell"
            yield from ((at, part) for part in _json(node, 5))
        return
    for meta_graph in saved.messages(2):
        for part in meta_graph.parts(7):
            paths = ObjectGraph(part).paths()
            for number, node in enumerate(Message.parse(part).messages(1)):
                for user_object in node.messages(4):
                    if number in paths:
                        yield from ((paths[number], text) for text in _json(user_object, 3))


def _json(message: Message, number: int) -> list[FilePart]:
    """Return a field that holds JSON; objects that are not Keras's write other text there."""
    return [part for part in message.parts(number) if bytes(part.data[:1]) == b"{"]


def _leaves(
    graph: ObjectGraph, described: Mapping[int, Mapping[str, Any]], budget: Budget
) -> dict[int, Leaf]:
    """Return what Keras says of every object that is a layer of its own, or a cell in one."""
    found: dict[int, Leaf] = {}
    for number, metadata in described.items():
        inside = model_config.leaves(metadata, budget)
        children = graph.nodes[number].children
        sides = [children[side] for side in ("forward_layer", "backward_layer") if side in children]
        parts = [part for layer in sides or [number] for part in _parts(graph, layer)]
        if len(inside) == len(parts):
            for part, leaf in zip(parts, inside, strict=True):
                # A Bidirectional and each of its layers are described: the former says more.
                if part not in found or len(leaf.within) > len(found[part].within):
                    found[part] = leaf
    return found


def _parts(graph: ObjectGraph, number: int) -> list[int]:
    """Return the objects that hold the arrays of a layer: itself, its cell, or those of a stack."""
    children = graph.nodes[number].children
    if "cell" not in children:
        return [number]
    of_cell = graph.nodes[children["cell"]].children
    if "cells" not in of_cell:
        return [children["cell"]]
    return list(graph.nodes[of_cell["cells"]].children.values())  # of a list: "0", "1", …
