"""ONNX models: GRU nodes, and the loops that Keras 3's own export writes instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gru_ref.files.formats.onnx_graph import OnnxGraph, OnnxNode, graphs, tensor_array, tensor_shape
from gru_ref.files.formats.part import read_file
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.interpretation import grouping
from gru_ref.files.interpretation.found import Array, Found, unique_layers
from gru_ref.files.limits import Budget

# Operators of ONNX → activations of Keras that compute the same.
_ACTIVATIONS = {
    "Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu", "Softsign": "softsign",
    "Softplus": "softplus",
}  # fmt: skip
_PASSING = frozenset(("Slice", "Split", "Squeeze", "Identity", "Cast", "Reshape", "Unsqueeze"))
_STEPS = 16  # that a constant may pass through
_REVERSED = (
    "its direction is reverse: ONNX puts the outputs back into the order of the inputs, Keras "
    "does not"
)


def read(path: Path, budget: Budget) -> list[Found]:
    """Return every GRU of an ONNX model.

    Notes
    -----
    A GRU node says all but return_sequences, and go_backwards where its direction is forward: its
    input may have been reversed before. W, R and B are put back into Keras's layout. In a Loop that
    tf2onnx made of Keras's own, the arrays are Keras's, told apart by what they are multiplied
    with.

    Raises
    ------
    MalformedFileError
        The file is damaged, refers to data outside of it, computes a weight in the graph, or its
        only GRUs are unrolled.

    Source
    ------
    onnx.proto and the operators GRU and Loop of ONNX 1.23.
    """
    model = Message.parse(read_file(path, budget))
    found: list[Found] = []
    for message in model.messages(7):
        for graph in graphs(message):
            for node in graph.nodes:
                if node.kind == "GRU":
                    found += _node_grus(node, graph)
                for body in node.graphs() if node.kind == "Loop" else ():
                    found += _loop_grus(node, OnnxGraph(body, graph.constants))
        if not found:
            _refuse_unrolled(OnnxGraph(message))
    return unique_layers(found)


# ---- GRU nodes


def _node_grus(node: OnnxNode, graph: OnnxGraph) -> Iterator[Found]:
    """Yield the directions of a GRU node, each as a layer of its own."""
    names = [*node.inputs, "", "", "", ""][1:4]
    W, R = (_constant(name, graph, node) for name in names[:2])
    B = _constant(names[2], graph, node) if names[2] else None
    after = bool(node.integer("linear_before_reset"))
    direction = node.string("direction", "forward")
    directions = ("forward", "reverse") if direction == "bidirectional" else (direction,)
    if W.ndim != 3 or R.ndim != 3 or {W.shape[0], R.shape[0]} != {len(directions)}:
        raise node.part.error(
            f"W is {W.shape} and R is {R.shape}, expected {len(directions)} directions"
        )
    units = R.shape[-1]
    if B is not None and B.shape != (len(directions), 6 * units):
        raise node.part.error(f"B is {B.shape}, expected {(len(directions), 6 * units)}")
    activations = node.strings("activations") or ["Sigmoid", "Tanh"] * len(directions)
    path = node.name or next(iter(node.outputs), "") or "GRU"
    for i, one in enumerate(directions):
        bias = None
        if B is not None:
            rows = B[i].reshape(2, 3 * units)
            with np.errstate(over="ignore", invalid="ignore"):
                bias = rows if after else rows[0] + rows[1]
        pair = activations[2 * i : 2 * i + 2]
        known, notes = _node_arguments(node, one, pair)
        yield Found(
            path if len(directions) == 1 else f"{path}/{one}",
            W[i].T,
            R[i].T,
            bias,
            already_known={**known, "reset_after": after},
            notes=tuple(notes),
        )


def _node_arguments(
    node: OnnxNode, direction: str, activations: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments that the attributes say, and what Keras has no argument for."""
    known: dict[str, Any] = {}
    notes = []
    if direction == "reverse":
        known["go_backwards"] = True
        notes.append(_REVERSED)
    names = ("recurrent_activation", "activation")
    for argument, operator in zip(names, activations, strict=False):
        if operator in _ACTIVATIONS:
            known[argument] = _ACTIVATIONS[operator]
        else:
            notes.append(f"its {argument} is ONNX's {operator}")
    if "clip" in node.attributes:
        notes.append("it clips before the activations, which Keras does not")
    return known, notes


def _constant(name: str, graph: OnnxGraph, node: OnnxNode) -> Array:
    if name not in graph.constants:
        raise node.part.error(
            f"its weight {name!r} is computed, expected an initializer: fold the model's "
            "constants first"
        )
    return tensor_array(graph.constants[name])


# ---- loops


def _loop_grus(node: OnnxNode, body: OnnxGraph) -> Iterator[Found]:
    """Yield the GRU that a loop is, if it multiplies by the arrays of one; several if stacked."""
    outside = dict(zip(body.inputs, node.inputs, strict=False))
    makers = {output: one for one in body.nodes for output in one.outputs}

    def constant(name: str) -> str | None:
        """Return the constant that a value is, or is a slice of."""
        for _ in range(_STEPS):
            made_by = makers.get(name)
            if made_by is None or made_by.kind not in _PASSING or not made_by.inputs:
                break
            name = made_by.inputs[0]
        name = outside.get(name, name)
        return name if name in body.constants else None

    kernels: dict[str, None] = {}
    recurrent_kernels: dict[str, None] = {}
    added: dict[str, None] = {}
    for one in body.nodes:
        if one.kind in ("MatMul", "Gemm") and len(one.inputs) >= 2:
            left = makers.get(one.inputs[0])
            of_the_state = one.inputs[0] in body.inputs or (left is not None and left.kind == "Mul")
            if weights := constant(one.inputs[1]):
                (recurrent_kernels if of_the_state else kernels)[weights] = None
        terms = {"Add": one.inputs, "Gemm": one.inputs[2:]}.get(one.kind, ())
        added.update(dict.fromkeys(name for term in terms if (name := constant(term))))
    shapes = {n: tensor_shape(body.constants[n]) for n in (*kernels, *recurrent_kernels, *added)}
    for kernel in kernels:
        alike = [r for r in recurrent_kernels if grouping.is_gru(shapes[kernel], shapes[r])]
        if len(alike) > 1:
            raise node.part.error(
                "several cells of the same units run in one loop: which arrays belong together "
                "cannot be told, expected one layer a cell"
            )
        for recurrent in alike:
            biases = [
                b for b in added if grouping.is_gru(shapes[kernel], shapes[recurrent], shapes[b])
            ]
            path = node.name.removesuffix("/while_loop") or kernel
            group = grouping.WeightNames(path, kernel, recurrent, next(iter(biases), None))
            yield grouping.found_group(group, lambda name: tensor_array(body.constants[name]))


def _refuse_unrolled(graph: OnnxGraph) -> None:
    """Raise if a GRU without a loop is there: the exporter has taken its bias apart."""
    for name, tensor in graph.constants.items():
        shape = tensor_shape(tensor)
        if "gru_cell" in name and grouping.is_gru(shape, shape):
            raise tensor.part.budget.error(
                name,
                "it is the recurrent kernel of an unrolled GRU, whose bias rows the exporter has "
                "taken apart, expected a loop or a GRU node: export the layer with unroll=False",
            )
