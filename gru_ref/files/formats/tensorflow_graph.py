"""TensorFlow's graphs in the words of `gru_ref.files.formats.dataflow`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gru_ref.files.formats.control_flow_v1 import ENTER, Frame, frames, is_invariant
from gru_ref.files.formats.dataflow import Constant, Graph, Operation
from gru_ref.files.formats.graph_def import GraphDef, GraphFunction, GraphNode
from gru_ref.files.limits import Budget

# Operators that are a kind by themselves, with TensorFlow's inputs in TensorFlow's order.
_KINDS = {
    **dict.fromkeys(
        ("Identity", "StopGradient", "PreventGradient", "ReadVariableOp", "Snapshot",
         "EnsureShape", "CheckNumerics", "PlaceholderWithDefault", *ENTER),
        "identity",
    ),
    **{
        name: name.lower()
        for name in (
            "Neg", "Abs", "Sign", "Exp", "Expm1", "Log", "Log1p", "Sqrt", "Rsqrt", "Square",
            "Reciprocal", "Erf", "Erfc", "Tanh", "Sigmoid", "Relu", "Relu6", "Elu", "Selu",
            "Softplus", "Softsign", "Softmax", "Floor", "Sub", "Mul", "Pow", "Maximum", "Minimum",
            "Less", "Greater", "Equal", "Reshape", "Transpose", "Slice", "Tile", "Fill", "Range",
            "Shape", "Size", "Rank",
        )
    },
    "LogSoftmax": "log_softmax", "Inv": "reciprocal", "LogicalNot": "not",
    "ZerosLike": "zeros_like", "OnesLike": "ones_like", "Add": "add", "AddV2": "add",
    "BiasAdd": "add", "AddN": "add_n", "Div": "div", "RealDiv": "div", "FloorDiv": "floor_div",
    "FloorMod": "floor_mod", "SquaredDifference": "squared_difference", "LessEqual": "less_equal",
    "GreaterEqual": "greater_equal", "NotEqual": "not_equal", "LogicalAnd": "and",
    "LogicalOr": "or", "Select": "where", "SelectV2": "where", "ClipByValue": "clip",
    "ExpandDims": "expand", "ConcatV2": "concat", "ReverseV2": "reverse",
    "BroadcastTo": "broadcast", "GatherV2": "gather", "Gather": "gather",
    "TensorListFromTensor": "list_from_tensor", "TensorListReserve": "list_reserve",
    "TensorListGetItem": "list_get", "TensorListSetItem": "list_set",
    "TensorListStack": "list_stack", "TensorListLength": "list_length",
}  # fmt: skip
# How many inputs of an operator mean what the kind says; the others are shapes.
_INPUTS = {
    "list_from_tensor": 1, "list_get": 2, "list_set": 3, "list_stack": 1, "list_length": 1,
    "identity": 1,
}  # fmt: skip
_REDUCTIONS = {
    "Sum": "reduce_sum", "Prod": "reduce_prod", "Max": "reduce_max", "Min": "reduce_min",
    "Mean": "reduce_mean", "All": "reduce_all", "Any": "reduce_any",
}  # fmt: skip
_OF_CALL = 8  # things to look at: what each call of a function takes, about, beside its operations
_FRAME = "loop"  # and a space, which no function's name has
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_LOOPS = ("While", "StatelessWhile")
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
# Operators that return several tensors under names of their own, in that order.
_NAMED_OUTPUTS = {
    "CudnnRNN": ("output", "output_h", "output_c", "reserve_space"),
    "CudnnRNNV2": ("output", "output_h", "output_c", "reserve_space", "host_reserved"),
    "CudnnRNNV3": ("output", "output_h", "output_c", "reserve_space", "host_reserved"),
    "TensorArrayV3": ("handle", "flow"),
}  # fmt: skip


class FunctionGraphs(Mapping[str, Graph]):
    """The functions of a graph's library in neutral words, each made when it is asked for.

    Parameters
    ----------
    definition : GraphDef
    budget : Budget
    """

    def __init__(self, definition: GraphDef, budget: Budget) -> None:
        self.definition = definition
        self.budget = budget
        self._made: dict[str, Graph] = {}
        self._frames: dict[str, Frame] = {}  # by the nodes that lead out of it
        self._depth = 0

    def __getitem__(self, name: str) -> Graph:
        self.budget.take_objects(_OF_CALL, name[:80])
        if name not in self._made:
            self._made[name] = self.bound(name, {})
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.definition.names())

    def __len__(self) -> int:
        return len(self.definition.names())

    def bound(self, name: str, constants: Mapping[str, Constant]) -> Graph:
        """Return a function some of whose arguments are constants: its variables.

        Raises
        ------
        MalformedFileError
            It is not in the library, or names what is not there.
        """
        function = self.definition.function(name)
        results = tuple(_value(one, function) for one in function.results)
        inputs = tuple(one for one in function.arguments if one not in constants)
        return self._graph(function, inputs, results, constants)

    def main(self, outputs: tuple[str, ...], constants: Mapping[str, Constant]) -> Graph:
        """Return what the graph itself computes for some of its tensors.

        Parameters
        ----------
        outputs : tuple of str
            As "node:0".
        constants : mapping
            Name of a variable's node → what the checkpoint has of it.
        """
        graph = self.definition.graph()
        self._frames = {name: frame for frame in frames(graph) for name in frame.exits if name}
        results = tuple(_value(one, graph) for one in outputs)
        return self._graph(graph, (), results, constants)

    def _pass(self, frame: Frame) -> Graph:
        """Return a pass of a loop of TensorFlow 1, which takes values from around it by name."""
        name = f"{_FRAME} {frame.name}"
        if name not in self._made:
            self._depth += 1
            self.budget.check_depth(self._depth, frame.name[:80])
            graph = self.definition.graph()
            results = tuple(_value(one, graph) for one in frame.nexts)
            inside = self._graph(graph, frame.inside, results, {})
            self._made[name] = replace(inside, name=name, sees_around=True)
            self._depth -= 1
        return self._made[name]

    def _graph(
        self,
        function: GraphFunction,
        inputs: tuple[str, ...],
        results: tuple[str, ...],
        variables: Mapping[str, Constant],
    ) -> Graph:
        """Return what leads to the results: all else computes nothing that matters."""
        constants = dict(variables)
        nodes: dict[str, GraphNode] = {}
        indices: dict[str, int] = {}  # the last output that is used of each
        loops: dict[str, Operation] = {}
        stops = frozenset(inputs)
        pending = list(results)
        while pending:
            value = pending.pop()
            name, _, index = value.partition(":")
            node = function.nodes.get(name)
            if value in stops or node is None or name in constants:
                continue
            indices[name] = max(int(index or 0), indices.get(name, 0))
            frame = None if function.name else self._frames.get(name)
            if frame is not None and frame.name not in loops:
                loops[frame.name] = self._loop(frame)
                invariants = (one for one in self._pass(frame).operations if one.operator in ENTER)
                pending += (*loops[frame.name].inputs, *(one.inputs[0] for one in invariants))
            if frame is not None or name in nodes:
                continue
            tensor = node.tensor() if node.op == "Const" else None
            if tensor is not None:
                constants[name] = Constant(tensor.shape, tensor.dtype, tensor.read, name)
                continue
            nodes[name] = node
            if not (stops and is_invariant(node)):
                pending += (_value(one, function) for one in node.inputs)
        operations = [*loops.values()]
        for name, node in nodes.items():
            self.budget.take_objects(indices[name], name[:80])
            operations += _operations(node, indices[name] + 1, function)
        placeholders = (name for name, node in nodes.items() if node.op == "Placeholder")
        return Graph(
            function.name or "the graph", (*inputs, *placeholders), results, operations, constants
        )

    def _loop(self, frame: Frame) -> Operation:
        """Return a loop of TensorFlow 1."""
        graph = self.definition.graph()
        starts = tuple(_value(one, graph) for one in frame.starts)
        attributes = {"body": self._pass(frame).name, "carried": len(starts)}
        path = f"{frame.name.removesuffix('_context')}"
        return Operation("loop", starts, frame.exits, attributes, "Enter", path)


def _value(reference: str, function: GraphFunction) -> str:
    """Return the name of a tensor: that of its node, with ":1" for the second of several."""
    name, _, rest = reference.partition(":")
    if not rest:
        return name
    output, _, number = rest.rpartition(":")
    index = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else -1
    node = function.nodes.get(name)
    if output and node is not None:
        named = _NAMED_OUTPUTS.get(node.op, ())
        index += named.index(output) if output in named else 0
    return f"{name}:{index}" if index else name


def _operations(node: GraphNode, count: int, function: GraphFunction) -> list[Operation]:
    """Return one node, of which some outputs are used, in neutral words."""
    values = tuple(_value(one, function) for one in node.inputs)
    outputs: tuple[str, ...] = (node.name, *(f"{node.name}:{i}" for i in range(1, count)))
    if node.op == "IdentityN":
        return [
            Operation("identity", (value,), (output,), {}, node.op, node.name)
            for value, output in zip(values, outputs, strict=False)
        ]
    kind = _KINDS.get(node.op, "")
    inputs = values[: _INPUTS.get(kind, len(values))]
    attributes: dict[str, Any] = {}
    special = _SPECIAL.get(node.op)
    if special is not None:
        kind, inputs, attributes = special(node, values, function)
    if node.op == "TensorArrayV3":
        outputs = outputs[1:]  # the first is a handle
    return [Operation(kind, inputs, outputs, attributes, node.op, node.name)]


_Said = tuple[str, tuple[str, ...], dict[str, Any]]
_Special = Callable[[GraphNode, tuple[str, ...], GraphFunction], _Said]


def _call(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "call", values, {"body": node.function("f")}


def _loop(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "loop", values, {"body": node.function("body"), "carried": len(values)}


def _cast(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "cast", values, {"dtype": node.dtype("DstT")}


def _matmul(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    transposed = {
        "transpose_a": bool(node.number("transpose_a") or node.number("adj_x")),
        "transpose_b": bool(node.number("transpose_b") or node.number("adj_y")),
    }
    return "matmul", values, transposed


def _split(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "split", values[::-1], {"count": node.number("num_split")}  # the axis comes first there


def _split_sizes(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "split", (*values[:1], *values[2:], *values[1:2]), {}


def _old_concat(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "concat", (*values[1:], *values[:1]), {}


def _stack(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "stack", values, {"axis": node.number("axis")}


def _unstack(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "unstack", values, {"axis": node.number("axis")}


def _squeeze(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    axes = node.integers("squeeze_dims")
    return "squeeze", values, {"axes": axes} if axes else {}


def _strided_slice(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "strided_slice", values, {name: node.number(name) for name in _MASKS}


def _gather(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "" if node.number("batch_dims") else "gather", values, {}


def _leaky_relu(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "leaky_relu", values, {"alpha": node.real("alpha", 0.2)}


def _product(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    """Return a product; what dropout multiplies by ones in inference is what it was."""
    for i, value in enumerate(values):
        ones = function.nodes.get(value)
        other = (*values[:i], *values[i + 1 :])
        if ones is None or ones.op != "OnesLike":
            continue
        if other == tuple(_value(one, function) for one in ones.inputs):
            return "identity", other, {}
    return "mul", values, {}


def _reduction(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return _REDUCTIONS[node.op], values, {"keepdims": bool(node.number("keep_dims"))}


def _array(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "list_reserve", (), {}


def _array_read(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "list_get", (*values[2:3], *values[1:2]), {}


def _array_write(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "list_set", (*values[3:4], *values[1:3]), {}


def _array_scatter(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    kind = "list_from_tensor" if _is_range(values[1:2], function) else ""
    return kind, values[2:3], {}


def _array_gather(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "list_stack" if _is_range(values[1:2], function) else "", values[2:3], {}


def _array_size(node: GraphNode, values: tuple[str, ...], function: GraphFunction) -> _Said:
    return "list_length", values[1:2], {}


def _is_range(values: tuple[str, ...], function: GraphFunction) -> bool:
    """Return whether indices count up from 0 by 1."""
    indices = function.nodes.get(values[0]) if values else None
    if indices is None or indices.op != "Range" or len(indices.inputs) != 3:
        return False
    ends = [function.nodes.get(_value(indices.inputs[i], function)) for i in (0, 2)]
    tensors = [None if node is None else node.tensor() for node in ends]
    return [tensor and tensor.read().tolist() for tensor in tensors] == [0, 1]


_SPECIAL: dict[str, _Special] = {
    **dict.fromkeys(_CALLS, _call),
    **dict.fromkeys(_LOOPS, _loop),
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _matmul),
    **dict.fromkeys(_REDUCTIONS, _reduction),
    "Cast": _cast,
    "Concat": _old_concat,
    "GatherV2": _gather,
    "LeakyRelu": _leaky_relu,
    "Mul": _product,
    "Pack": _stack,
    "Split": _split,
    "SplitV": _split_sizes,
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
    "TensorArrayGatherV3": _array_gather,
    "TensorArrayReadV3": _array_read,
    "TensorArrayScatterV3": _array_scatter,
    "TensorArraySizeV3": _array_size,
    "TensorArrayV3": _array,
    "TensorArrayWriteV3": _array_write,
    "Unpack": _unstack,
}
