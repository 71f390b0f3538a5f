"""A neutral form of the graphs in files: operations of one vocabulary, named values, constants.

A front end of TFLite, TensorFlow or ONNX says what its operators mean in these words, and
`gru_ref.files.interpretation.graph_gru` finds the GRUs in what they say.

Notes
-----
The vocabulary, by what the inputs are. What a kind needs besides (``axis``, ``perm``, ``shape``, …)
is an attribute, or else the next input in the order given here, as TensorFlow has it.

elementwise, one input
    identity (also Dequantize, StopGradient, EnsureShape, ReadVariableOp of a constant), cast
    (dtype: a NumPy name), neg, abs, sign, exp, expm1, log, log1p, sqrt, rsqrt, square, reciprocal,
    erf, erfc, tanh, sigmoid, relu, relu6, relu_n1_1, relu_0_1, elu (alpha=1), selu, celu (alpha=1),
    leaky_relu (alpha), softplus, softsign, hard_sigmoid (alpha, beta), hard_swish, gelu
    (approximate), softmax (axis=-1), log_softmax (axis=-1), floor, not, zeros_like, ones_like
elementwise, two inputs or more
    add, sub, mul, div, pow, maximum, minimum, squared_difference, floor_div, floor_mod, less,
    less_equal, greater, greater_equal, equal, not_equal, and, or; where (condition, x, y);
    clip (x, low, high); add_n
products
    matmul (a, b; transpose_a, transpose_b: bool), which may have leading axes. A fused bias or
    activation is an operation of its own: the front end writes ``matmul``, ``add``, ``relu``.
arrangement
    reshape (x, shape), transpose (x, perm), squeeze (x, axes; all of size 1 without),
    expand (x, axis), concat (…, axis), split (x, axis, sizes; or count instead of sizes),
    stack (…; axis=0), unstack (x; axis=0), slice (x, begin, size), strided_slice (x, begin, end,
    strides; begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask), gather (x,
    indices, axis=0),
    reverse (x, axes), tile (x, multiples), broadcast (x, shape), fill (shape, value),
    range (start, limit, delta), shape (x), size (x), rank (x), reduce_sum, reduce_prod, reduce_max,
    reduce_min, reduce_mean, reduce_all, reduce_any (x, axes; keepdims)
lists (TensorFlow's TensorList and TensorArray)
    list_from_tensor (tensor), list_reserve (…), list_get (list, index), list_set (list, index,
    value), list_stack (list), list_length (list)
graphs within
    call: `body` names a graph; its inputs are the inputs.
    if: `bodies` names graphs. The inputs are the condition and then theirs; what it returns counts
    as not known.
    loop: `body` names a graph. The inputs are the initial values of what it carries, in the order
    of body.inputs; then sequences, of which each pass takes the next element of axis 0 (ONNX's
    Scan), if the attribute `carried` says how many come first. body.outputs are the next values of
    what is carried, then what each pass adds to a stacked output. The outputs are the last values,
    then the stacked ones. `backward`: the indices of the sequences that are taken last element
    first. ONNX's iteration number is one that is carried, from a constant 0, through an ``add``
    that the front end writes.

Any other kind is taken for an operator that the vocabulary does not have: it may be anywhere but in
the step of a GRU.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from gru_ref.files.limits import Budget

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Constant:
    """A value that the file holds: weights, or the numbers that an operation needs.

    Parameters
    ----------
    shape : tuple of int
        Not yet checked against the file's size.
    dtype : str
        As it is stored: "float32", "float16", "int8" of quantised floats, "int32", "bool", ….
    read : callable
        Returns the array, of `shape`: floats and integers as they are, quantised floats as the
        float32 that they stand for. It checks size and offset against the file and the budget.
    name : str
        As the file names it; "" if it does not.
    """

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], Array]
    name: str = ""

    @cached_property
    def array(self) -> Array:
        """The array, read once."""
        return self.read()


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a graph.

    Parameters
    ----------
    kind : str
        A word of the vocabulary in the docstring of this module, or any other.
    inputs, outputs : tuple of str
        Names of values; "" is none.
    attributes : mapping
        What the kind needs besides.
    operator : str
        The file's own word for the operation, for messages: "MINIMUM", "Relu".
    name : str
        The file's name of this operation, "" if it has none: "gru/while".
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    operator: str = ""
    name: str = ""


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph, or the body of a loop or of a function.

    Parameters
    ----------
    name : str
    inputs, outputs : tuple of str
        Names of values.
    operations : sequence of Operation
        In any order.
    constants : mapping
        Name of a value → Constant.
    sees_around : bool
        Names that are not its own are those of the graph around it, as in ONNX.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operations: Sequence[Operation]
    constants: Mapping[str, Constant] = field(default_factory=dict)
    sees_around: bool = False

    @cached_property
    def makers(self) -> dict[str, tuple[Operation, int]]:
        """Name of a value → the operation that returns it, and which of its outputs it is."""
        return {
            name: (operation, i)
            for operation in self.operations
            for i, name in enumerate(operation.outputs)
            if name
        }


@dataclass(frozen=True, eq=False)
class Dataflow:
    """All graphs of a file.

    Parameters
    ----------
    main : tuple of Graph
        Those that run: one, or one a signature.
    bodies : mapping
        Name → graph, for the attributes `body` of ``call`` and ``loop``. It may make them when they
        are asked for.
    budget : Budget
        The account of the file.
    """

    main: tuple[Graph, ...]
    bodies: Mapping[str, Graph]
    budget: Budget
