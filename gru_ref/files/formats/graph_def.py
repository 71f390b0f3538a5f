"""TensorFlow's GraphDef: the nodes of a graph, and the functions that they call, read as needed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gru_ref.files.formats.float_arrays import Array, from_bfloat16
from gru_ref.files.formats.part import FilePart
from gru_ref.files.formats.protobuf import Message, scan, to_signed

# DataType of TensorFlow: types.proto.
DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64",
    10: "bool", 14: "bfloat16", 17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
# Where a TensorProto has the values that it writes one by one, and the bits that they are.
_VALUES = {
    "float32": (5, "<u4"), "float64": (6, "<u8"), "int32": (7, "<u4"), "uint8": (7, "u1"),
    "int16": (7, "<u2"), "int8": (7, "u1"), "int64": (10, "<u8"), "bool": (11, "u1"),
    "bfloat16": (13, "<u2"), "float16": (13, "<u2"),
}  # fmt: skip
_PACKED = (5, 6)  # the fields whose packed values have a fixed width
# A node is two things to look at, and one more for every so many fields in it: names, control
# inputs and attributes are passed over, not kept.
_FIELDS = 16
_LONGEST = 64  # of an attribute's name
_RANK = 8


@dataclass(frozen=True)
class GraphTensor:
    """A constant of numbers.

    Parameters
    ----------
    dtype : str
        As NumPy has it; or "bfloat16".
    shape : tuple of int
    message : Message
        A TensorProto.
    """

    dtype: str
    shape: tuple[int, ...]
    message: Message

    @classmethod
    def parse(cls, part: FilePart) -> GraphTensor | None:
        """Take a TensorProto apart, but for its values; None if they are no numbers.

        Raises
        ------
        MalformedFileError
            Its shape is none.
        """
        message = Message.parse(part)
        kind = DTYPES.get(message.number(1), "")
        shape = tuple(to_signed(size.number(1)) for size in message.message(2).messages(2))
        if min(shape, default=0) < 0 or len(shape) > _RANK:
            raise part.error(f"a constant has shape {shape[:9]}, expected {_RANK} sizes from 0 on")
        return cls(kind, shape, message) if kind in _VALUES else None

    def read(self) -> Array:
        """Return the array; bfloat16 as the float32 that it stands for.

        Raises
        ------
        MalformedFileError
            Its shape and its values do not fit.
        """
        part, bits = self.message.part, _VALUES[self.dtype][1]
        content = self.message.parts(4)
        raw = content[-1] if content else self._written()
        if len(raw) != math.prod(self.shape) * np.dtype(bits).itemsize:
            raise part.error(f"a constant of shape {self.shape} takes {len(raw):,} bytes")
        array = np.frombuffer(raw.data, bits).reshape(self.shape)
        if self.dtype == "bfloat16":
            return from_bfloat16(array)
        return array.view(self.dtype)

    def _written(self) -> FilePart:
        """Return the bytes of values that are written one by one; the last one fills the rest."""
        number, bits = _VALUES[self.dtype]
        part, dtype = self.message.part, np.dtype(bits)
        count = math.prod(self.shape)
        written: list[int] = []
        for value in self.message.fields.get(number, ()):
            if isinstance(value, int):
                written.append(value)
            elif number in _PACKED:
                if len(value) % dtype.itemsize:
                    raise part.error("the packed values of a constant end within one")
                value.budget.take_objects(len(value) // dtype.itemsize, value.place)
                written += np.frombuffer(value.data, bits).tolist()
            else:
                written += Message(value, {number: [value]}).numbers(number)
        if len(written) > count:
            raise part.error(f"a constant of {count:,} numbers has {len(written):,} values")
        part.budget.take_bytes(count * dtype.itemsize, part.place)
        mask = (1 << 8 * dtype.itemsize) - 1
        filled = np.full(count, written[-1] & mask if written else 0, bits)
        filled[: len(written)] = [value & mask for value in written]
        return FilePart(memoryview(filled.tobytes()), part.place, part.budget)


@dataclass(frozen=True)
class GraphNode:
    """One node.

    Parameters
    ----------
    name, op : str
    inputs : tuple of str
        Without control inputs; ``node:output:index`` in a function, ``node:index`` in a graph.
    attributes : mapping
        Name → the serialized AttrValue.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, FilePart]

    def number(self, name: str, default: int = 0) -> int:
        """Return an attribute that is an integer or a boolean."""
        if name not in self.attributes:
            return default
        value = Message.parse(self.attributes[name])
        return to_signed(value.number(3)) if 3 in value.fields else value.number(5)

    def real(self, name: str, default: float = 0.0) -> float:
        """Return an attribute that is a float."""
        if name not in self.attributes:
            return default
        bits = Message.parse(self.attributes[name]).number(4)
        return float(np.uint32(bits & 0xFFFFFFFF).view(np.float32))

    def text(self, name: str) -> str:
        """Return an attribute that is a string; empty if it is missing."""
        return Message.parse(self.attributes[name]).text(2) if name in self.attributes else ""

    def integers(self, name: str) -> tuple[int, ...]:
        """Return an attribute that is a list of integers."""
        if name not in self.attributes:
            return ()
        values = Message.parse(self.attributes[name]).message(1).numbers(3)
        return tuple(map(to_signed, values))

    def function(self, name: str) -> str:
        """Return the name of the function that an attribute is; empty if it is none."""
        if name not in self.attributes:
            return ""
        return Message.parse(self.attributes[name]).message(10).text(1)

    def dtype(self, name: str) -> str:
        """Return what NumPy calls an attribute that is a type; empty if it has no name there."""
        if name not in self.attributes:
            return ""
        return DTYPES.get(Message.parse(self.attributes[name]).number(6), "")

    def strings(self) -> list[str]:
        """Return the attribute "value" if it is a tensor of strings; an empty list if not."""
        if "value" not in self.attributes:
            return []
        return [
            text.text()
            for part in Message.parse(self.attributes["value"]).parts(8)
            for text in Message.parse(part).parts(8)
        ]

    def tensor(self) -> GraphTensor | None:
        """Return the attribute "value" if it is a tensor of numbers."""
        if "value" not in self.attributes:
            return None
        parts = Message.parse(self.attributes["value"]).parts(8)
        return GraphTensor.parse(parts[-1]) if parts else None


@dataclass(frozen=True)
class GraphFunction:
    """The nodes of a function, or of the graph itself.

    Parameters
    ----------
    name : str
        Empty for the graph itself.
    arguments : tuple of str
    results : tuple of str
        The tensors that it returns, as inputs name them.
    nodes : mapping
        By their names.
    """

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    nodes: Mapping[str, GraphNode]


@dataclass
class GraphDef:
    """The graph of one MetaGraphDef, and the functions in its library.

    Parameters
    ----------
    part : FilePart
        A serialized GraphDef.

    Raises
    ------
    MalformedFileError
        It is no such message, or has more nodes than the limits allow.

    Source
    ------
    graph.proto, node_def.proto, function.proto and attr_value.proto of TensorFlow 2.21.
    """

    part: FilePart
    _library: dict[str, FilePart] = field(init=False, default_factory=dict)
    _read: dict[str, GraphFunction] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for library in _parts(self.part, 2):
            for function in _parts(library, 1):
                self._library.setdefault(_function_name(function), function)

    def names(self) -> Collection[str]:
        """Return the names of all functions."""
        return self._library.keys()

    def graph(self) -> GraphFunction:
        """Return the nodes of the graph itself."""
        if "" not in self._read:
            nodes = _nodes(_parts(self.part, 1))
            self._read[""] = GraphFunction("", (), (), nodes)
        return self._read[""]

    def function(self, name: str) -> GraphFunction:
        """Return a function of the library.

        Raises
        ------
        MalformedFileError
            It is not there.
        """
        if name not in self._read:
            if name not in self._library:
                raise self.part.error(
                    f"function {name[:80]!r} is called, expected it in the library"
                )
            self._read[name] = _function(name, self._library[name])
        return self._read[name]


def _parts(part: FilePart, number: int) -> Iterator[FilePart]:
    """Yield the messages of a repeated field; the others are passed over."""
    for this, value in scan(part, _FIELDS):
        if this == number and isinstance(value, FilePart):
            yield value


def _function_name(part: FilePart) -> str:
    """Return the name of a function, whose nodes stay unread: its signature comes first."""
    return next((Message.parse(one).text(1) for one in _parts(part, 1)), "")


def _function(name: str, part: FilePart) -> GraphFunction:
    signature = Message(part, {})
    results: dict[str, str] = {}
    for number, value in scan(part, _FIELDS):
        if not isinstance(value, FilePart):
            continue
        if number == 1:
            signature = Message.parse(value)
        elif number == 4:
            result = Message.parse(value)
            results[result.text(1)] = result.text(2)
    arguments = tuple(one.text(1) for one in signature.messages(2))
    names = [one.text(1) for one in signature.messages(3)]
    if not set(names) <= results.keys():
        raise part.error(f"function {name[:80]!r} does not say what it returns")
    return GraphFunction(
        name, arguments, tuple(results[one] for one in names), _nodes(_parts(part, 3))
    )


def _nodes(parts: Iterable[FilePart]) -> dict[str, GraphNode]:
    nodes = {}
    for part in parts:
        part.budget.take_objects(1, part.place)
        node = _node(part)
        nodes[node.name] = node
    return nodes


def _node(part: FilePart) -> GraphNode:
    name = op = ""
    inputs: list[str] = []
    attributes = {}
    for number, value in scan(part, _FIELDS):
        if not isinstance(value, FilePart):
            continue
        if number == 1:
            name = value.text()
        elif number == 2:
            op = value.text()
        elif number == 3 and bytes(value.data[:1]) != b"^":  # a control input
            inputs.append(value.text())
        elif number == 5:
            pair = dict(scan(value, _FIELDS))
            key, said = pair.get(1), pair.get(2)
            # The runtime's own notes begin with "_".
            if not isinstance(key, FilePart) or not isinstance(said, FilePart):
                continue
            if len(key) < _LONGEST and bytes(key.data[:1]) != b"_":
                attributes[key.text()] = said
    return GraphNode(name, op, tuple(inputs), attributes)
