"""TensorFlow's graphs in the words of `gru_ref.files.formats.dataflow`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gru_ref.files.formats.dataflow import Constant, Graph, Operation
from gru_ref.files.formats.graph_def import GraphDef, GraphFunction, GraphNode
from gru_ref.files.limits import Budget

# Operators that are a kind by themselves, with TensorFlow's inputs in TensorFlow's order.
_KINDS = {
    **dict.fromkeys(
        ("Identity", "IdentityN", "StopGradient", "PreventGradient", "ReadVariableOp", "Snapshot",
         "EnsureShape", "CheckNumerics", "PlaceholderWithDefault"),
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

    def __getitem__(self, name: str) -> Graph:
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
        results = tuple(_value(one, graph) for one in outputs)
        return self._graph(graph, (), results, constants)

    def _graph(
        self,
        function: GraphFunction,
        inputs: tuple[str, ...],
        results: tuple[str, ...],
        variables: Mapping[str, Constant],
    ) -> Graph:
        """Return what leads to the results: all else computes nothing that matters."""
        constants = dict(variables)
        operations = []
        nodes, indices = _leading_to(results, function)
        for node in nodes:
            if node.name in constants:
                continue
            if node.op == "Const":
                tensor = node.tensor()
                if tensor is not None:
                    constants[node.name] = Constant(
                        tensor.shape, tensor.dtype, tensor.read, node.name
                    )
                    continue
            most = max(indices.get(node.name, {0}))
            self.budget.take_objects(most, node.name[:80])
            values = tuple(_value(one, function) for one in node.inputs)
            operations.append(_operation(node, values, most + 1, function))
        placeholders = tuple(one.name for one in operations if one.operator == "Placeholder")
        return Graph(
            function.name or "the graph", (*inputs, *placeholders), results, operations, constants
        )


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


def _leading_to(
    results: tuple[str, ...], function: GraphFunction
) -> tuple[list[GraphNode], dict[str, set[int]]]:
    """Return the nodes that some tensors are computed by, and which outputs of each are used."""
    found: dict[str, GraphNode] = {}
    indices: dict[str, set[int]] = {}
    pending = list(results)
    while pending:
        name, _, index = pending.pop().partition(":")
        indices.setdefault(name, {0}).add(int(index or 0))
        node = function.nodes.get(name)
        if node is not None and name not in found:
            found[name] = node
            pending += [_value(one, function) for one in node.inputs]
    return list(found.values()), indices


def _operation(
    node: GraphNode, values: tuple[str, ...], count: int, function: GraphFunction
) -> Operation:
    """Return one node in neutral words."""
    kind = _KINDS.get(node.op, "")
    inputs = values[: _INPUTS.get(kind, len(values))]
    attributes: dict[str, Any] = {}
    special = _SPECIAL.get(node.op)
    if special is not None:
        kind, inputs, attributes = special(node, values, function)
    outputs = (node.name, *(f"{node.name}:{i}" for i in range(1, count)))
    return Operation(kind, inputs, outputs, attributes, node.op, node.name)


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
    "Unpack": _unstack,
}
