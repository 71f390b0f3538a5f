"""The functions of a SavedModel, each with the variables that it captures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gru_ref.files.formats.dataflow import Constant, Dataflow, Graph
from gru_ref.files.formats.graph_def import GraphDef
from gru_ref.files.formats.object_graph import ObjectGraph
from gru_ref.files.formats.part import FilePart
from gru_ref.files.formats.protobuf import Message
from gru_ref.files.formats.tensor_bundle import TensorBundle
from gru_ref.files.formats.tensorflow_graph import FunctionGraphs

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_INIT = "__saved_model_init_op"


class SavedFunction(NamedTuple):
    """One function.

    Parameters
    ----------
    dataflow : Dataflow
    keys : frozenset of str
        Of the variables that it captures.
    is_signature : bool
        Whether the file offers it to be called from outside; all are offered if none is.
    """

    dataflow: Dataflow
    keys: frozenset[str]
    is_signature: bool


@dataclass
class SavedFunctions:
    """What the MetaGraphDef of a SavedModel can run.

    Parameters
    ----------
    meta_graph : FilePart
    bundle : TensorBundle, optional
        Its variables.
    stored : ObjectGraph, optional
        That of the bundle, which names the keys of the variables.

    Source
    ------
    meta_graph.proto, saved_object_graph.proto, saver.proto of TensorFlow 2.21; load() in
    tensorflow/python/saved_model/load.py.
    """

    meta_graph: FilePart
    bundle: TensorBundle | None = None
    stored: ObjectGraph | None = None
    _meta: Message = field(init=False)
    _graphs: FunctionGraphs = field(init=False)

    def __post_init__(self) -> None:
        self._meta = Message.parse(self.meta_graph)
        graph = self._meta.parts(2) or [self.meta_graph.cut(0, 0)]
        self._graphs = FunctionGraphs(GraphDef(graph[-1]), self.meta_graph.budget)

    def has_variables(self) -> bool:
        """Return whether the graph has any: weights that are not in it."""
        return any(node.op in _VARIABLES for node in self._graphs.definition.graph().nodes.values())

    def entries(self) -> Iterator[SavedFunction]:
        """Yield each function that captures variables, those of the signatures first.

        A graph of TensorFlow 1 is one function, which returns what its signatures do.
        """
        objects = self._meta.parts(7)
        if objects and self.bundle is not None and self.stored is not None:
            yield from self._concrete_functions(objects[-1], self.bundle, self.stored)
        else:
            constants = self._restored()
            graph = self._graphs.main(self._signature_outputs(), constants)
            yield self._entry(graph, constants, is_signature=True)

    def _concrete_functions(
        self, part: FilePart, bundle: TensorBundle, stored: ObjectGraph
    ) -> Iterator[SavedFunction]:
        message = Message.parse(part)
        saved = ObjectGraph(part)
        objects = message.parts(1)
        keys = _keys(saved, stored)
        bound = {}
        for pair in message.messages(2):
            bound[pair.text(1)] = pair.message(2).numbers(2)
        first = [name for number in _signatures(saved) for name in _functions(objects[number])]
        for name in dict.fromkeys((*first, *bound)):
            if name not in self._graphs.definition.names() or not bound.get(name):
                continue
            arguments = self._graphs.definition.function(name).arguments
            captured = arguments[max(len(arguments) - len(bound[name]), 0) :]
            constants = {}
            for argument, number in zip(captured, bound[name], strict=False):
                key = keys.get(number)
                if key is not None:
                    constants[argument] = _variable(bundle, key)
                elif 0 <= number < len(objects):
                    constants |= self._constant(argument, objects[number])
            graph = self._graphs.bound(name, constants)
            is_signature = name in first or not first
            yield self._entry(graph, constants, is_signature=is_signature)

    def _constant(self, argument: str, part: FilePart) -> dict[str, Constant]:
        """Return what an argument is if a SavedObject is a constant of the graph."""
        name = Message.parse(part).message(9).text(1)
        node = self._graphs.definition.graph().nodes.get(name) if name else None
        tensor = None if node is None else node.tensor()
        if tensor is None:
            return {}
        return {argument: Constant(tensor.shape, tensor.dtype, tensor.read, name)}

    def _entry(
        self, graph: Graph, constants: Mapping[str, Constant], *, is_signature: bool
    ) -> SavedFunction:
        dataflow = Dataflow((graph,), self._graphs, self.meta_graph.budget)
        keys = frozenset(constant.name for constant in constants.values())
        return SavedFunction(dataflow, keys, is_signature)

    def _signature_outputs(self) -> tuple[str, ...]:
        """Return the tensors that the signatures return."""
        outputs: dict[str, None] = {}
        for pair in self._meta.messages(5):
            if pair.text(1) != _INIT:
                for output in pair.message(2).messages(2):
                    outputs[output.message(2).text(1)] = None
        return tuple(outputs)

    def _restored(self) -> dict[str, Constant]:
        """Return the variables of the graph itself, by the node that each is."""
        nodes = self._graphs.definition.graph().nodes
        found: dict[str, Constant] = {}
        if self.bundle is None:
            return found
        for node in nodes.values():
            if node.op not in ("AssignVariableOp", "Assign") or len(node.inputs) != 2:
                continue
            value = node.inputs[1].partition(":")
            source = nodes.get(value[0])
            while source is not None and source.op == "Identity" and source.inputs:
                value = source.inputs[0].partition(":")
                source = nodes.get(value[0])
            if source is None or source.op != "RestoreV2" or len(source.inputs) != 3:
                continue
            names = nodes.get(source.inputs[1].partition(":")[0])
            keys = [] if names is None else names.strings()
            index = int(value[2] or 0) if (value[2] or "0").isdigit() else len(keys)
            if index < len(keys) and keys[index] in self.bundle.entries:
                found[node.inputs[0].partition(":")[0]] = _variable(self.bundle, keys[index])
        return found


def _variable(bundle: TensorBundle, key: str) -> Constant:
    """Return a variable of the checkpoint."""
    return Constant(bundle.shape(key), bundle.dtype(key), lambda: bundle.tensor(key), key)


def _keys(saved: ObjectGraph, stored: ObjectGraph) -> dict[int, str]:
    """Return the key of every variable by its number among the saved objects.

    Both graphs hold the same objects under the same names, not always under the same numbers.
    """
    partner = {0: 0}
    pending = [0]
    while pending:
        number = pending.pop()
        children = stored.nodes[partner[number]].children
        for name, child in saved.nodes[number].children.items():
            if child not in partner and name in children:
                partner[child] = children[name]
                pending.append(child)
    variables = {number: stored.variable(other) for number, other in partner.items()}
    return {number: one[1] for number, one in variables.items() if one is not None}


def _signatures(saved: ObjectGraph) -> list[int]:
    number = saved.at(("signatures",))
    return [] if number is None else list(saved.nodes[number].children.values())


def _functions(part: FilePart) -> list[str]:
    """Return the names of the concrete functions that a SavedObject is."""
    message = Message.parse(part)
    several = [one.text() for one in message.message(6).parts(1)]
    return several or [one.text(1) for one in message.messages(8)]
