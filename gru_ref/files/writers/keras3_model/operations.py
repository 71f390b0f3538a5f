"""Operations of TensorFlow that Keras 2 made layers of, as operations of Keras 3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gru_ref.errors import shown
from gru_ref.files.writers.keras3_model.graph import LayerCall, LayerOutput
from gru_ref.files.writers.keras3_model.report import NotCarriedError

CLASSES = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
_NUMPY, _NN, _CORE, _MATH = (f"keras.src.ops.{name}" for name in ("numpy", "nn", "core", "math"))


class Keras3Operation(NamedTuple):
    """One operation of Keras 3, called once.

    Parameters
    ----------
    module, class_name : str
    config : dict
        Without the name.
    args : list
        Tensors, numbers, or operations that compute a tensor.
    """

    module: str
    class_name: str
    config: dict[str, Any]
    args: list[Any]

    def serialized(self, name: str) -> dict[str, Any]:
        """Return it as Keras 3 serializes it, under a name."""
        return {
            "module": self.module,
            "class_name": self.class_name,
            "config": {"name": name.replace("/", "_"), **self.config},
            "registered_name": self.class_name,
        }


# One tensor to one tensor: the function of TensorFlow → module and class.
_UNARY: Mapping[str, tuple[str, str]] = {
    **{
        f"math.{name}": (_NUMPY, class_name)
        for name, class_name in {
            "abs": "Absolute", "negative": "Negative", "exp": "Exp", "expm1": "Expm1", "log": "Log",
            "log1p": "Log1p", "sqrt": "Sqrt", "square": "Square", "sign": "Sign", "sin": "Sin",
            "cos": "Cos", "tan": "Tan", "tanh": "Tanh", "sinh": "Sinh", "cosh": "Cosh",
            "floor": "Floor", "ceil": "Ceil", "reciprocal": "Reciprocal", "asin": "Arcsin",
            "acos": "Arccos", "atan": "Arctan", "logical_not": "LogicalNot", "is_nan": "Isnan",
        }.items()
    },
    "__operators__.abs": (_NUMPY, "Absolute"),
    "__operators__.neg": (_NUMPY, "Negative"),
    "identity": (_NUMPY, "Copy"),
    "math.erf": (_MATH, "Erf"),
    "math.rsqrt": (_MATH, "Rsqrt"),
    "math.sigmoid": (_NN, "Sigmoid"),
    "math.softplus": (_NN, "Softplus"),
    "nn.elu": (_NN, "Elu"),
    "nn.relu": (_NN, "Relu"),
    "nn.relu6": (_NN, "Relu6"),
    "nn.selu": (_NN, "Selu"),
    "nn.sigmoid": (_NN, "Sigmoid"),
    "nn.softplus": (_NN, "Softplus"),
    "nn.softsign": (_NN, "Softsign"),
    "nn.tanh": (_NUMPY, "Tanh"),
    "ones_like": (_NUMPY, "OnesLike"),
    "stop_gradient": (_CORE, "StopGradient"),
    "zeros_like": (_NUMPY, "ZerosLike"),
}  # fmt: skip

# Two tensors, or a tensor and a number.
_BINARY: Mapping[str, str] = {
    **{
        f"math.{name}": class_name
        for name, class_name in {
            "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "divide": "TrueDivide",
            "truediv": "TrueDivide", "floordiv": "FloorDivide", "pow": "Power",
            "maximum": "Maximum", "minimum": "Minimum", "equal": "Equal", "not_equal": "NotEqual",
            "greater": "Greater", "greater_equal": "GreaterEqual", "less": "Less",
            "less_equal": "LessEqual", "logical_and": "LogicalAnd", "logical_or": "LogicalOr",
        }.items()
    },
    "__operators__.add": "Add",
    "__operators__.eq": "Equal",
    "__operators__.matmul": "Matmul",
    "__operators__.ne": "NotEqual",
}  # fmt: skip

_REDUCTIONS: Mapping[str, tuple[str, str]] = {
    "math.reduce_all": (_NUMPY, "All"),
    "math.reduce_any": (_NUMPY, "Any"),
    "math.reduce_logsumexp": (_MATH, "Logsumexp"),
    "math.reduce_max": (_NUMPY, "Max"),
    "math.reduce_mean": (_NUMPY, "Mean"),
    "math.reduce_min": (_NUMPY, "Min"),
    "math.reduce_prod": (_NUMPY, "Prod"),
    "math.reduce_std": (_NUMPY, "Std"),
    "math.reduce_sum": (_NUMPY, "Sum"),
    "math.reduce_variance": (_NUMPY, "Var"),
}

# One tensor and constants: module, class, and each constant's name in TensorFlow → in Keras 3.
_WITH_CONSTANTS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "cast": (_CORE, "Cast", {"dtype": "dtype"}),
    "clip_by_value": (_NUMPY, "Clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "compat.v1.squeeze": (_NUMPY, "Squeeze", {"axis": "axis"}),
    "compat.v1.transpose": (_NUMPY, "Transpose", {"perm": "axes"}),
    "concat": (_NUMPY, "Concatenate", {"axis": "axis"}),
    "expand_dims": (_NUMPY, "ExpandDims", {"axis": "axis"}),
    "nn.leaky_relu": (_NN, "LeakyRelu", {"alpha": "negative_slope"}),
    "nn.log_softmax": (_NN, "LogSoftmax", {"axis": "axis"}),
    "nn.softmax": (_NN, "Softmax", {"axis": "axis"}),
    "repeat": (_NUMPY, "Repeat", {"repeats": "repeats", "axis": "axis"}),
    "reshape": (_NUMPY, "Reshape", {"shape": "newshape"}),
    "reverse": (_NUMPY, "Flip", {"axis": "axis"}),
    "squeeze": (_NUMPY, "Squeeze", {"axis": "axis"}),
    "stack": (_NUMPY, "Stack", {"axis": "axis"}),
    "tile": (_NUMPY, "Tile", {"multiples": "repeats"}),
    "transpose": (_NUMPY, "Transpose", {"perm": "axes"}),
}
# What TensorFlow takes where the config says nothing, and Keras 3 takes otherwise.
_DEFAULTS: Mapping[str, dict[str, Any]] = {
    "nn.leaky_relu": {"negative_slope": 0.2},
    "stack": {"axis": 0},
}
LISTS = frozenset(("concat", "stack"))
# Arguments that change nothing, or only where they are not what is given here.
_IGNORED: Mapping[str, tuple[Any, ...]] = {
    "name": (None,),
    "output_type": (None,),
    "adjoint_a": (False,),
    "adjoint_b": (False,),
    "a_is_sparse": (False,),
    "b_is_sparse": (False,),
    "conjugate": (False,),
    "input_type": (None,),
    "features": (),
}


def keras3_operation(
    class_name: str, config: Mapping[str, Any], call: LayerCall
) -> Keras3Operation:
    """Return the operation of Keras 3 that a call of such a layer is.

    Raises
    ------
    NotCarriedError
        There is none, or it has an argument that Keras 3's has not.
    """
    if class_name == "TensorFlowOpLayer":
        function, call = _of_graph(config, call)
    else:
        function = str(config.get("function"))
    name = f"tf.{function}"
    if function == "__operators__.getitem":
        key = call.kwargs.get("slice_spec")
        return Keras3Operation(_NUMPY, "GetItem", {}, [call.first, _key(key, name)])
    left = {
        k: v
        for k, v in call.kwargs.items()
        if not (k in _IGNORED and (v in _IGNORED[k] or k == "name"))
    }
    if function in _UNARY and not left:
        return Keras3Operation(*_UNARY[function], {}, [call.first])
    if function == "nn.gelu" and left.keys() <= {"approximate"}:
        return Keras3Operation(
            _NN, "Gelu", {"approximate": left.get("approximate", False)}, [call.first]
        )
    if function in ("nn.silu", "nn.swish") and left.get("beta", 1.0) == 1.0:
        return Keras3Operation(_NN, "Silu", {}, [call.first])
    if function == "linalg.matmul":
        return _matmul(call, left, name)
    if function in _BINARY and len(left) == 1 and next(iter(left)) in ("y", "b"):
        (other,) = left.values()
        return Keras3Operation(_NUMPY, _BINARY[function], {}, [call.first, _number(other, name)])
    if function in _REDUCTIONS and left.keys() <= {"axis", "keepdims"}:
        keepdims = left.get("keepdims") or False
        axis = _constant(left.get("axis"), name)
        return Keras3Operation(
            *_REDUCTIONS[function], {"axis": axis, "keepdims": keepdims}, [call.first]
        )
    if function == "where" and left.keys() == {"x", "y"}:
        return Keras3Operation(_NUMPY, "Where", {}, [call.first, left["x"], left["y"]])
    if function in _WITH_CONSTANTS:
        module, new, names = _WITH_CONSTANTS[function]
        if left.keys() <= names.keys():
            given = {names[k]: _constant(v, name) for k, v in left.items()}
            if function == "cast":
                given = {"dtype": _dtype(given.get("dtype"), name)}
            return Keras3Operation(
                module, new, {**_DEFAULTS.get(function, {}), **given}, [call.first]
            )
    arguments = f" with {', '.join(sorted(left))}" if left else ""
    raise NotCarriedError(f"{name}{arguments}", "no operation of Keras 3 is known to do the same")


def _matmul(call: LayerCall, left: Mapping[str, Any], name: str) -> Keras3Operation:
    """Return a matrix product, whose factors may be transposed first."""
    if not {"b"} <= left.keys() <= {"b", "transpose_a", "transpose_b"}:
        raise NotCarriedError(
            f"{name} with {', '.join(sorted(left))}", "Keras 3 has no such argument"
        )
    factors: list[Any] = [call.first, _number(left["b"], name)]
    for k, flag in enumerate(("transpose_a", "transpose_b")):
        if left.get(flag):
            factors[k] = Keras3Operation(
                _NUMPY, "Swapaxes", {"axis1": -2, "axis2": -1}, [factors[k]]
            )
    return Keras3Operation(_NUMPY, "Matmul", {}, factors)


def _number(value: Any, name: str) -> Any:
    """Return the second argument of an operation: a tensor, a number, or a list of numbers."""
    if isinstance(value, (LayerOutput, int, float)):
        return value
    if isinstance(value, list) and all(
        isinstance(_number(one, name), (int, float, list)) for one in value
    ):
        return value
    raise NotCarriedError(f"{name} of {shown(value)}", "it is neither a tensor nor numbers")


def _constant(value: Any, name: str) -> Any:
    """Return an argument that has to be known when the model is built."""
    if value is None or isinstance(value, (int, float, str)):
        return value
    if isinstance(value, list) and all(isinstance(one, (int, float)) for one in value):
        return value
    raise NotCarriedError(f"{name} of {shown(value)}", "Keras 3 takes a constant there")


def _dtype(value: Any, name: str) -> str:
    known = ("float16", "float32", "float64", "bfloat16", "int32", "int64", "bool", "uint8", "int8")
    if value in known:
        return str(value)
    raise NotCarriedError(f"{name} to {shown(value)}", f"expected one of {', '.join(known)}")


def _key(spec: Any, name: str) -> Any:
    """Return an index as Keras 3 serializes it."""
    if isinstance(spec, Mapping) and spec.get("class_name") == "__tuple__":
        spec = spec.get("items", spec.get("config"))
    parts = spec if isinstance(spec, list) else [spec]
    return [_index(part, name) for part in parts]


def _index(part: Any, name: str) -> Any:
    if part is None or (isinstance(part, int) and not isinstance(part, bool)):
        return part
    if isinstance(part, Mapping):
        if part.get("class_name") in ("__ellipsis__", "ellipsis"):
            return {"class_name": "__ellipsis__", "config": {}}
        if part.keys() == {"start", "stop", "step"} and all(
            one is None or isinstance(one, int) for one in part.values()
        ):
            return {"class_name": "__slice__", "config": dict(part)}
    raise NotCarriedError(f"{name} of {shown(part)}", "the index is no constant")


# Operations of a graph, of TensorFlow 2.0 to 2.3 → the functions above.
_OF_GRAPH: Mapping[str, str] = {
    "Abs": "math.abs", "Add": "math.add", "AddV2": "math.add", "Elu": "nn.elu",
    "Exp": "math.exp", "ExpandDims": "expand_dims", "Greater": "math.greater",
    "GreaterEqual": "math.greater_equal", "Identity": "identity", "Less": "math.less",
    "LessEqual": "math.less_equal", "Log": "math.log", "Max": "math.reduce_max",
    "Maximum": "math.maximum", "Mean": "math.reduce_mean", "Min": "math.reduce_min",
    "Minimum": "math.minimum", "Mul": "math.multiply", "Neg": "math.negative", "Pow": "math.pow",
    "Prod": "math.reduce_prod", "RealDiv": "math.truediv", "Relu": "nn.relu", "Relu6": "nn.relu6",
    "Reshape": "reshape", "ReverseV2": "reverse", "Rsqrt": "math.rsqrt", "Selu": "nn.selu",
    "Sigmoid": "math.sigmoid", "Softmax": "nn.softmax", "Softplus": "math.softplus",
    "Sqrt": "math.sqrt", "Square": "math.square",
    "Sub": "math.subtract", "Sum": "math.reduce_sum",
    "Tanh": "math.tanh", "Transpose": "transpose",
}  # fmt: skip
_SECOND = {"expand_dims": "axis", "reshape": "shape", "reverse": "axis", "transpose": "perm"}
# Products of matrices → the attributes that turn the first factor and the second; of real numbers.
_PRODUCTS: Mapping[Any, tuple[str, str]] = {
    "MatMul": ("transpose_a", "transpose_b"),
    "BatchMatMul": ("adj_x", "adj_y"),
    "BatchMatMulV2": ("adj_x", "adj_y"),
}
_DTYPES = {
    "DT_HALF": "float16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_BFLOAT16": "bfloat16",
    "DT_INT8": "int8", "DT_INT32": "int32", "DT_INT64": "int64", "DT_UINT8": "uint8",
    "DT_BOOL": "bool",
}  # fmt: skip
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _of_graph(config: Mapping[str, Any], call: LayerCall) -> tuple[str, LayerCall]:
    """Return the function, and its call, that a node of a graph with its constants is."""
    node = config.get("node_def")
    op = node.get("op") if isinstance(node, Mapping) else None
    refused = NotCarriedError(f"tf.raw_ops.{op}", "no operation of Keras 3 is known to do the same")
    constants = config.get("constants")
    constants = constants if isinstance(constants, Mapping) else {}
    tensors = call.first if isinstance(call.first, list) else [call.first]
    count = len(tensors) + len(constants)
    if not isinstance(node, Mapping) or not constants.keys() <= {str(k) for k in range(count)}:
        raise refused
    left = iter(tensors)
    first, *rest = [constants[str(k)] if str(k) in constants else next(left) for k in range(count)]
    if op == "ConcatV2" and rest and isinstance(rest[-1], int):
        return "concat", LayerCall([first, *rest[:-1]], {"axis": rest[-1]})
    if op == "StridedSlice" and len(rest) == 3:
        masks = [_attribute(node, name, "i") for name in _MASKS]
        return "__operators__.getitem", LayerCall(
            first, {"slice_spec": _slices(rest, masks, refused)}
        )
    if op in _PRODUCTS and len(rest) == 1 and not constants:
        flags = {
            f"transpose_{factor}": bool(_attribute(node, name, "b"))
            for factor, name in zip("ab", _PRODUCTS[op], strict=True)
        }
        return "linalg.matmul", LayerCall(first, {"b": rest[0], **flags})
    if op == "Pack" and not constants:
        return "stack", LayerCall([first, *rest], {"axis": _attribute(node, "axis", "i")})
    if op == "Squeeze" and not rest:
        return "squeeze", LayerCall(first, {"axis": _axes(node, refused)})
    if op == "Cast" and not rest and not _attribute(node, "Truncate", "b"):
        dtype = _DTYPES.get(str(_attribute_value(node, "DstT", "type")))
        return "cast", LayerCall(first, {"dtype": dtype})
    function = _OF_GRAPH.get(op) if isinstance(op, str) else None
    if (
        function is None
        or len(rest) > 1
        or (function in _UNARY and rest)
        or (function in _BINARY and not rest)
    ):
        raise refused
    kwargs: dict[str, Any] = {}
    if rest:
        kwargs[_SECOND.get(function, "axis" if function in _REDUCTIONS else "y")] = rest[0]
    if function in _REDUCTIONS:
        kwargs["keepdims"] = bool(_attribute(node, "keep_dims", "b"))
    return function, LayerCall(first, kwargs)


def _attribute(node: Mapping[str, Any], name: str, kind: str) -> int:
    """Return a flag or number of a node, 0 where it is not said."""
    found = _attribute_value(node, name, kind)
    return int(str(found)) if _NUMBER.fullmatch(str(found)) else int(found is True)


def _attribute_value(node: Mapping[str, Any], name: str, kind: str) -> Any:
    attributes = node.get("attr")
    value = attributes.get(name) if isinstance(attributes, Mapping) else None
    return value.get(kind) if isinstance(value, Mapping) else None


def _axes(node: Mapping[str, Any], refused: NotCarriedError) -> list[int] | None:
    """Return the axes that a Squeeze names; None means all of size 1."""
    found = _attribute_value(node, "squeeze_dims", "list")
    axes = found.get("i", []) if isinstance(found, Mapping) else []
    if not isinstance(axes, list) or not all(_NUMBER.fullmatch(str(axis)) for axis in axes):
        raise refused
    return [int(str(axis)) for axis in axes] or None


def _slices(limits: list[Any], masks: list[int], refused: NotCarriedError) -> list[Any]:
    """Return an index of what TensorFlow has as starts, stops and steps, with a bit for each."""
    if not all(isinstance(one, list) and len(one) == len(limits[0]) for one in limits):
        raise refused
    begins, ends, ellipses, new_axes, numbers = masks
    key: list[Any] = []
    for k, (start, stop, step) in enumerate(zip(*limits, strict=True)):
        bit = 1 << k
        if ellipses & bit:
            key.append({"class_name": "__ellipsis__"})
        elif new_axes & bit:
            key.append(None)
        elif numbers & bit:
            key.append(start)
        else:
            limited = (None if begins & bit else start, None if ends & bit else stop)
            key.append(
                {"start": limited[0], "stop": limited[1], "step": None if step == 1 else step}
            )
    return key
