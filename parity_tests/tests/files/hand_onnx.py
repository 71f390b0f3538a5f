"""ONNX models written by hand, without the package onnx."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from parity_tests.tests.files.bundles import field

_TYPES = {
    "float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10,
    "float64": 11,
}  # fmt: skip


def tensor(name: str, array: Any) -> bytes:
    """Return a TensorProto."""
    array = np.asarray(array)
    sizes = b"".join(field(1, size) for size in array.shape)
    kind = field(2, _TYPES[array.dtype.name])
    return sizes + kind + field(8, name.encode()) + field(9, array.tobytes())


def _attribute(name: str, value: Any) -> bytes:
    head = field(1, name.encode())
    if isinstance(value, bytes):  # a graph
        return field(5, head + field(6, value))
    if isinstance(value, str):
        return field(5, head + field(4, value.encode()))
    if isinstance(value, np.ndarray):
        return field(5, head + field(5, tensor("", value)))
    if isinstance(value, int):
        return field(5, head + field(3, value % (1 << 64)))
    if isinstance(value, float):
        return field(5, head + b"\x15" + struct.pack("<f", value))
    if value and isinstance(value[0], str):
        return field(5, head + b"".join(field(9, one.encode()) for one in value))
    if value and isinstance(value[0], float):
        return field(5, head + b"".join(b"\x3d" + struct.pack("<f", one) for one in value))
    return field(5, head + b"".join(field(8, one % (1 << 64)) for one in value))


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> bytes:
    """Return a NodeProto as a field of its graph; names are apart by spaces, "-" is none."""
    names = [
        field(number, b"" if name == "-" else name.encode())
        for number, some in ((1, inputs), (2, outputs))
        for name in some.split()
    ]
    more = [_attribute(name, value) for name, value in attributes.items()]
    return field(1, b"".join([*names, field(4, kind.encode()), *more]))


def value(name: str, shape: tuple[int, ...] | None = None) -> bytes:
    """Return a ValueInfoProto of floats; a size of −1 is one that is left open."""
    if shape is None:
        return field(1, name.encode())
    sizes = b"".join(field(1, field(1, size) if size >= 0 else field(2, b"n")) for size in shape)
    return field(1, name.encode()) + field(2, field(1, field(1, 1) + field(2, sizes)))


def graph(
    nodes: list[bytes],
    tensors: dict[str, Any] | None = None,
    *,
    inputs: dict[str, tuple[int, ...] | None] | None = None,
    outputs: tuple[str, ...] = (),
) -> bytes:
    """Return a GraphProto."""
    parts = [*nodes]
    parts += [field(5, tensor(name, array)) for name, array in (tensors or {}).items()]
    parts += [field(11, value(name, shape)) for name, shape in (inputs or {}).items()]
    parts += [field(12, value(name)) for name in outputs]
    return b"".join(parts)


def model(graph: bytes, more: bytes = b"") -> bytes:
    """Return a ModelProto."""
    return field(1, 8) + field(2, b"hand") + field(7, graph) + more
