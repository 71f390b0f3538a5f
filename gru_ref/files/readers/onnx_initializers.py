"""ONNX models: GRU nodes, and the loops and unrolled timesteps that exporters write instead."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from gru_ref.files.formats.carried import KEY, carried_values
from gru_ref.files.formats.onnx_constants import OnnxConstants
from gru_ref.files.formats.onnx_dataflow import to_dataflow
from gru_ref.files.formats.onnx_graph import OnnxGraph, OnnxNode, graphs
from gru_ref.files.formats.part import read_file
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.interpretation.found import Found, unique_layers
from gru_ref.files.interpretation.graph_gru import find_grus
from gru_ref.files.limits import Budget
from gru_ref.files.readers.onnx_gru_node import node_grus

_ROUNDING = ("DynamicQuantizeLinear", "QuantizeLinear")
_ROUNDED = (
    "the model rounds values to 8 bits when it runs ({}), and its outputs differ from the layer's "
    "by that"
)
_GRU_BY_NAME = re.compile(r"(?<![a-z])gru(?![a-z])", re.IGNORECASE)


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of an ONNX model.

    Raises
    ------
    MalformedFileError
        The file is damaged, refers to data outside of it, a weight is known only when the model
        runs, or a GRU computes what no GRU of Keras does.

    Source
    ------
    onnx.proto and the operators GRU, Loop and Scan of ONNX 1.23; ONNX Runtime 1.32; files of
    tf2onnx 1.17, keras2onnx 1.7 and PyTorch 2.13.
    """
    model = Message.parse(read_file(path, budget))
    found: list[Found] = []
    nodes: list[OnnxNode] = []
    for message in model.messages(7):
        main = OnnxGraph(message)
        for graph in graphs(main):
            nodes += graph.nodes
        found += _grus(main)
    _check_functions(model, found)
    if not found:
        _refuse_named(nodes)
    rounding = dict.fromkeys(node.kind for node in nodes if node.kind in _ROUNDING)
    if rounding:
        note = _ROUNDED.format(" and ".join(rounding))
        found = [replace(one, notes=(*one.notes, note)) for one in found]
    for entry in model.messages(14):
        if entry.text(1) == KEY:
            carried = carried_values(entry.text(2))
            found = [replace(one, assumed={**one.assumed, **carried}) for one in found]
    return unique_layers(found)


def _grus(main: OnnxGraph) -> list[Found]:
    """Return the GRUs of a graph, nodes and others, in the order in which they run."""
    constants = {id(main): OnnxConstants(main)}
    first_use: dict[str, int] = {}
    found: list[tuple[int, Found]] = []
    for place, outer in enumerate(main.nodes):
        within = [(main, [outer])]
        within += [(one, one.nodes) for inner in main.within(outer) for one in graphs(inner)]
        for graph, nodes in within:
            if id(graph) not in constants:
                constants[id(graph)] = OnnxConstants(graph, constants[id(graph.around)])
            for node in nodes:
                for name in node.inputs:
                    first_use.setdefault(name, place)
                if node.kind == "GRU" and not node.domain:
                    found += [(place, one) for one in node_grus(node, constants[id(graph)])]
    for gru in find_grus(to_dataflow(constants[id(main)])):
        places = [first_use.get(name, -1) for name in gru.constants["recurrent_kernel"]]
        found.append((max(places, default=-1), gru.found()))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _check_functions(model: Message, found: list[Found]) -> None:
    """Refuse functions of the model's own that may hold a GRU: they are not followed."""
    for function in model.messages(25):
        kinds = {node.text(4) for node in function.messages(7)}
        if {"GRU", "Loop", "Scan"} & kinds or (not found and {"MatMul", "Gemm"} & kinds):
            raise model.part.budget.error(
                function.text(1),
                "it is a function of the model's own, which is not looked into, expected its "
                "operators in the graph: onnx.inliner.inline_local_functions(onnx.load(file))",
            )


def _refuse_named(nodes: list[OnnxNode]) -> None:
    """Refuse a model without a GRU that can be read, where a name says that there is one."""
    for node in nodes:
        for name in (node.name, *node.outputs):
            if _GRU_BY_NAME.search(name.replace("_", " ")):
                raise node.part.error(
                    f"{name!r} is of a GRU by its name, and what it computes cannot be told from "
                    "the graph, expected a GRU node, a Loop, or unrolled timesteps whose products "
                    "are MatMul or Gemm with constant weights"
                )
