"""TensorFlow Lite models as a dataflow: subgraphs, operators, and constants with their scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gru_ref.files.formats.dataflow import Array, Constant, Dataflow, Graph, Operation
from gru_ref.files.formats.flatbuffer import FlatTable
from gru_ref.files.formats.float_arrays import float_array
from gru_ref.files.formats.part import FilePart

# TensorType → name, and how NumPy reads it
_TYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16",
    9: "int8", 10: "float64", 12: "uint64", 15: "uint32", 16: "uint16", 18: "bfloat16",
}  # fmt: skip
_FLOATS = ("float32", "float16", "float64", "bfloat16")
# BuiltinOperator → its name, and its kind in the vocabulary of `dataflow`
_OPERATORS = {
    0: ("ADD", "add"), 2: ("CONCATENATION", "concat"), 6: ("DEQUANTIZE", "cast"),
    8: ("FLOOR", "floor"), 9: ("FULLY_CONNECTED", "matmul"), 14: ("LOGISTIC", "sigmoid"),
    18: ("MUL", "mul"), 19: ("RELU", "relu"), 20: ("RELU_N1_TO_1", "relu_n1_1"),
    21: ("RELU6", "relu6"), 22: ("RESHAPE", "reshape"), 25: ("SOFTMAX", "softmax"),
    28: ("TANH", "tanh"), 31: ("CALL", "call"), 36: ("GATHER", "gather"),
    39: ("TRANSPOSE", "transpose"), 40: ("MEAN", "reduce_mean"), 41: ("SUB", "sub"),
    42: ("DIV", "div"), 43: ("SQUEEZE", "squeeze"), 45: ("STRIDED_SLICE", "strided_slice"),
    47: ("EXP", "exp"), 49: ("SPLIT", "split"), 50: ("LOG_SOFTMAX", "log_softmax"),
    53: ("CAST", "cast"), 55: ("MAXIMUM", "maximum"), 57: ("MINIMUM", "minimum"),
    58: ("LESS", "less"), 59: ("NEG", "neg"), 61: ("GREATER", "greater"),
    62: ("GREATER_EQUAL", "greater_equal"), 63: ("LESS_EQUAL", "less_equal"),
    64: ("SELECT", "where"), 65: ("SLICE", "slice"), 69: ("TILE", "tile"),
    70: ("EXPAND_DIMS", "expand"), 71: ("EQUAL", "equal"), 72: ("NOT_EQUAL", "not_equal"),
    73: ("LOG", "log"), 74: ("SUM", "reduce_sum"), 75: ("SQRT", "sqrt"), 76: ("RSQRT", "rsqrt"),
    77: ("SHAPE", "shape"), 78: ("POW", "pow"), 81: ("REDUCE_PROD", "reduce_prod"),
    82: ("REDUCE_MAX", "reduce_max"), 83: ("PACK", "stack"), 84: ("LOGICAL_OR", "or"),
    86: ("LOGICAL_AND", "and"), 87: ("LOGICAL_NOT", "not"), 88: ("UNPACK", "unstack"),
    89: ("REDUCE_MIN", "reduce_min"), 90: ("FLOOR_DIV", "floor_div"),
    91: ("REDUCE_ANY", "reduce_any"), 92: ("SQUARE", "square"), 93: ("ZEROS_LIKE", "zeros_like"),
    94: ("FILL", "fill"), 95: ("FLOOR_MOD", "floor_mod"), 96: ("RANGE", "range"),
    98: ("LEAKY_RELU", "leaky_relu"), 99: ("SQUARED_DIFFERENCE", "squared_difference"),
    101: ("ABS", "abs"), 102: ("SPLIT_V", "split"), 105: ("REVERSE_V2", "reverse"),
    106: ("ADD_N", "add_n"), 110: ("RANK", "rank"), 111: ("ELU", "elu"),
    114: ("QUANTIZE", "identity"), 117: ("HARD_SWISH", "hard_swish"), 119: ("WHILE", "loop"),
    123: ("SELECT_V2", "where"), 126: ("BATCH_MATMUL", "matmul"),
    130: ("BROADCAST_TO", "broadcast"), 139: ("SIZE", "size"), 140: ("REDUCE_ALL", "reduce_all"),
    142: ("VAR_HANDLE", "variable"), 143: ("READ_VARIABLE", "identity"), 150: ("GELU", "gelu"),
    152: ("RELU_0_TO_1", "relu_0_1"), 158: ("SIGN", "sign"),
    48: ("TOPK_V2", ""), 54: ("PRELU", ""), 107: ("GATHER_ND", ""), 112: ("REVERSE_SEQUENCE", ""),
    118: ("IF", "if"), 128: ("CUMSUM", ""),
}  # fmt: skip
_FULLY_CONNECTED, _CUSTOM, _CAST, _CALL_ONCE = 9, 32, 53, 129
# Operators of TensorFlow that a model takes in as custom ones, "FlexSoftplus"
_FLEX = {
    "TensorListFromTensor": "list_from_tensor", "TensorListReserve": "list_reserve",
    "TensorListGetItem": "list_get", "TensorListSetItem": "list_set",
    "TensorListStack": "list_stack", "TensorListLength": "list_length", "Softplus": "softplus",
    "Softsign": "softsign", "Selu": "selu", "Erf": "erf", "Erfc": "erfc", "Expm1": "expm1",
    "Log1p": "log1p", "Reciprocal": "reciprocal", "Elu": "elu", "Identity": "identity",
    "BiasAdd": "add", "AddV2": "add", "Mul": "mul", "Sub": "sub", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "Relu": "relu", "Relu6": "relu6", "Exp": "exp", "Sign": "sign",
}  # fmt: skip
# ActivationFunctionType
_FUSED = {1: "relu", 2: "relu_n1_1", 3: "relu6", 4: "tanh", 5: "sign"}
# Kind → field of the options that holds the fused activation
_FUSING = {"add": 0, "sub": 0, "mul": 0, "div": 0, "concat": 1}
_BODY = "/while_body"


def tflite_dataflow(file: FilePart) -> Dataflow:
    """Return the subgraphs of a TFLite model.

    Raises
    ------
    MalformedFileError
        An offset leads out of the file, or a number names what is not there.

    Source
    ------
    schema.fbs of TensorFlow 2.21.
    """
    model = _Model(file)
    inner = {int(name) for name in model.inner()}
    main = [i for i in range(len(model.subgraphs)) if i == 0 or i not in inner]
    return Dataflow(tuple(model[str(i)] for i in main), model, file.budget)


class _Model(Mapping[str, Graph]):
    """The subgraphs of a model by their numbers, made when they are asked for."""

    def __init__(self, file: FilePart) -> None:
        root = FlatTable.root(file)
        self.file = file
        # Old files have the number as a byte alone.
        self.kinds = [
            (max(code.number(0, "<b"), code.number(3, "<i")), code.bytes(1).text())
            for code in root.tables(1)
        ]
        self.buffers = root.tables(4)
        self.subgraphs = root.tables(2)
        self._graphs: dict[str, Graph] = {}

    def __getitem__(self, name: str) -> Graph:
        if name not in self._graphs:
            try:
                number = int(name)
                table = self.subgraphs[number]
            except (ValueError, IndexError):
                raise self.file.error(
                    f"subgraph {name} is run, expected one of {len(self.subgraphs)}"
                ) from None
            self._graphs[name] = _Subgraph(self, table, number).graph()
        return self._graphs[name]

    def __iter__(self) -> Iterator[str]:
        return map(str, range(len(self.subgraphs)))

    def __len__(self) -> int:
        return len(self.subgraphs)

    def inner(self) -> Iterator[int]:
        """Yield the numbers of the subgraphs that another one runs."""
        for table in self.subgraphs:
            for operator in table.tables(3):
                kind, _ = self.kind(operator)
                options = operator.table(4)
                # CALL, IF, WHILE and CALL_ONCE name subgraphs in their first two fields
                fields = {31: 1, 118: 2, 119: 2, _CALL_ONCE: 1}.get(kind, 0)
                for field in range(fields):
                    yield 0 if options is None else options.number(field, "<i")

    def kind(self, operator: FlatTable) -> tuple[int, str]:
        """Return the kind of an operator and, of a custom one, its name."""
        code = operator.number(0, "<I")
        if code >= len(self.kinds):
            raise operator.buffer.error(f"an operator is of kind {code} of {len(self.kinds)}")
        return self.kinds[code]


class _Subgraph:
    """One subgraph; its values are named by the numbers of its tensors."""

    def __init__(self, model: _Model, table: FlatTable, number: int) -> None:
        self.model = model
        self.table = table
        self.name = table.bytes(4).text() or f"subgraph {number}"
        self.tensors = table.tables(0)
        self.operations: list[Operation] = []

    def graph(self) -> Graph:
        for operator in self.table.tables(3):
            self._add(operator)
        return Graph(
            self.name,
            tuple(map(self._value, self.table.numbers(1))),
            tuple(map(self._value, self.table.numbers(2))),
            self.operations,
            dict(self._constants()),
        )

    def _value(self, number: int) -> str:
        if number == -1:
            return ""
        if not 0 <= number < len(self.tensors):
            raise self.table.buffer.cut(0, 0, self.name).error(
                f"tensor {number} is used, expected one of {len(self.tensors)}"
            )
        return str(number)

    def _add(self, operator: FlatTable) -> None:
        """Add the operations that an operator stands for."""
        code, custom = self.model.kind(operator)
        inputs = tuple(map(self._value, operator.numbers(1)))
        outputs = tuple(map(self._value, operator.numbers(2)))
        name = self._name(outputs[0]) if outputs and outputs[0] else ""
        word, kind = _OPERATORS.get(code, (f"operator {code}", ""))
        if code == _CUSTOM:
            word, kind = custom, _FLEX.get(custom.removeprefix("Flex"), "")
        options = operator.table(4) or FlatTable.empty(operator.buffer)
        attributes: dict[str, Any] = {}
        if kind in _OPTIONS:
            inputs, attributes = _OPTIONS[kind](options, inputs, code)
        if kind == "loop":
            name = self._body_name(attributes["body"])
        fused = options.number(_FUSING[kind], "<b") if kind in _FUSING and code != _CUSTOM else 0
        if code == _FULLY_CONNECTED:
            self._add_product(inputs, outputs, options, word, name)
            return
        if fused in _FUSED and outputs:
            inner = f"{outputs[0]} before {_FUSED[fused]}"
            self._put(kind, inputs, (inner,), attributes, word, name)
            self._put(_FUSED[fused], (inner,), outputs, {}, f"{word}+{_FUSED[fused]}", name)
        else:
            self._put(kind if not fused else "", inputs, outputs, attributes, word, name)

    def _add_product(
        self,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        options: FlatTable,
        word: str,
        name: str,
    ) -> None:
        """Add FULLY_CONNECTED: a product, what it adds, and what it puts that through."""
        x, weights, bias = (*inputs, "", "", "")[:3]
        fused = options.number(0, "<b")
        steps: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
            ("matmul", (x, weights), {"transpose_b": True})
        ]
        if bias:
            steps.append(("add", (bias,), {}))
        if fused:
            steps.append((_FUSED.get(fused, ""), (), {}))
        if options.number(1, "<b"):  # shuffled weights
            steps[0] = ("", (x, weights), {})
        value = ""
        for i, (kind, others, attributes) in enumerate(steps):
            given = (*((value,) if value else ()), *others)
            last = i == len(steps) - 1
            value = f"{outputs[0] if outputs else ''} part {i}"
            self._put(kind, given, outputs if last else (value,), attributes, word, name)

    def _put(
        self,
        kind: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        attributes: Mapping[str, Any],
        word: str,
        name: str,
    ) -> None:
        self.operations.append(Operation(kind, inputs, outputs, attributes, word, name))

    def _name(self, value: str) -> str:
        return self.tensors[int(value)].bytes(3).text().partition(";")[0]

    def _body_name(self, number: str) -> str:
        subgraphs = self.model.subgraphs
        if not 0 <= int(number) < len(subgraphs):
            raise self.table.buffer.error(
                f"the body of a loop is subgraph {number} of {len(subgraphs)}"
            )
        text = subgraphs[int(number)].bytes(4).text()
        return text.removesuffix(_BODY) or f"subgraph {number}"

    def _constants(self) -> Iterator[tuple[str, Constant]]:
        inputs = set(self.table.numbers(1))
        computed = {name for operation in self.operations for name in operation.outputs}
        for number, tensor in enumerate(self.tensors):
            if number in inputs or str(number) in computed:
                continue
            data = self._data(tensor)
            kind = tensor.number(1, "<b")
            if len(data) or tensor.numbers(0) == (0,):
                name = tensor.bytes(3).text().partition(";")[0]
                yield (
                    str(number),
                    Constant(
                        tensor.numbers(0),
                        _TYPES.get(kind, f"TensorType {kind}"),
                        _Reading(self.name, tensor, data, number),
                        name,
                    ),
                )

    def _data(self, tensor: FlatTable) -> FilePart:
        """Return the bytes of a constant; none, if the tensor is computed."""
        buffers = self.model.buffers
        buffer = tensor.number(2, "<I")
        if buffer >= len(buffers):
            raise self.table.buffer.cut(0, 0, self.name).error(
                f"buffer {buffer} is used, expected one of {len(buffers)}"
            )
        offset, size = (buffers[buffer].number(field, "<Q") for field in (1, 2))
        # A model of more than 2 GB keeps the bytes behind the FlatBuffer.
        return self.table.buffer.cut(offset, size) if offset > 1 else buffers[buffer].bytes(0)


class _Reading:
    """Reads one constant."""

    def __init__(self, graph: str, tensor: FlatTable, data: FilePart, number: int) -> None:
        self.part = data.cut(0, len(data), f"{graph}, tensor {number}")
        self.tensor = tensor

    def __call__(self) -> Array:
        kind, shape = self.tensor.number(1, "<b"), self.tensor.numbers(0)
        dtype = _TYPES.get(kind)
        if dtype is None or self.tensor.table(6) is not None:
            what = "sparse" if dtype is not None else f"of TensorType {kind}"
            raise self.part.error(f"it is {what}, expected one of {', '.join(_TYPES.values())}")
        if dtype in _FLOATS:
            return float_array(self.part, dtype, shape)
        form = np.dtype(dtype).newbyteorder("<")
        count = int(np.prod(shape, dtype=object)) if shape else 1
        if min(shape, default=1) < 0 or count * form.itemsize != len(self.part):
            raise self.part.error(
                f"it is {dtype} of shape {shape} and takes {len(self.part):,} bytes, expected "
                f"{form.itemsize} bytes an element"
            )
        array = np.frombuffer(self.part.data, form).reshape(shape)
        return self._dequantized(array, dtype)

    def _dequantized(self, array: Array, dtype: str) -> Array:
        """Return the numbers that integers with scales stand for; others as they are."""
        quantization = self.tensor.table(4)
        scales = None if quantization is None else quantization.array(2, "<f4")
        if quantization is None or scales is None or not len(scales):
            return array
        zeros = quantization.array(3, "<i8")
        axis = quantization.number(6, "<i")
        zeros = zeros if len(zeros) else np.zeros(1, np.int64)
        shape = [1] * array.ndim
        if len(scales) > 1:
            if not 0 <= axis < array.ndim or array.shape[axis] != len(scales):
                raise self.part.error(
                    f"it has {len(scales)} scales along axis {axis} of {array.shape}, expected one "
                    "a row of that axis"
                )
            shape[axis] = -1
        if len(zeros) not in (1, len(scales)):
            raise self.part.error(f"it has {len(scales)} scales and {len(zeros)} zero points")
        self.part.budget.take_bytes(12 * array.size, self.part.place)
        scale = scales.astype(np.float64).reshape(shape)
        zero = zeros.reshape(shape if len(zeros) > 1 else [1] * array.ndim)
        result: Array = ((array.astype(np.float64) - zero) * scale).astype(np.float32)
        return result


# ---- the options of operators: (options, inputs, code) → inputs, attributes

_Inputs = tuple[str, ...]
_Read = tuple[_Inputs, dict[str, Any]]


def _split_options(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    if code == 102:  # SPLIT_V: value, sizes, axis
        return tuple(inputs[i] for i in (0, 2, 1) if i < len(inputs)), {}
    return inputs[::-1], {"count": options.number(0, "<i")}


def _strided_slice(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    names = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    return inputs, {f"{name}_mask": options.number(i, "<i") for i, name in enumerate(names)}


def _reshape(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    return inputs, {} if len(inputs) > 1 else {"shape": options.numbers(0)}


def _squeeze(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    return inputs, {"axes": options.numbers(0)}


def _product(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    return inputs, {
        "transpose_a": bool(options.number(0, "<b")),
        "transpose_b": bool(options.number(1, "<b")),
    }


def _reducer(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    return inputs, {"keepdims": bool(options.number(0, "<b"))}


def _number(field: int, form: str, name: str) -> Callable[[FlatTable, _Inputs, int], _Read]:
    return lambda options, inputs, code: (inputs, {name: options.number(field, form)})


def _cast(options: FlatTable, inputs: _Inputs, code: int) -> _Read:
    dtype = options.number(1, "<b") if code == _CAST else 0  # DEQUANTIZE returns float32
    return inputs, {"dtype": _TYPES.get(dtype, "float32")}


_OPTIONS: dict[str, Callable[[FlatTable, _Inputs, int], _Read]] = {
    "split": _split_options,
    "strided_slice": _strided_slice,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "matmul": _product,
    "concat": _number(0, "<i", "axis"),
    "gather": _number(0, "<i", "axis"),
    "stack": _number(1, "<i", "axis"),
    "unstack": _number(1, "<i", "axis"),
    "leaky_relu": lambda options, inputs, code: (inputs, {"alpha": options.real(0)}),
    "gelu": _number(0, "<b", "approximate"),
    "cast": _cast,
    "loop": lambda options, inputs, code: (inputs, {"body": str(options.number(1, "<i"))}),
    "if": lambda options, inputs, code: (
        inputs,
        {"bodies": tuple(str(options.number(field, "<i")) for field in (0, 1))},
    ),
    "call": lambda options, inputs, code: (inputs, {"body": str(options.number(0, "<I"))}),
    **dict.fromkeys(
        ("reduce_sum", "reduce_mean", "reduce_prod", "reduce_max", "reduce_min", "reduce_any",
         "reduce_all"),
        _reducer,
    ),
}  # fmt: skip
