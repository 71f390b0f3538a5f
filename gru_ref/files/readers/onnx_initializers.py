"""ONNX models: GRU nodes, and the loops that Keras 3's own export writes instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gru_ref.files.formats.onnx_constants import OnnxConstants
from gru_ref.files.formats.onnx_dataflow import to_dataflow
from gru_ref.files.formats.onnx_graph import graphs
from gru_ref.files.formats.part import read_file
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.interpretation.found import Found, unique_layers
from gru_ref.files.interpretation.graph_gru import find_grus
from gru_ref.files.limits import Budget
from gru_ref.files.readers.onnx_gru_node import node_grus


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of an ONNX model.

    Raises
    ------
    MalformedFileError
        The file is damaged, refers to data outside of it, a weight is known only when the model
        runs, or a GRU computes what no GRU of Keras does.

    Source
    ------
    onnx.proto and the operators GRU and Loop of ONNX 1.23; ONNX Runtime 1.32.
    """
    model = Message.parse(read_file(path, budget))
    found: list[Found] = []
    for message in model.messages(7):
        found += _node_grus(message)
        found += [one.found() for one in find_grus(to_dataflow(message, budget))]
    return unique_layers(found)


def _node_grus(message: Message) -> Iterator[Found]:
    """Yield the GRUs that are nodes of a graph or of the graphs within it."""
    constants: dict[int, OnnxConstants] = {}
    for graph in graphs(message):
        constants[id(graph)] = OnnxConstants(graph, constants.get(id(graph.around)))
        for node in graph.nodes:
            if node.kind == "GRU" and not node.domain:
                yield from node_grus(node, constants[id(graph)])
