"""SavedModel folders: Keras 2's, which hold configs, and those that ``model.export`` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gru_ref.files.formats.json_object import parse_object
from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.part import FilePart, read_file
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.formats.tensor_bundle import OBJECT_GRAPH, TensorBundle
from gru_ref.files.interpretation import model_config
from gru_ref.files.interpretation.found import Found
from gru_ref.files.interpretation.model_config import Leaf
from gru_ref.files.interpretation.stored_gru import with_config
from gru_ref.files.limits import Budget
from gru_ref.files.readers.checkpoint import grus_by_name, grus_by_object

PROTOBUF = "saved_model.pb"
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
    bundle = TensorBundle(folder / "variables" / "variables.index", budget)
    if OBJECT_GRAPH not in bundle.entries:
        return grus_by_name(bundle)
    graph = ObjectGraph(bundle.string(OBJECT_GRAPH))
    described = {}
    total = 0
    for at, part in _metadata(folder, budget):
        total += len(part)
        budget.check_json(total, part.place)
        if (number := graph.at(at)) is not None:
            described[number] = parse_object(bytes(part.data), part.place, budget)
    written = described.get(0, {}).get("keras_version")
    version = written if isinstance(written, str) else None
    leaves = _leaves(graph, described, budget)
    return [
        with_config(found, leaves.get(number), version)
        for number, found in grus_by_object(bundle, graph).items()
    ]


def _metadata(folder: Path, budget: Budget) -> Iterator[tuple[tuple[str, ...], FilePart]]:
    """Yield the JSON that Keras says of each object, with the object's path from the root."""
    if (folder / METADATA).exists():
        for node in Message.parse(read_file(folder / METADATA, budget, METADATA)).messages(1):
            at = tuple(node.text(3).split(".")[1:])  # "root.layer_with_weights-0.cell"
            yield from ((at, part) for part in _json(node, 5))
        return
    saved = Message.parse(read_file(folder / PROTOBUF, budget, PROTOBUF))
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
