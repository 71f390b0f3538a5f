"""SavedModels written by hand around one GRU: the graph that TensorFlow does not write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from parity_tests.tests.files import bundles
from parity_tests.tests.files.attacks import honest
from parity_tests.tests.files.bundles import field

_DTYPES = {"float32": 1, "int32": 3, "bool": 10}
ROLES = ("kernel", "recurrent_kernel", "bias")
BODY, MAIN = "body", "__inference_main"


class Function(NamedTuple):
    """A name or a text of an attribute: that of a function."""

    name: str


def tensor(array: np.ndarray, shape: Sequence[int] | None = None) -> bytes:
    """Return a TensorProto, which may lie about its shape: its first number fills the rest."""
    sizes = array.shape if shape is None else shape
    message = field(1, _DTYPES[array.dtype.name])
    message += field(2, b"".join(field(2, field(1, size)) for size in sizes))
    if shape is None:
        return message + field(4, array.tobytes())
    return message + bundles.varint(5 << 3 | 5) + array.tobytes()[:4]


def node(name: str, op: str, *inputs: str, **attributes: int | str | bytes | Function) -> bytes:
    """Return a NodeDef; an attribute of bytes is a tensor."""
    written = field(1, name.encode()) + field(2, op.encode())
    written += b"".join(field(3, one.encode()) for one in inputs)
    for key, value in attributes.items():
        if isinstance(value, Function):
            said = field(10, field(1, value.name.encode()))
        elif isinstance(value, bytes):
            said = field(8, value)
        else:
            said = field(3, value) if isinstance(value, int) else field(2, value.encode())
        written += field(5, field(1, key.encode()) + field(2, said))
    return written


def constant(name: str, value: float | Sequence[int] | np.ndarray) -> bytes:
    """Return a Const of floats, or of integers."""
    array = np.asarray(value)
    return node(
        name, "Const", value=tensor(array.astype("f4" if array.dtype.kind == "f" else "i4"))
    )


def function(
    name: str, arguments: Sequence[str], results: Sequence[str], nodes: Sequence[bytes]
) -> bytes:
    """Return a FunctionDef."""
    signature = field(1, name.encode())
    signature += b"".join(field(2, field(1, one.encode())) for one in arguments)
    signature += b"".join(field(3, field(1, f"r{i}".encode())) for i in range(len(results)))
    written = field(1, signature) + b"".join(field(3, one) for one in nodes)
    for i, one in enumerate(results):
        written += field(4, field(1, f"r{i}".encode()) + field(2, one.encode()))
    return written


def step(
    *more: bytes,
    activation: str = "Tanh",
    gate: str = "Sigmoid",
    kernel: str = "read_kernel:value:0",
) -> bytes:
    """Return the body of a loop: one timestep of a GRU, reset after, and more nodes."""
    nodes = [
        node("x", "TensorListGetItem", "xs", "i", "xs"),
        *(node(f"read_{role}", "ReadVariableOp", role) for role in ROLES),
        node("rows", "Unpack", "read_bias:value:0", axis=0, num=2),
        node("input", "MatMul", "x:item:0", "read_kernel:value:0"),
        node("state", "MatMul", "h", "read_recurrent_kernel:value:0"),
        node("input_sum", "BiasAdd", "input:product:0", "rows:output:0"),
        node("state_sum", "BiasAdd", "state:product:0", "rows:output:1"),
        constant("axis", np.array(-1)),
        node("xz", "Split", "axis:output:0", "input_sum:output:0", num_split=3),
        node("hz", "Split", "axis:output:0", "state_sum:output:0", num_split=3),
        node("z_sum", "AddV2", "xz:output:0", "hz:output:0"),
        node("z", gate, "z_sum:z:0"),
        node("r_sum", "AddV2", "xz:output:1", "hz:output:1"),
        node("r", gate, "r_sum:z:0"),
        node("reset", "Mul", "r:y:0", "hz:output:2"),
        node("n_sum", "AddV2", "xz:output:2", "reset:z:0"),
        node("n", activation, "n_sum:z:0"),
        constant("one", 1.0),
        node("kept", "Mul", "z:y:0", "h"),
        node("share", "Sub", "one:output:0", "z:y:0"),
        node("added", "Mul", "share:z:0", "n:y:0"),
        node("new", "AddV2", "kept:z:0", "added:z:0"),
        constant("next", np.array(1)),
        node("count", "AddV2", "i", "next:output:0"),
    ]
    return function(
        BODY, ("i", "h", "xs", *ROLES), ("count:z:0", "new:z:0", "xs", *ROLES), [*nodes, *more]
    )


def main(
    *nodes: bytes,
    sequence: str = "turned:y:0",
    kernel: str = "kernel",
    result: str = "loop:output:1",
) -> bytes:
    """Return the function that runs the loop over its argument, and more nodes."""
    own = [
        constant("perm", [1, 0, 2]),
        node("turned", "Transpose", "inputs", "perm:output:0"),
        node("list", "TensorListFromTensor", sequence, "perm:output:0"),
        constant("start", np.array(0)),
        constant("zeros", np.zeros((1, honest.UNITS))),
        node(
            "loop",
            "While",
            "start:output:0",
            "zeros:output:0",
            "list:output_handle:0",
            kernel,
            *ROLES[1:],
            body=Function(BODY),
        ),
    ]
    return function(MAIN, ("inputs", *ROLES), (result,), [*own, *nodes])


def write(
    folder: Path,
    *functions: bytes,
    captured: Sequence[int] = (2, 3, 4),
) -> Path:
    """Write a SavedModel of the honest GRU with these functions, the main one among them.

    Parameters
    ----------
    folder : Path
    *functions : bytes
    captured : sequence of int
        The objects that the main function captures: 2, 3 and 4 are the variables.
    """
    nodes = [{"gru": 1}, {role: 2 + i for i, role in enumerate(ROLES)}]
    named = bundles.object_graph(nodes + [{"VARIABLE_VALUE": role} for role in ROLES])
    _write_variables(folder, "", named)
    bound = field(1, MAIN.encode()) + field(2, b"".join(field(2, one) for one in captured))
    library = b"".join(field(1, one) for one in functions)
    meta_graph = field(2, field(2, library)) + field(7, named + field(2, bound))
    return _write_meta_graph(folder, meta_graph)


def write_v1(
    folder: Path, nodes: Sequence[bytes], output: str, *functions: bytes, variables: bool = True
) -> Path:
    """Write a SavedModel of TensorFlow 1: a graph without objects, of one output."""
    if variables:
        _write_variables(folder, "gru/", None)
    signature = field(2, field(1, b"y") + field(2, field(1, f"{output}:0".encode())))
    graph = b"".join(field(1, one) for one in nodes)
    graph += field(2, b"".join(field(1, one) for one in functions))
    named = field(1, b"serving_default") + field(2, signature)
    return _write_meta_graph(folder, field(2, graph) + field(5, named))


def _write_variables(folder: Path, before: str, objects: bytes | None) -> None:
    entries, data = {}, b""
    for role, array in zip(ROLES, honest.arrays(), strict=True):
        entries[before + role] = bundles.entry(array.tobytes(), array.shape, offset=len(data))
        data += array.tobytes()
    if objects is not None:
        entries["_CHECKPOINTABLE_OBJECT_GRAPH"] = bundles.string_entry(objects, len(data))
        data += bundles.string(objects)
    place = folder / "variables"
    bundles.write(place, entries, data)
    for path in place.iterdir():
        path.rename(path.with_name(path.name.replace("ckpt", "variables")))


def _write_meta_graph(folder: Path, meta_graph: bytes) -> Path:
    (folder / "saved_model.pb").write_bytes(field(1, 1) + field(2, meta_graph))
    return folder
