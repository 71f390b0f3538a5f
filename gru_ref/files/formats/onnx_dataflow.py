"""ONNX's graphs in the neutral form of `gru_ref.files.formats.dataflow`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from gru_ref.files.formats.dataflow import Array, Constant, Dataflow, Graph, Operation
from gru_ref.files.formats.onnx_constants import OnnxConstants, slices
from gru_ref.files.formats.onnx_graph import OnnxNode, data_type
from gru_ref.files.formats.onnx_time import TimeAxis, is_whole_length

# Operators that mean what a word of the vocabulary means, with nothing besides.
_SAME = {
    "Identity": "identity", "Dropout": "identity", "Neg": "neg", "Abs": "abs", "Sign": "sign",
    "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Reciprocal": "reciprocal", "Erf": "erf",
    "Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu", "Softplus": "softplus",
    "Softsign": "softsign", "HardSwish": "hard_swish", "Floor": "floor", "Not": "not",
    "Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Pow": "pow", "Less": "less",
    "LessOrEqual": "less_equal", "Greater": "greater", "GreaterOrEqual": "greater_equal",
    "Equal": "equal", "And": "and", "Or": "or", "Where": "where", "Sum": "add_n",
    "MatMul": "matmul", "Expand": "broadcast", "Tile": "tile", "Range": "range", "Size": "size",
    "QuantizeLinear": "identity",
}  # fmt: skip
_REDUCED = {
    "ReduceSum": "reduce_sum", "ReduceProd": "reduce_prod", "ReduceMax": "reduce_max",
    "ReduceMin": "reduce_min", "ReduceMean": "reduce_mean",
}  # fmt: skip
_ENDLESS = (1 << 31) - 1
_NEXT, _ONE = "\0next", "\0one"


def to_dataflow(constants: OnnxConstants) -> Dataflow:
    """Return the graph of a model, and the bodies of its loops.

    Parameters
    ----------
    constants : OnnxConstants
        Of the model's own graph.
    """
    bodies: dict[str, Graph] = {}
    main = _Translation(constants, bodies).graph("")
    return Dataflow((main,), bodies, constants.graph.part.budget)


class _FoldedConstants(Mapping[str, Constant]):
    """The constants of a graph and what follows from them, each when it is asked for."""

    def __init__(self, constants: OnnxConstants, more: Mapping[str, Constant]) -> None:
        self._constants = constants
        self._more = more

    def __getitem__(self, name: str) -> Constant:
        if name in self._more:
            return self._more[name]
        graph = self._constants.graph
        if name not in graph.tensors and name not in graph.makers:
            raise KeyError(name)
        found = self._constants.get(name)
        if found is None:
            raise KeyError(name)
        array = found.array
        coarse = found.stored if found.stored in ("int8", "uint8", "float16", "bfloat16") else ""
        dtype = coarse if coarse and array.dtype.kind == "f" else array.dtype.name
        return Constant(array.shape, dtype, lambda: array, name)

    def __iter__(self) -> Iterator[str]:
        graph = self._constants.graph
        for name in (*self._more, *graph.tensors, *graph.makers):
            if name in self:
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Translation:
    """What the nodes of one graph are in the neutral form."""

    def __init__(self, constants: OnnxConstants, bodies: dict[str, Graph]) -> None:
        self._graph = constants.graph
        self._constants = constants
        self._bodies = bodies
        self._operations: list[Operation] = []
        self._more: dict[str, Constant] = {}
        self._fresh = 0
        self._written: set[str] = set()  # what was written with the node before
        self._negated = frozenset(one.input(0) for one in self._graph.nodes if one.kind == "Not")

    def graph(self, name: str) -> Graph:
        """Return the graph as it stands."""
        return self._made(name, self._graph.inputs, self._graph.outputs)

    def body(self, name: str) -> Graph:
        """Return the body of a Loop, whose iteration number is one more that is carried."""
        number, *others = self._graph.inputs or ("",)
        _, *values = self._graph.outputs or ("",)
        condition = self._graph.outputs[0] if self._graph.outputs else ""
        self._constant(_ONE, np.array(1, np.int64))
        self._add("add", (number, _ONE), (_NEXT,))
        return self._made(name, (number, *others), (_NEXT, condition, *values))

    def _made(self, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Graph:
        for node in self._graph.nodes:  # before what scales their results
            if node.kind == "MatMulInteger":
                self._translate(node)
        for node in self._graph.nodes:
            if node.kind != "MatMulInteger":
                self._translate(node)
        constants = _FoldedConstants(self._constants, self._more)
        return Graph(name, inputs, outputs, self._operations, constants, sees_around=True)

    def _add(
        self,
        kind: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        node: OnnxNode | None = None,
        **attributes: Any,
    ) -> None:
        operator, name = (node.kind, node.name) if node is not None else ("", "")
        self._operations.append(Operation(kind, inputs, outputs, attributes, operator, name))

    def _constant(self, name: str, array: Array) -> str:
        self._more[name] = Constant(array.shape, array.dtype.name, lambda: array, name)
        return name

    def _new(self) -> str:
        self._fresh += 1
        return f"\0v{self._fresh}"

    def _translate(self, node: OnnxNode) -> None:
        """Write what a node computes; a word of its own where the vocabulary has none."""
        translate = _OTHERS.get(node.kind)
        if not node.outputs:
            return  # whatever it is, nothing uses it
        if node.domain or node.kind == "Constant":
            if node.kind != "Constant":
                self._unknown(node)
        elif node.kind == "Add" and (chosen := self._choice(node)) is not None:
            self._add("where", chosen, node.outputs, node)
        elif node.outputs[:1] and node.outputs[0] in self._written:
            pass
        elif node.kind in _SAME and "axis" in node.attributes and node.kind != "QuantizeLinear":
            self._unknown(node)  # broadcast by the rules of opset 6
        elif node.kind in _SAME:
            first = node.inputs[:1] if _SAME[node.kind] == "identity" else node.inputs
            self._add(_SAME[node.kind], first, node.outputs[:1], node)
        elif node.kind in _REDUCED:
            self._reduce(node)
        elif translate is None or not translate(self, node):
            self._unknown(node)

    def _unknown(self, node: OnnxNode) -> None:
        self._add(f"onnx {node.kind}", node.inputs, node.outputs, node)

    def _choice(self, node: OnnxNode) -> tuple[str, str, str] | None:
        """Return the condition and values of a Where that is written as cond·x + (not cond)·y.

        tf2onnx writes TensorFlow's Select so, for there was a time without Where in ONNX.
        """
        sides = [side for name in node.inputs for side in self._guarded(name)]
        for condition, value in sides:
            for other, instead in sides:
                negation = self._graph.maker(other)
                if (
                    negation is not None
                    and negation.kind == "Not"
                    and negation.input(0) == condition
                    and value != instead
                ):
                    return condition, value, instead
        return None

    def _guarded(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield a truth value that is a factor of a product, and the other factor."""
        product = self._graph.maker(name)
        if product is None or product.kind != "Mul" or len(product.inputs) != 2:
            return
        for factor, other in (product.inputs, product.inputs[::-1]):
            cast = self._graph.maker(factor)
            if cast is not None and cast.kind == "Cast" and self._is_truth(cast.input(0)):
                yield cast.input(0), other

    def _is_truth(self, name: str) -> bool:
        """Return whether a value is a negation or negated, and so True or False."""
        node = self._graph.maker(name)
        return (node is not None and node.kind == "Not") or name in self._negated

    def _known(self, name: str) -> Array | None:
        found = self._constants.get(name) if name else None
        return None if found is None else found.array

    def _integers(self, node: OnnxNode, position: int, name: str) -> tuple[int, ...] | None:
        """Return integers that are an input or, in older models, an attribute."""
        array = self._known(node.input(position))
        if array is not None:
            return tuple(int(value) for value in array.reshape(-1))
        return None if node.input(position) else node.integers(name)

    # ---- the operators with attributes: each returns False where it has no neutral form

    def _reduce(self, node: OnnxNode) -> None:
        axes = self._integers(node, 1, "axes")
        if axes is None and (node.input(1) or node.integer("noop_with_empty_axes")):
            self._unknown(node)
            return
        keep = bool(node.integer("keepdims", 1))
        more = {} if axes is None else {"axes": axes}
        self._add(_REDUCED[node.kind], node.inputs[:1], node.outputs, node, keepdims=keep, **more)

    def _cast(self, node: OnnxNode) -> bool:
        dtype = data_type(node.integer("to"))
        if dtype is None:
            return False
        self._add("cast", node.inputs, node.outputs, node, dtype=dtype)
        return True

    def _rectifier(self, node: OnnxNode) -> bool:
        alpha = node.number("alpha")
        if node.kind in ("Elu", "Celu"):
            if alpha not in (None, 1.0):
                return False
            self._add(node.kind.lower(), node.inputs, node.outputs, node)
        else:
            slope = 0.01 if alpha is None else alpha
            self._add("leaky_relu", node.inputs, node.outputs, node, alpha=slope)
        return True

    def _selu(self, node: OnnxNode) -> bool:
        if node.attributes:
            return False
        self._add("selu", node.inputs, node.outputs, node)
        return True

    def _hard_sigmoid(self, node: OnnxNode) -> bool:
        given = {"alpha": node.number("alpha"), "beta": node.number("beta")}
        defaults = {"alpha": 0.2, "beta": 0.5}
        values = {n: defaults[n] if value is None else value for n, value in given.items()}
        self._add("hard_sigmoid", node.inputs, node.outputs, node, **values)
        return True

    def _gelu(self, node: OnnxNode) -> bool:
        approximate = node.string("approximate", "none") == "tanh"
        self._add("gelu", node.inputs, node.outputs, node, approximate=approximate)
        return True

    def _softmax(self, node: OnnxNode) -> bool:
        kind = "softmax" if node.kind == "Softmax" else "log_softmax"
        self._add(kind, node.inputs, node.outputs, node, axis=node.integer("axis", -1))
        return True

    def _extreme(self, node: OnnxNode) -> bool:
        """Write Max or Min of any number of inputs."""
        if not node.inputs:
            return False
        kind = "maximum" if node.kind == "Max" else "minimum"
        value, *others = node.inputs
        if not others:
            self._add("identity", (value,), node.outputs, node)
        for i, other in enumerate(others):
            result = node.outputs[0] if i == len(others) - 1 else self._new()
            self._add(kind, (value, other), (result,), node)
            value = result
        return True

    def _clip(self, node: OnnxNode) -> bool:
        steps = []
        for position, (kind, name) in enumerate((("maximum", "min"), ("minimum", "max")), 1):
            bound = node.input(position)
            if not bound and (number := node.number(name)) is not None:
                bound = self._constant(self._new(), np.array(number, np.float32))
            if bound:
                steps.append((kind, bound))
        value = node.input(0)
        if not steps:
            self._add("identity", (value,), node.outputs, node)
        for i, (kind, bound) in enumerate(steps):
            result = node.outputs[0] if i == len(steps) - 1 else self._new()
            self._add(kind, (value, bound), (result,), node)
            value = result
        return True

    def _gemm(self, node: OnnxNode) -> bool:
        scales = [node.number("alpha"), node.number("beta")]
        alpha, beta = (1.0 if scale is None else scale for scale in scales)
        bias = node.input(2)
        product = self._new()
        self._add(
            "matmul",
            node.inputs[:2],
            (product,),
            node,
            transpose_a=bool(node.integer("transA")),
            transpose_b=bool(node.integer("transB")),
        )
        if alpha != 1:
            product = self._scaled(product, alpha, node)
        if bias and beta != 1:
            bias = self._scaled(bias, beta, node)
        if bias:
            self._add("add", (product, bias), node.outputs, node)
        else:
            self._add("identity", (product,), node.outputs, node)
        return True

    def _scaled(self, value: str, scale: float, node: OnnxNode) -> str:
        result = self._new()
        factor = self._constant(self._new(), np.array(scale, np.float32))
        self._add("mul", (value, factor), (result,), node)
        return result

    def _transpose(self, node: OnnxNode) -> bool:
        perm = node.integers("perm")
        if perm is None:
            return False
        self._add("transpose", node.inputs, node.outputs, node, perm=perm)
        return True

    def _reshape(self, node: OnnxNode) -> bool:
        shape = self._integers(node, 1, "shape")
        if shape is not None and 0 in shape and not node.integer("allowzero"):
            return False  # zero: as large as that axis of the input
        more = {} if shape is None else {"shape": shape}
        inputs = node.inputs if shape is None else node.inputs[:1]
        self._add("reshape", inputs, node.outputs, node, **more)
        return True

    def _squeeze(self, node: OnnxNode) -> bool:
        axes = self._integers(node, 1, "axes")
        if axes is None and node.input(1):
            return False
        more = {} if axes is None else {"axes": axes}
        self._add("squeeze", node.inputs[:1], node.outputs, node, **more)
        return True

    def _unsqueeze(self, node: OnnxNode) -> bool:
        axes = self._integers(node, 1, "axes")
        if not axes or (len(axes) > 1 and min(axes) < 0):
            return False
        value = node.input(0)
        for i, axis in enumerate(sorted(axes)):
            result = node.outputs[0] if i == len(axes) - 1 else self._new()
            self._add("expand", (value,), (result,), node, axis=axis)
            value = result
        return True

    def _concat(self, node: OnnxNode) -> bool:
        self._add("concat", node.inputs, node.outputs, node, axis=node.integer("axis"))
        return True

    def _split(self, node: OnnxNode) -> bool:
        sizes = self._integers(node, 1, "split")
        if sizes is None and node.input(1):
            return False
        more: dict[str, Any] = {"count": len(node.outputs)} if sizes is None else {"sizes": sizes}
        axis = node.integer("axis")
        self._add("split", node.inputs[:1], node.outputs, node, axis=axis, **more)
        return True

    def _slice(self, node: OnnxNode) -> bool:
        arrays = [self._known(name) for name in node.inputs]
        if any(a is None for a, name in zip(arrays[1:], node.inputs[1:], strict=True) if name):
            return False
        axes = self._integers(node, 3, "axes")
        starts = self._integers(node, 1, "starts") or ()
        axes = tuple(range(len(starts))) if axes is None else axes
        rank = max((axis + 1 if axis >= 0 else -axis for axis in axes), default=0)
        if not axes or (min(axes) < 0 <= max(axes)):
            return False
        taken = slices(node, arrays, rank)
        begin, end, strides = [], [], []
        masks = [0, 0]
        shift = 1 if min(axes) < 0 else 0  # an ellipsis stands for the axes before
        for i, one in enumerate(taken):
            step = 1 if one.step is None else one.step
            first, last = one.start, one.stop
            whole_start = first is None or (step < 0 and (first == -1 or first >= _ENDLESS))
            whole_end = last is None or (last >= _ENDLESS if step > 0 else last <= -_ENDLESS)
            masks[0] |= whole_start << i + shift
            masks[1] |= whole_end << i + shift
            begin.append(0 if first is None or whole_start else first)
            end.append(0 if last is None or whole_end else last)
            strides.append(step)
        if shift:
            begin, end, strides = [0, *begin], [0, *end], [1, *strides]
        self._add(
            "strided_slice",
            node.inputs[:1],
            node.outputs,
            node,
            begin=tuple(begin),
            end=tuple(end),
            strides=tuple(strides),
            begin_mask=masks[0],
            end_mask=masks[1],
            ellipsis_mask=shift,
        )
        return True

    def _gather(self, node: OnnxNode) -> bool:
        self._add("gather", node.inputs, node.outputs, node, axis=node.integer("axis"))
        return True

    def _fill(self, node: OnnxNode) -> bool:
        value = self._constants.fill(node.outputs[0])
        if value is None:
            return False
        self._add("fill", node.inputs, node.outputs, node, value=value)
        return True

    def _shape(self, node: OnnxNode) -> bool:
        if node.attributes:
            return False
        self._add("shape", node.inputs, node.outputs, node)
        return True

    def _reverse(self, node: OnnxNode) -> bool:
        time = node.integer("time_axis")
        shape = self._graph.shape(node.input(0))
        axis = TimeAxis(node.input(0), time, 3 if shape is None else len(shape))
        if not is_whole_length(node.input(1), axis, self._constants):
            raise node.part.error(
                "it reverses its input by lengths that cannot be told to be all timesteps, "
                "expected go_backwards, which reverses all of them"
            )
        self._add("reverse", node.inputs[:1], node.outputs, node, axes=(time,))
        return True

    # ---- products in 8 bits: the floats that they stand for

    def _dequantize(self, node: OnnxNode) -> bool:
        """Write what a QuantizeLinear of the same scale has rounded as if it were not."""
        maker = self._graph.maker(node.input(0))
        if maker is None or maker.kind != "QuantizeLinear" or maker.inputs[1:] != node.inputs[1:]:
            return False
        self._add("identity", node.inputs[:1], node.outputs, node)
        return True

    def _dynamic(self, node: OnnxNode) -> bool:
        """Write DynamicQuantizeLinear as if nothing were rounded: scale 1, zero point 0."""
        self._add("identity", node.inputs, node.outputs[:1], node)
        for name, dtype in zip(node.outputs[1:], (np.float32, np.uint8), strict=False):
            if name:
                self._constant(name, np.array(dtype == np.float32, dtype))
        return True

    def _integer_product(self, node: OnnxNode) -> bool:
        """Write a product of what DynamicQuantizeLinear returns, or of constants in 8 bits.

        A scale of constants is put into them, out of the factor that the result gets.
        """
        scaling, scale = self._scaling(node)
        operands = []
        for position in (0, 1):
            name, zero = node.input(position), node.input(position + 2)
            maker = self._graph.maker(name)
            if maker is None or maker.kind != "DynamicQuantizeLinear":
                found = self._constants.get(name)
                shift = self._known(zero) if zero else np.zeros((), np.uint8)
                if found is None or shift is None or not found.array.ndim:
                    return False
                if not {shift.size, scale.size} <= {1, found.array.shape[-1]}:
                    return False
                name = self._new()
                read = _widened(found.array, shift.reshape(-1), scale.reshape(-1))
                self._more[name] = Constant(found.array.shape, found.stored, read, node.input(1))
                scale = np.ones((), np.float32)
            operands.append(name)
        self._add("matmul", tuple(operands), node.outputs, node)
        if scaling is not None:
            self._add("identity", node.outputs, scaling.outputs, scaling)
            self._written.add(scaling.outputs[0])
        return True

    def _scaling(self, product: OnnxNode) -> tuple[OnnxNode | None, Array]:
        """Return the node Mul that scales a product in 8 bits, and the scale of its constants."""
        one = np.ones((), np.float32)
        cast = self._only_user(product.outputs[0], "Cast")
        scaling = None if cast is None else self._only_user(cast.outputs[0], "Mul")
        if cast is None or scaling is None or len(scaling.inputs) != 2:
            return None, one
        other = scaling.inputs[scaling.inputs[0] == cast.outputs[0]]
        made = self._graph.maker(other)
        scale = one
        for factor in made.inputs if made is not None and made.kind == "Mul" else (other,):
            maker, found = self._graph.maker(factor), self._known(factor)
            if found is not None and found.dtype == np.float32:
                if found.size != 1 and scale.size != 1:
                    return None, one
                scale = scale * found
            elif (
                maker is None
                or maker.kind != "DynamicQuantizeLinear"
                or maker.outputs[1:2] != (factor,)
            ):
                return None, one
        return scaling, scale

    def _only_user(self, value: str, kind: str) -> OnnxNode | None:
        """Return the one node that uses a value, if it is of a kind."""
        users = self._users.get(value, [])
        alone = len(users) == 1 and value not in self._graph.outputs
        return users[0] if alone and users[0].kind == kind else None

    @cached_property
    def _users(self) -> dict[str, list[OnnxNode]]:
        users: dict[str, list[OnnxNode]] = {}
        for node in self._graph.nodes:
            for name in node.inputs:
                users.setdefault(name, []).append(node)
        return users

    def _loop(self, node: OnnxNode) -> bool:
        inner = self._inner(node)
        if inner is None:
            return False
        name = self._name(node)
        self._bodies[name] = inner.body(name)
        zero = self._constant(self._new(), np.array(0, np.int64))
        condition = node.input(1) or self._constant(self._new(), np.array(1, np.bool_))
        inputs = (zero, condition, *node.inputs[2:])
        self._add("loop", inputs, ("", "", *node.outputs), node, body=name)
        return True

    def _scan(self, node: OnnxNode) -> bool:
        inner = self._inner(node)
        count = node.integer("num_scan_inputs")
        carried = len(node.inputs) - count
        if inner is None or not 0 < count <= len(node.inputs):
            return False
        axes = (*(node.integers("scan_input_axes") or ()),)
        axes += tuple(node.integers("scan_output_axes") or ())
        body = inner._graph
        if any(axes) or len(body.inputs) != len(node.inputs) or "directions" in node.attributes:
            if any(one.kind in ("MatMul", "Gemm") for one in body.nodes):
                raise node.part.error(
                    "it scans along another axis than the first, or is of ONNX's opset 8, and may "
                    "be a GRU: expected scan_input_axes and scan_output_axes of 0"
                )
            return False
        name = self._name(node)
        self._bodies[name] = inner.graph(name)
        backward = tuple(
            i for i, one in enumerate(node.integers("scan_input_directions") or ()) if one
        )
        outputs = list(node.outputs)
        for i, turned in enumerate(node.integers("scan_output_directions") or (), carried):
            if turned and i < len(outputs) and outputs[i]:
                outputs[i] = self._new()
                self._add("reverse", (outputs[i],), (node.outputs[i],), node, axes=(0,))
        more: dict[str, Any] = {"carried": carried, "backward": backward}
        self._add("loop", node.inputs, tuple(outputs), node, body=name, **more)
        return True

    def _if(self, node: OnnxNode) -> bool:
        names = []
        for graph in self._graph.within(node):
            inner = _Translation(OnnxConstants(graph, self._constants), self._bodies)
            names.append(self._name(node))
            self._bodies[names[-1]] = inner.graph(names[-1])
        self._add("if", node.inputs, node.outputs, node, bodies=tuple(names))
        return True

    def _inner(self, node: OnnxNode) -> _Translation | None:
        within = self._graph.within(node)
        if len(within) != 1:
            return None
        return _Translation(OnnxConstants(within[0], self._constants), self._bodies)

    def _name(self, node: OnnxNode) -> str:
        """Return a name for the body of a node that no other has, and take it."""
        name = node.name or node.kind
        if name in self._bodies:
            name = f"{name} ({len(self._bodies)})"
        self._bodies[name] = Graph(name, (), (), ())
        return name


def _widened(array: Array, zero: Array, scale: Array) -> Callable[[], Array]:
    """Return the function that reads quantized numbers as the floats that they stand for."""
    return lambda: (array.astype(np.float32) - zero.astype(np.float32)) * scale


_OTHERS: Mapping[str, Callable[[_Translation, OnnxNode], bool]] = {
    "Cast": _Translation._cast, "Elu": _Translation._rectifier, "Celu": _Translation._rectifier,
    "LeakyRelu": _Translation._rectifier, "Selu": _Translation._selu,
    "HardSigmoid": _Translation._hard_sigmoid, "Gelu": _Translation._gelu,
    "Softmax": _Translation._softmax, "LogSoftmax": _Translation._softmax,
    "Max": _Translation._extreme, "Min": _Translation._extreme, "Clip": _Translation._clip,
    "Gemm": _Translation._gemm, "Transpose": _Translation._transpose,
    "Reshape": _Translation._reshape, "Squeeze": _Translation._squeeze,
    "Unsqueeze": _Translation._unsqueeze, "Concat": _Translation._concat,
    "Split": _Translation._split, "Slice": _Translation._slice, "Gather": _Translation._gather,
    "ConstantOfShape": _Translation._fill, "Shape": _Translation._shape,
    "ReverseSequence": _Translation._reverse, "Loop": _Translation._loop,
    "DequantizeLinear": _Translation._dequantize,
    "DynamicQuantizeLinear": _Translation._dynamic,
    "MatMulInteger": _Translation._integer_product,
    "Scan": _Translation._scan, "If": _Translation._if,
}  # fmt: skip
