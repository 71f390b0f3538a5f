"""ONNX's messages: graphs within graphs, their nodes, and the tensors that are constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gru_ref.files.formats.float_arrays import Array, float_array
from gru_ref.files.formats.part import FilePart
from gru_ref.files.formats.protobuf import Message, to_signed

# TensorProto.DataType
_FLOATS = {1: "float32", 10: "float16", 11: "float64", 16: "bfloat16"}
_UNPACKED = {1: 4, 11: 10}  # float_data, double_data
_EXTERNAL = 1


@dataclass(frozen=True)
class OnnxNode:
    """One operator of a graph.

    Parameters
    ----------
    part : FilePart
        Where it is, for messages.
    kind, name : str
    inputs, outputs : tuple of str
    attributes : dict
        Name → AttributeProto.
    """

    part: FilePart
    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Message]

    def integer(self, name: str) -> int:
        """Return an attribute that is a number, 0 if it is left out."""
        return self.attributes[name].number(3) if name in self.attributes else 0

    def string(self, name: str, default: str) -> str:
        """Return an attribute that is a text."""
        return self.attributes[name].text(4) if name in self.attributes else default

    def strings(self, name: str) -> list[str]:
        """Return an attribute that is a list of texts, empty if it is left out."""
        found = self.attributes[name].parts(9) if name in self.attributes else []
        return [part.text() for part in found]

    def graphs(self) -> Iterator[Message]:
        """Yield the graphs within the node: the body of a loop, the branches of a condition."""
        for attribute in self.attributes.values():
            yield from attribute.messages(6)


class OnnxGraph:
    """A graph: the model's own, or one within a node.

    Parameters
    ----------
    message : Message
        A GraphProto.
    around : mapping, optional
        The constants of the graphs around it.
    place : str

    Attributes
    ----------
    inputs : tuple of str
    nodes : list of OnnxNode
    constants : dict
        Name → TensorProto, those of the graphs around it included.
    """

    def __init__(
        self, message: Message, around: Mapping[str, Message] | None = None, place: str = ""
    ) -> None:
        self.inputs = tuple(one.text(1) for one in message.messages(11))
        self.constants = {**(around or {}), **{t.text(8): t for t in message.messages(5)}}
        self.nodes: list[OnnxNode] = []
        for one in message.messages(1):
            node = _node(one, place)
            self.nodes.append(node)
            if node.kind == "Constant" and "value" in node.attributes and node.outputs:
                self.constants[node.outputs[0]] = node.attributes["value"].message(5)


def graphs(message: Message) -> Iterator[OnnxGraph]:
    """Yield a graph and all graphs within its nodes.

    Raises
    ------
    MalformedFileError
        They are nested deeper than the limits allow.
    """
    left: list[tuple[Message, Mapping[str, Message], str, int]] = [(message, {}, "", 0)]
    while left:
        message, around, place, depth = left.pop()
        message.part.budget.check_depth(depth, place)
        graph = OnnxGraph(message, around, place)
        yield graph
        inner = [
            (one, graph.constants, node.name, depth + 1)
            for node in graph.nodes
            for one in node.graphs()
        ]
        left += inner[::-1]


def tensor_shape(tensor: Message) -> tuple[int, ...]:
    """Return the shape that a TensorProto claims."""
    return tuple(to_signed(size) for size in tensor.numbers(1))


def tensor_array(tensor: Message) -> Array:
    """Return the values of a TensorProto.

    Raises
    ------
    MalformedFileError
        They are in another file, of another dtype than a floating one, or not as many as claimed.
    """
    part = tensor.part.cut(0, 0, tensor.text(8) or "a constant")
    if tensor.number(14) == _EXTERNAL or tensor.parts(13):
        raise part.error(
            "its values are in another file, which is not opened: save the model in one with "
            "onnx.save(onnx.load(file), new_file)"
        )
    kind, shape = tensor.number(2), tensor_shape(tensor)
    if kind not in _FLOATS:
        raise part.error(f"its data type is {kind}, expected one of {sorted(_FLOATS)}")
    data = memoryview(b"")
    if raw := tensor.parts(9):
        data = raw[-1].data
    elif kind in _UNPACKED:
        data = memoryview(b"".join(one.data for one in tensor.parts(_UNPACKED[kind])))
    return float_array(replace(part, data=data), _FLOATS[kind], shape)


def _node(message: Message, place: str) -> OnnxNode:
    kind, name = message.text(4), message.text(3)
    return OnnxNode(
        message.part.cut(0, 0, "/".join(filter(None, (place, name or kind)))),
        kind,
        name,
        tuple(part.text() for part in message.parts(1)),
        tuple(part.text() for part in message.parts(2)),
        {attribute.text(1): attribute for attribute in message.messages(5)},
    )
