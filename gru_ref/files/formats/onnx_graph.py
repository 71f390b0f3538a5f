"""ONNX's messages: graphs within graphs, their nodes, and the tensors that are constant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gru_ref.files.formats.float_arrays import FLOATS, Array, float_array
from gru_ref.files.formats.part import FilePart
from gru_ref.files.formats.protobuf import Message, to_signed

# TensorProto.DataType → the dtype, and the field of its numbers where raw_data is left out.
_TYPES: Mapping[int, tuple[str, int]] = {
    1: ("float32", 4), 2: ("uint8", 5), 3: ("int8", 5), 6: ("int32", 5), 7: ("int64", 7),
    9: ("bool", 5), 10: ("float16", 5), 11: ("float64", 10), 16: ("bfloat16", 5),
}  # fmt: skip
_PACKED = (4, 10)  # float_data and double_data are packed bytes, the others varints
_EXTERNAL = 1


def data_type(kind: int) -> str | None:
    """Return the name of a TensorProto.DataType that is read, None for any other.

    Examples
    --------
    >>> data_type(1), data_type(8)
    ('float32', None)
    """
    return _TYPES[kind][0] if kind in _TYPES else None


@dataclass(frozen=True)
class OnnxNode:
    """One operator of a graph.

    Parameters
    ----------
    part : FilePart
        Where it is, for messages.
    kind, name : str
    domain : str
        Whose operator it is; "" for ONNX's own.
    inputs, outputs : tuple of str
    attributes : dict
        Name → AttributeProto.
    """

    part: FilePart
    kind: str
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Message]

    def input(self, position: int) -> str:
        """Return the name of an input; "" for one that is left out."""
        return self.inputs[position] if position < len(self.inputs) else ""

    def integer(self, name: str, default: int = 0) -> int:
        """Return an attribute that is an integer."""
        if name not in self.attributes:
            return default
        return to_signed(self.attributes[name].number(3))

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return an attribute that is a list of integers, None if it is left out."""
        if name not in self.attributes:
            return None
        return tuple(to_signed(value) for value in self.attributes[name].numbers(8))

    def number(self, name: str) -> float | None:
        """Return an attribute that is a float, None if it is left out."""
        found = self.attributes[name].floats(2) if name in self.attributes else []
        return found[-1] if found else None

    def numbers(self, name: str) -> list[float]:
        """Return an attribute that is a list of floats, empty if it is left out."""
        return self.attributes[name].floats(7) if name in self.attributes else []

    def string(self, name: str, default: str) -> str:
        """Return an attribute that is a text."""
        return self.attributes[name].text(4) if name in self.attributes else default

    def strings(self, name: str) -> list[str]:
        """Return an attribute that is a list of texts, empty if it is left out."""
        found = self.attributes[name].parts(9) if name in self.attributes else []
        return [part.text() for part in found]


class OnnxGraph:
    """A graph: the model's own, or one within a node, which sees the names of those around it.

    Parameters
    ----------
    message : Message
        A GraphProto.
    around : OnnxGraph, optional
        The graph that the node is in.
    place : str

    Attributes
    ----------
    inputs, outputs : tuple of str
    nodes : list of OnnxNode
    makers : dict
        Name of a value → the node that returns it.
    tensors : dict
        Name of a value → TensorProto.
    sparse : frozenset of str
        Names of tensors that are stored sparsely.

    Raises
    ------
    MalformedFileError
        It is nested deeper than the limits allow.
    """

    def __init__(self, message: Message, around: OnnxGraph | None = None, place: str = "") -> None:
        self.around = around
        self.depth: int = 0 if around is None else around.depth + 1
        message.part.budget.check_depth(self.depth, place)
        self.place = place
        self.part = message.part
        self._values = [part for number in (11, 12, 13) for part in message.parts(number)]
        self.inputs = tuple(one.text(1) for one in message.messages(11))
        self.outputs = tuple(one.text(1) for one in message.messages(12))
        self._inputs = frozenset(self.inputs)
        self.tensors = {tensor.text(8): tensor for tensor in message.messages(5)}
        self.sparse = frozenset(one.message(1).text(8) for one in message.messages(15))
        self.nodes = [_node(one, place) for one in message.messages(1)]
        self._inner: dict[int, tuple[OnnxGraph, ...]] = {}
        self.makers = {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Name of a value → its sizes as the file claims them, None for one that it leaves open."""
        shapes = {}
        for message in map(Message.parse, self._values):
            tensor = message.message(2).message(1)
            if tensor.parts(2):
                sizes = tensor.message(2).messages(1)
                shapes[message.text(1)] = tuple(
                    to_signed(size.number(1)) if 1 in size.fields else None for size in sizes
                )
        return shapes

    def within(self, node: OnnxNode) -> tuple[OnnxGraph, ...]:
        """Return the graphs within a node: the body of a loop, the branches of a condition."""
        if id(node) not in self._inner:
            self._inner[id(node)] = tuple(
                OnnxGraph(message, self, node.name)
                for attribute in node.attributes.values()
                for message in attribute.messages(6)
            )
        return self._inner[id(node)]

    def scope(self, name: str) -> OnnxGraph | None:
        """Return the graph, of this and those around it, that a name is of."""
        graph: OnnxGraph | None = self
        while graph is not None and not graph._has(name):
            graph = graph.around
        return graph

    def maker(self, name: str) -> OnnxNode | None:
        """Return the node that returns a value; None for a constant, an input, no value at all."""
        graph = self.scope(name)
        return None if graph is None or name in graph.tensors else graph.makers.get(name)

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        """Return the sizes that the file claims of a value, if it does."""
        graph = self.scope(name)
        return None if graph is None else graph.shapes.get(name)

    def _has(self, name: str) -> bool:
        return (
            name in self.tensors
            or name in self.makers
            or name in self._inputs
            or name in self.sparse
        )


def graphs(main: OnnxGraph) -> Iterator[OnnxGraph]:
    """Yield a graph and all graphs within its nodes.

    Raises
    ------
    MalformedFileError
        They are nested deeper than the limits allow.
    """
    left = [main]
    while left:
        graph = left.pop()
        yield graph
        left += [inner for node in graph.nodes for inner in graph.within(node)][::-1]


def tensor_shape(tensor: Message) -> tuple[int, ...]:
    """Return the shape that a TensorProto claims."""
    return tuple(to_signed(size) for size in tensor.numbers(1))


def tensor_array(tensor: Message) -> Array:
    """Return the values of a TensorProto.

    Raises
    ------
    MalformedFileError
        They are in another file, of a dtype that no weight, scale or axis has, or not as many as
        claimed.
    """
    part = tensor.part.cut(0, 0, tensor.text(8) or "a constant")
    if tensor.number(14) == _EXTERNAL or tensor.parts(13):
        raise part.error(
            "its values are in another file, which is not opened: save the model in one with "
            "onnx.save(onnx.load(file), new_file)"
        )
    kind, shape = tensor.number(2), tensor_shape(tensor)
    if kind not in _TYPES:
        raise part.error(f"its data type is {kind}, expected one of {sorted(_TYPES)}")
    dtype, unpacked = _TYPES[kind]
    if raw := tensor.parts(9):
        part = replace(part, data=raw[-1].data)
    elif unpacked in _PACKED:
        part = replace(part, data=memoryview(b"".join(one.data for one in tensor.parts(unpacked))))
    else:
        part = replace(part, data=_packed(tensor.numbers(unpacked), dtype))
    if dtype in FLOATS:
        return float_array(part, dtype, shape)
    if min(shape, default=0) < 0 or math.prod(shape) * np.dtype(dtype).itemsize != len(part):
        raise part.error(f"it is {dtype} of shape {shape} and takes {len(part):,} bytes")
    return np.frombuffer(part.data, np.dtype(dtype).newbyteorder("<")).reshape(shape)


def _packed(numbers: list[int], dtype: str) -> memoryview:
    """Return the bytes of numbers that a TensorProto stores as varints, those of halves as bits."""
    stored = np.dtype("u2" if dtype in FLOATS else dtype).newbyteorder("<")
    return memoryview(np.array(numbers, np.uint64).astype(stored).tobytes())


def _node(message: Message, place: str) -> OnnxNode:
    kind, name = message.text(4), message.text(3)
    return OnnxNode(
        message.part.cut(0, 0, "/".join(filter(None, (place, name or kind)))),
        kind,
        name,
        message.text(7).removesuffix("ai.onnx"),
        tuple(part.text() for part in message.parts(1)),
        tuple(part.text() for part in message.parts(2)),
        {attribute.text(1): attribute for attribute in message.messages(5)},
    )
