"""What follows from the constants of an ONNX graph: exporters leave weights transposed, cut, cast.

Only the operators of `_OPERATORS` are computed, in NumPy, each only after what it takes was charged
to the file's budget. Nothing else of a graph is run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.files.formats.onnx_graph import OnnxGraph, OnnxNode, data_type, tensor_array
from gru_ref.files.malformed import MalformedFileError

Array = NDArray[Any]

_LONGEST = 64  # operators that a constant may come through


class Folded(NamedTuple):
    """A constant, and the dtype on file of the numbers that it is made of."""

    array: Array
    stored: str


class OnnxConstants:
    """The constants of a graph, those that its operators compute from them, and those around it.

    Parameters
    ----------
    graph : OnnxGraph
    around : OnnxConstants, optional
        Of the graph around this one.
    """

    def __init__(self, graph: OnnxGraph, around: OnnxConstants | None = None) -> None:
        self.graph = graph
        self._around = around
        self._known: dict[str, Folded | None] = {}
        root = self
        while root._around is not None:
            root = root._around
        self._root = root
        self._made = 0

    def get(self, name: str, depth: int = 0) -> Folded | None:
        """Return a constant; None for a value that is known only when the model runs.

        Raises
        ------
        MalformedFileError
            A tensor is damaged or lies in another file, or what is computed from it is larger than
            the limits allow.
        """
        if not name or depth > _LONGEST:
            return None
        scope = self.graph.scope(name)
        if scope is not self.graph:
            return self._around.get(name, depth) if self._around and scope else None
        if name not in self._known:
            self._known[name] = None  # what a circle of names finds
            self._known[name] = self._folded(name, depth)
        return self._known[name]

    def fill(self, name: str) -> float | None:
        """Return the number that every element of a value is, of whatever shape; or None."""
        for _ in range(_LONGEST):
            found = self.get(name)
            if found is not None:
                array = found.array
                alike = array.size and (array == array.flat[0]).all()
                return float(array.flat[0]) if alike else None
            node = self.graph.maker(name)
            if node is None:
                return None
            if node.kind == "ConstantOfShape":
                if "value" not in node.attributes:
                    return 0.0
                return float(tensor_array(node.attributes["value"].message(5)).flat[0])
            if node.kind not in _SPREADING:
                return None
            name = node.input(0)
        return None

    def whatever(self, name: str) -> str:
        """Return what a value is that is not constant, for a message."""
        scope = self.graph.scope(name)
        if scope is None:
            return "is nowhere in the file"
        if name in scope.sparse:
            return "is stored sparsely"
        if node := scope.makers.get(name):
            by = f"is computed by {node.kind} ({node.part.place})"
            if inputs := self._inputs_behind(name):
                which = " and ".join(map(repr, sorted(inputs)))
                return f"{by} from {which}, which each run of the model is given as an input"
            return f"{by} when the model runs"
        return "is an input of the graph, which each run of the model is given"

    def _inputs_behind(self, name: str) -> set[str]:
        """Return the inputs of the graph that a value is folded from; none if from other values."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            one = waiting.pop()
            if one in seen or self.get(one) is not None:
                continue
            seen.add(one)
            scope = self.graph.scope(one)
            if scope is None or one in scope.sparse or len(seen) > _LONGEST:
                return set()
            node = scope.makers.get(one)
            if node is None:
                found.add(one)
            elif node.kind not in _OPERATORS or node.domain:
                return set()
            else:
                waiting += filter(None, node.inputs)
        return found

    def _folded(self, name: str, depth: int) -> Folded | None:
        tensor = self.graph.tensors.get(name)
        if tensor is not None:
            array = tensor_array(tensor)
            return Folded(array, data_type(tensor.number(2)) or "")
        node = self.graph.makers.get(name)
        if node is None or node.domain:
            return None
        if node.kind == "Constant":
            return _constant(node)
        operator = _OPERATORS.get(node.kind)
        if operator is None:
            return None
        given = [self.get(one, depth + 1) for one in node.inputs]
        if any(value is None for one, value in zip(node.inputs, given, strict=True) if one):
            return None
        arrays = [None if value is None else value.array for value in given]
        if not arrays or arrays[0] is None:
            return None
        position = node.outputs.index(name)
        try:
            self._charge(node, arrays)
            with np.errstate(all="ignore"):
                array = operator(node, arrays)[position]
        except (ValueError, IndexError, TypeError, KeyError, OverflowError, MemoryError) as error:
            if isinstance(error, MalformedFileError):
                raise
            raise node.part.error(
                f"{node.kind} of constants of shapes "
                f"{[None if a is None else a.shape for a in arrays]} cannot be computed: {error}"
            ) from None
        stored = given[0].stored if given[0] is not None else ""
        return Folded(array, stored)

    def _charge(self, node: OnnxNode, arrays: Sequence[Array | None]) -> None:
        """Account for the memory that an operator takes, before it runs."""
        there = [array for array in arrays if array is not None]
        if node.kind in _VIEWS:
            return
        if node.kind in _ELEMENTWISE:
            count = math.prod(np.broadcast_shapes(*(array.shape for array in there)))
        elif node.kind == "Gather":
            first = there[0]
            axis = node.integer("axis")
            count = there[1].size * first.size // max(first.shape[axis], 1)
        else:
            count = sum(array.size for array in there)
        part = self._root.graph.part
        part.budget.take_bytes(8 * count, node.part.place)
        self._root._made += 8 * count
        part.budget.check_ratio(len(part), self._root._made, node.part.place)


def _constant(node: OnnxNode) -> Folded | None:
    """Return the value of a node Constant; None for a text or a sparse tensor."""
    for name, attribute in node.attributes.items():
        if name == "value":
            tensor = attribute.message(5)
            return Folded(tensor_array(tensor), data_type(tensor.number(2)) or "")
        if name in ("value_float", "value_floats"):
            found = node.numbers(name) if name.endswith("s") else node.number(name)
            return Folded(np.array(found, np.float32), "float32")
        if name == "value_int":
            return Folded(np.array(node.integer(name), np.int64), "int64")
        if name == "value_ints":
            return Folded(np.array(node.integers(name), np.int64), "int64")
    return None


# ---- the operators: each takes the node and its constant inputs, None for one that is left out

_Operator = Callable[[OnnxNode, Sequence[Any]], Sequence[Array]]


def _second(node: OnnxNode, arrays: Sequence[Any], name: str) -> tuple[int, ...] | None:
    """Return the integers that are the second input, in older models an attribute."""
    if len(arrays) > 1 and arrays[1] is not None:
        return tuple(int(value) for value in arrays[1].reshape(-1))
    return node.integers(name)


def _cast(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    dtype = data_type(node.integer("to"))
    if dtype is None or dtype == "bfloat16":
        raise TypeError(f"its data type is {node.integer('to')}")
    return [arrays[0].astype(dtype)]


def _transpose(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    return [arrays[0].transpose(node.integers("perm"))]


def _squeeze(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    return [np.squeeze(arrays[0], _second(node, arrays, "axes"))]


def _unsqueeze(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    return [np.expand_dims(arrays[0], _second(node, arrays, "axes") or ())]


def _reshape(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    shape = _second(node, arrays, "shape") or ()
    if not node.integer("allowzero"):
        shape = tuple(arrays[0].shape[i] if size == 0 else size for i, size in enumerate(shape))
    return [arrays[0].reshape(shape)]


def _flatten(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    axis = node.integer("axis", 1)
    return [arrays[0].reshape(math.prod(arrays[0].shape[:axis]), -1)]


def _concat(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    return [np.concatenate(arrays, node.integer("axis"))]


def slices(node: OnnxNode, arrays: Sequence[Any], rank: int) -> tuple[slice, ...]:
    """Return what a node Slice takes of each axis; `arrays` are its inputs, the first unread."""
    if len(arrays) > 1:
        starts, ends, axes, steps = (
            None if one is None else [int(value) for value in one.reshape(-1)]
            for one in (*arrays[1:], None, None)[:4]
        )
    else:
        starts, ends, axes = (
            None if (found := node.integers(name)) is None else list(found)
            for name in ("starts", "ends", "axes")
        )
        steps = None
    taken = [slice(None)] * rank
    starts, ends = starts or [], ends or []
    axes = axes if axes is not None else list(range(len(starts)))
    steps = steps if steps is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        taken[axis] = slice(start, end, step)
    return tuple(taken)


def _slice(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    return [arrays[0][slices(node, arrays, arrays[0].ndim)]]


def _split(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    axis = node.integer("axis")
    sizes = _second(node, arrays, "split")
    if sizes is None:
        size = -(-arrays[0].shape[axis] // len(node.outputs))
        return np.split(arrays[0], range(size, arrays[0].shape[axis], size), axis)
    return np.split(arrays[0], np.cumsum(sizes)[:-1], axis)


def _gather(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    return [np.take(arrays[0], arrays[1].astype(np.int64), node.integer("axis"))]


def _dequantize(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    quantized, scale = arrays[:2]
    zero = arrays[2] if len(arrays) > 2 and arrays[2] is not None else np.zeros((), np.int8)
    axis = node.integer("axis", 1)
    along = [1] * quantized.ndim
    if scale.size != 1:
        along[axis] = quantized.shape[axis]
    if scale.ndim > 1 or scale.size != math.prod(along) or zero.size not in (1, scale.size):
        raise ValueError("expected one scale and zero point for all, or for each along its axis")
    zeros = np.broadcast_to(zero.reshape(-1), scale.size).reshape(along)
    return [(quantized.astype(np.float32) - zeros.astype(np.float32)) * scale.reshape(along)]


def _of(function: Callable[..., Array]) -> _Operator:
    return lambda node, arrays: [function(*arrays)]


def _div(node: OnnxNode, arrays: Sequence[Any]) -> list[Array]:
    if arrays[0].dtype.kind != "f":
        raise TypeError("integers are divided")
    return [arrays[0] / arrays[1]]


_OPERATORS: Mapping[str, _Operator] = {
    "Identity": _of(lambda x: x), "Cast": _cast, "Transpose": _transpose, "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze, "Reshape": _reshape, "Flatten": _flatten, "Concat": _concat,
    "Slice": _slice, "Split": _split, "Gather": _gather, "DequantizeLinear": _dequantize,
    "Add": _of(np.add), "Sub": _of(np.subtract), "Mul": _of(np.multiply), "Div": _div,
    "Neg": _of(np.negative),
}  # fmt: skip
_VIEWS = frozenset(("Identity", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split"))
_ELEMENTWISE = frozenset(("Add", "Sub", "Mul", "Div"))
# They repeat or move the elements of their first input, and change none.
_SPREADING = frozenset((
    "Identity", "Cast", "Expand", "Tile", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice",
    "Flatten", "Gather",
))  # fmt: skip
