"""Values of a dataflow, computed in NumPy: constants, and steps on given numbers.

Nothing of a file runs: an operation is one of a fixed set of NumPy functions, and the size of every
result counts against the budget before it is computed.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from gru_ref.core import piecewise_activations as piecewise
from gru_ref.core import smooth_activations as smooth
from gru_ref.files.formats.dataflow import Array, Constant, Dataflow, Graph, Operation
from gru_ref.files.limits import Budget
from gru_ref.files.malformed import MalformedFileError

T = TypeVar("T")

# How many names one value may have, one behind the other.
_ALIASES = 10_000
_ITEMSIZE = 8
_LOOKS = 100  # at values, for each object of the budget
_HALF = ("float16", "bfloat16")


class _Work:
    """How often values may still be looked at: no graph makes a search endless.

    Parameters
    ----------
    budget : Budget
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._left = _LOOKS * budget.limits.max_objects

    def take(self) -> None:
        """Account for one more value that is looked at."""
        self._left -= 1
        if self._left < 0:
            raise self.budget.error(
                "",
                f"its values are looked at {_LOOKS * self.budget.limits.max_objects:,} times, "
                "expected no more: Limits(max_objects=…) moves this limit",
            )


class Scope:
    """One place where a graph runs: the file's main graph, a call, or the passes of a loop.

    Parameters
    ----------
    graph : Graph
    dataflow : Dataflow
    around : Scope, optional
        Where the call or the loop is.
    bindings : mapping, optional
        Input of the graph → the value that it is there.
    """

    def __init__(
        self,
        graph: Graph,
        dataflow: Dataflow,
        around: Scope | None = None,
        bindings: Mapping[str, Value] | None = None,
    ) -> None:
        self.graph = graph
        self.dataflow = dataflow
        self.around = around
        self.bindings = dict(bindings or {})
        self.depth: int = 0 if around is None else around.depth + 1
        self.work: _Work = _Work(dataflow.budget) if around is None else around.work
        dataflow.budget.check_depth(self.depth, graph.name)
        dataflow.budget.take_objects(len(graph.operations), graph.name)
        self._inner: dict[int, Scope] = {}
        self._resolved: dict[str, Value] = {}

    def body(self, operation: Operation, name: object = None) -> Graph:
        """Return the graph that a call or a loop runs, or a condition by that name."""
        name = operation.attributes.get("body") if name is None else name
        try:
            return self.dataflow.bodies[str(name)]
        except LookupError:
            raise self.error(
                f"it runs {name!r}, expected a graph that is there", operation
            ) from None

    def call(self, operation: Operation) -> Scope:
        """Return the scope of a call; always the same."""
        if id(operation) not in self._inner:
            self._inner[id(operation)] = self._bound(self.body(operation), operation.inputs)
        return self._inner[id(operation)]

    def branches(self, operation: Operation) -> list[Scope]:
        """Return the scopes of what a condition runs; none of them is known to run."""
        names = operation.attributes.get("bodies", ())
        return [self._bound(self.body(operation, n), operation.inputs[1:]) for n in names]

    def _bound(self, body: Graph, names: Sequence[str]) -> Scope:
        inputs = [(self, name) for name in names]
        return Scope(body, self.dataflow, self, dict(zip(body.inputs, inputs, strict=False)))

    def loop(self, operation: Operation) -> Scope:
        """Return the scope of a loop's passes; what they leave alone is bound to what it was."""
        if id(operation) not in self._inner:
            body = self.body(operation)
            scope = Scope(body, self.dataflow, self)
            same = [
                i
                for i, name in enumerate(body.inputs[: carried(operation)])
                if i < len(body.outputs)
                and i < len(operation.inputs)
                and scope.resolve(body.outputs[i], keep=False) == (scope, name)
            ]
            scope.bindings = {body.inputs[i]: (self, operation.inputs[i]) for i in same}
            self._inner[id(operation)] = scope
        return self._inner[id(operation)]

    def is_within(self, other: Scope) -> bool:
        """Return whether this is another scope, or a call or a loop in it."""
        scope: Scope | None = self
        while scope is not None and scope.depth >= other.depth:
            if scope is other:
                return True
            scope = scope.around
        return False

    def resolve(self, name: str, *, keep: bool = True) -> Value:
        """Return the one value that a name stands for: behind calls, bindings and identities.

        Parameters
        ----------
        name : str
        keep : bool
            Whether the bindings are those that the scope will have.
        """
        at: Value = (self, name)
        passed: list[Value] = []
        for _ in range(_ALIASES):
            scope, name = at
            known = scope._resolved.get(name) if keep else None
            after = scope._stands_for(name) if known is None else known
            if known is not None or after is None:
                at = at if after is None else after
                if keep:
                    for inner, passed_name in passed:
                        inner._resolved[passed_name] = at
                return at
            self.work.take()
            passed.append(at)
            at = after
        raise self.error(f"the value {name!r} stands for itself, expected an operation")

    def _stands_for(self, name: str) -> Value | None:
        """Return the value that a name stands for at once; None if for one of its own."""
        graph = self.graph
        if name in graph.constants:
            return None
        made = graph.makers.get(name)
        if made is not None:
            operation, output = made
            if operation.kind == "identity" and operation.inputs and output == 0:
                return self, operation.inputs[0]
            if operation.kind == "call":
                called = self.call(operation)
                if output < len(called.graph.outputs):
                    return called, called.graph.outputs[output]
            return None
        if name in self.bindings:
            return self.bindings[name]
        if graph.sees_around and name not in graph.inputs and self.around is not None:
            return self.around, name
        return None

    def error(self, reason: str, operation: Operation | None = None) -> MalformedFileError:
        """Return the error to raise about this graph."""
        name = operation.name if operation is not None and operation.name else self.graph.name
        return self.dataflow.budget.error(name, reason)


Value = tuple[Scope, str]


def carried(operation: Operation) -> int:
    """Return how many of a loop's inputs are carried from pass to pass."""
    count = operation.attributes.get("carried", len(operation.inputs))
    return int(count)


def maker(value: Value) -> tuple[Operation, int] | None:
    """Return the operation that computes a value, and which of its outputs it is; None of none."""
    scope, name = value
    if name in scope.graph.constants:
        return None
    return scope.graph.makers.get(name)


def operands(value: Value) -> list[Value]:
    """Return what the operation that computes a value takes."""
    value[0].work.take()
    made = maker(value)
    return [] if made is None else [value[0].resolve(name) for name in made[0].inputs if name]


_FILLING = frozenset(("fill", "zeros_like", "ones_like"))


def _counted(value: Value) -> list[Value]:
    """Return the operands that count: where one number fills a shape, not the shape.

    The number alone is computed then, which acts as an array of any shape does.
    """
    below = operands(value)
    made = maker(value)
    if made is None or made[0].kind not in _FILLING:
        return below
    return below[1:2] if made[0].kind == "fill" else []


class UnknownValue(Exception):
    """A value that cannot be computed from what is given: an input, or an unknown operator."""

    def __init__(self, value: Value) -> None:
        super().__init__(value[1])
        self.value = value


def settle(
    value: Value,
    known: dict[Value, T],
    below: Callable[[Value], Sequence[Value]],
    result: Callable[[Value, Sequence[Value]], T],
) -> T:
    """Return what holds of a value, which follows from what holds of those that it depends on.

    Parameters
    ----------
    value : Value
    known : dict
        What holds of values; those on the way are added.
    below : callable
        Value → those that it depends on.
    result : callable
        Value and those below it → what holds of it. Where a value depends on itself, some of those
        below are not in `known`.

    Notes
    -----
    No recursion: a graph of a stranger may be as deep as it is large.
    """
    begun: set[Value] = set()
    stack = [value]
    while stack:
        at = stack[-1]
        if at in known:
            stack.pop()
            continue
        parts = below(at)
        waiting = [one for one in parts if one not in known]
        if waiting and at not in begun:
            begun.add(at)
            stack += waiting
        else:
            known[at] = result(at, parts)
    return known[value]


def _is_function(value: Value) -> bool:
    """Return whether a value is what a known function makes of others."""
    made = maker(value)
    return made is not None and made[0].kind in _FUNCTIONS


class Evaluation:
    """Computes values; what is constant is computed once.

    Parameters
    ----------
    budget : Budget
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._constants: dict[Value, Array | None] = {}
        self._fixed: dict[Value, bool] = {}
        self._digests: dict[Value, tuple[tuple[int, ...], bytes]] = {}

    def is_constant(self, value: Value) -> bool:
        """Return whether a value depends on constants alone."""

        def is_fixed(at: Value, below: Sequence[Value]) -> bool:
            if not _is_function(at):
                return at[1] in at[0].graph.constants
            return all(self._fixed.get(one, False) for one in below)

        return settle(
            value, self._fixed, lambda at: _counted(at) if _is_function(at) else (), is_fixed
        )

    def known_constant(self, value: Value) -> Array | None:
        """Return a constant if it was computed before; see `constant`."""
        return self._constants.get(value)

    def constant(self, value: Value) -> Array | None:
        """Return a value that depends on no input; None if it depends on one."""
        if value not in self._constants:
            try:
                self._constants[value] = (
                    self.compute(value, {}) if self.is_constant(value) else None
                )
            except ImpossibleOperation:
                self._constants[value] = None
        return self._constants[value]

    def digest(self, value: Value) -> tuple[tuple[int, ...], bytes]:
        """Return the shape and a hash of a constant."""
        if value not in self._digests:
            array = self.constant(value)
            assert array is not None
            numbers = np.ascontiguousarray(array)
            self._digests[value] = array.shape, hashlib.sha256(numbers.tobytes()).digest()
        return self._digests[value]

    def compute(
        self,
        value: Value,
        given: Mapping[Value, Array],
        terms: Mapping[Value, Array] | None = None,
    ) -> Array:
        """Return a value where others have the values that are given; see `Computation`."""
        return Computation(self, value, given, terms or {})(given, terms)

    def result(
        self, scope: Scope, operation: Operation, arrays: Sequence[Array], output: int
    ) -> Array:
        """Return one output of an operation, within the limits; NumPy's warnings are the caller's.

        Raises
        ------
        ImpossibleOperation
            It does not take these arrays.
        MalformedFileError
            A limit is passed.
        """
        try:
            if operation.kind in _FILLING and len(arrays) < len(operation.inputs):
                return _filling_number(operation, arrays)
            size = _result_size(operation, arrays)
            self.check_size(size, scope)
            self.budget.take_products(size + 1, operation.name)
            result = _FUNCTIONS[operation.kind](operation.attributes, *arrays)
            return np.asarray(result[output] if isinstance(result, list) else result)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            if isinstance(error, MalformedFileError):
                raise
            raise ImpossibleOperation(
                scope.graph.name, operation.operator or operation.kind, str(error)
            ) from None

    def check_size(self, size: int, scope: Scope) -> None:
        """Refuse values of more numbers than the limits allow."""
        most = self.budget.limits.max_bytes
        if size * _ITEMSIZE > most:
            raise scope.error(
                f"its values take {size * _ITEMSIZE:,} bytes of memory, expected no more than "
                f"{most:,}: Limits(max_bytes=…) moves this limit"
            )

    def plain(self, value: Value) -> Value:
        """Return a value before casts, and before products with the ones of dropout at rest."""
        for _ in range(_ALIASES):
            made = maker(value)
            if made is None or made[0].kind not in ("mul", "cast"):
                break
            below = operands(value)
            others = [one for one in below if not self.is_constant(one)]
            factors = [self.constant(one) for one in below if self.is_constant(one)]
            if len(others) != 1 or (
                made[0].kind == "mul" and not all(f is not None and np.all(f == 1) for f in factors)
            ):
                break
            value = others[0]
        return value


class _Step(NamedTuple):
    """One value, how it is made, and of what.

    Parameters
    ----------
    value : Value
    operation : Operation or None
        None: it is a constant of the file.
    output : int
        Which of the operation's outputs it is.
    inputs : list of Value
    moves : bool
        Whether it follows from a value that is given.
    """

    value: Value
    operation: Operation | None
    output: int
    inputs: list[Value]
    moves: bool


class Computation:
    """One value as a function of others, for numbers that vary.

    The graph is searched once, and what follows from constants alone is computed once, in the first
    call.

    Parameters
    ----------
    evaluation : Evaluation
    value : Value
    given : container of Value
        What has given values in every call: inputs, and what is to be computed otherwise.
    terms : container of Value
        Outputs of an ``add`` of a constant, where every call adds something else instead.

    Raises
    ------
    UnknownValue
        The value depends on what is neither given nor constant.
    MalformedFileError
        It depends on itself.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        value: Value,
        given: Container[Value],
        terms: Container[Value] = (),
    ) -> None:
        self._evaluation = evaluation
        self._value = value
        self._fixed: dict[Value, Array] = {}
        self._steps = self._order(given, terms)

    def __call__(
        self, given: Mapping[Value, Array], terms: Mapping[Value, Array] | None = None
    ) -> Array:
        """Return the value.

        Parameters
        ----------
        given, terms : mapping
            Of those that the computation was made for → arrays.

        Raises
        ------
        ImpossibleOperation
            An operation does not take the arrays that it is given.
        MalformedFileError
            A limit is passed.
        """
        terms = terms or {}
        done = {**self._fixed, **given}
        held = 0
        with np.errstate(all="ignore"):
            for value, operation, output, inputs, _ in self._steps:
                scope = value[0]
                if operation is None:
                    array = scope.graph.constants[value[1]].array
                elif value in terms:
                    array = done[inputs[0]] + terms[value]
                else:
                    arrays = [done[one] for one in inputs]
                    array = self._evaluation.result(scope, operation, arrays, output)
                held += array.size
                self._evaluation.check_size(held, scope)
                done[value] = array
        if not all(step.moves for step in self._steps):
            self._keep(done)
        return done[self._value]

    def _keep(self, done: Mapping[Value, Array]) -> None:
        """Leave what does not move out of the calls to come."""
        used = {self._value}.union(*(step.inputs for step in self._steps if step.moves))
        self._fixed |= {
            step.value: done[step.value]
            for step in self._steps
            if not step.moves and step.value in used
        }
        self._steps = [step for step in self._steps if step.moves]

    def _order(self, given: Container[Value], terms: Container[Value]) -> list[_Step]:
        """Return the steps to the value, each after those that it takes; no recursion."""
        steps: dict[Value, _Step] = {}
        begun: set[Value] = set()
        stack = [self._value]
        while stack:
            at = stack[-1]
            if at in given or at in steps or at in self._fixed:
                stack.pop()
                continue
            known = self._evaluation.known_constant(at)
            if known is not None:
                self._fixed[at] = known
                continue
            operation, output, inputs = self._made_of(at, terms)
            waiting = [
                one for one in inputs if not (one in given or one in steps or one in self._fixed)
            ]
            if waiting:
                if at in begun:
                    scope, name = at
                    raise scope.error(f"the value {name!r} depends on itself", operation)
                begun.add(at)
                stack += waiting
                continue
            moves = at in terms or any(
                one in given or (one in steps and steps[one].moves) for one in inputs
            )
            steps[at] = _Step(at, operation, output, inputs, moves)
            stack.pop()
        return list(steps.values())

    def _made_of(
        self, value: Value, terms: Container[Value]
    ) -> tuple[Operation | None, int, list[Value]]:
        """Return the operation that makes a value, which output it is, and what the call takes."""
        scope, name = value
        if name in scope.graph.constants:
            return None, 0, []
        made = scope.graph.makers.get(name)
        if made is None or made[0].kind not in _FUNCTIONS:
            raise UnknownValue(value)
        is_constant = self._evaluation.is_constant
        inputs = operands(value)
        if value in terms:
            (term,) = (one for one in inputs if not is_constant(one))
            inputs = [term]
        elif made[0].kind in _FILLING and not all(map(is_constant, inputs)):
            inputs = _counted(value)
        return *made, inputs


def _filling_number(operation: Operation, arrays: Sequence[Array]) -> Array:
    if operation.kind == "fill":
        return np.asarray(operation.attributes.get("value", arrays[-1] if arrays else 0))
    return np.asarray(float(operation.kind == "ones_like"))


class ImpossibleOperation(Exception):
    """An operation does not take the shapes that it is given."""

    def __init__(self, graph: str, operator: str, reason: str) -> None:
        super().__init__(f"{operator} in {graph}: {reason}")


def roots(value: Value) -> Iterator[Constant]:
    """Yield the constants of the file that a value is made of."""
    seen = {value}
    left = [value]
    while left:
        at = left.pop()
        constant = at[0].graph.constants.get(at[1])
        if constant is not None:
            yield constant
            continue
        new = [one for one in operands(at) if one not in seen]
        seen.update(new)
        left += new


# ---- the operations

_Attributes = Mapping[str, Any]


def _parameter(attributes: _Attributes, name: str, inputs: Sequence[Array], i: int = 0) -> Any:
    """Return what is an attribute, or else an input."""
    if name in attributes:
        return attributes[name]
    return inputs[i]


def _integers(numbers: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in np.asarray(numbers).reshape(-1))


def _integer(number: Any) -> int:
    (only,) = _integers(number)
    return only


def _axis(attributes: _Attributes, inputs: Sequence[Array], default: int) -> int:
    if "axis" in attributes or inputs:
        return _integer(_parameter(attributes, "axis", inputs))
    return default


def _result_size(operation: Operation, arrays: Sequence[Array]) -> int:
    """Return how many elements a result has at most; raise ValueError if none are possible."""
    kind, attributes = operation.kind, operation.attributes
    shapes = [array.shape for array in arrays]
    if kind in ("fill", "broadcast"):
        at = 0 if kind == "fill" else 1
        return math.prod(abs(n) for n in _integers(_parameter(attributes, "shape", arrays, at)))
    if kind == "tile":
        times = _integers(_parameter(attributes, "multiples", arrays, 1))
        return arrays[0].size * math.prod(abs(n) for n in times)
    if kind == "range":
        start, limit, delta = arrays[:3]
        return math.ceil(abs((float(limit) - float(start)) / float(delta))) + 1
    if kind == "gather":
        return arrays[0].size * max(arrays[1].size, 1)
    if kind == "matmul":
        rows, columns = shapes[1][-2:]
        inner, outer = (columns, rows) if attributes.get("transpose_b") else (rows, columns)
        return math.prod((arrays[0].size // max(inner, 1), outer, *shapes[1][:-2]))
    if kind in _SHAPE_BY_BROADCAST:
        different = {shape for shape in shapes if shape}
        return math.prod(
            np.broadcast_shapes(*different) if len(different) > 1 else next(iter(different), ())
        )
    return sum(array.size for array in arrays)


def _cast(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    """A float stays what it is: steps are computed in double precision."""
    name = str(attributes.get("dtype", "float32"))
    if name in ("float32", "float64", *_HALF):
        return x if x.dtype.kind == "f" else x.astype(np.float64)
    return x.astype(np.dtype(name))


def _matmul(attributes: _Attributes, a: Array, b: Array) -> Array:
    a = np.swapaxes(a, -1, -2) if attributes.get("transpose_a") else a
    b = np.swapaxes(b, -1, -2) if attributes.get("transpose_b") else b
    result: Array = np.matmul(a, b)
    return result


def _reshape(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    return x.reshape(_integers(_parameter(attributes, "shape", rest)))


def _transpose(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    if "perm" not in attributes and not rest:
        return x.transpose()
    return x.transpose(_integers(_parameter(attributes, "perm", rest)))


def _squeeze(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    axes = _integers(attributes["axes"] if "axes" in attributes else rest[0] if rest else ())
    return np.squeeze(x, axes or None)


def _expand(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    axes = _integers(_parameter(attributes, "axis", rest))
    return np.expand_dims(x, axes)


def _concat(attributes: _Attributes, *arrays: Array) -> Array:
    if "axis" in attributes:
        return np.concatenate(arrays, _integer(attributes["axis"]))
    return np.concatenate(arrays[:-1], _integer(arrays[-1]))


def _stack(attributes: _Attributes, *arrays: Array) -> Array:
    return np.stack(arrays, _integer(attributes.get("axis", 0)))


def _split(attributes: _Attributes, x: Array, *rest: Array) -> list[Array]:
    left = list(rest)
    axis = _integer(attributes["axis"] if "axis" in attributes else left.pop(0))
    length = x.shape[axis]
    if "count" not in attributes:
        sizes = list(_integers(_parameter(attributes, "sizes", left)))
        if -1 in sizes:
            sizes[sizes.index(-1)] = length - sum(sizes) - 1
        if min(sizes) < 0 or sum(sizes) != length:
            raise ValueError(f"sizes {sizes} of {length}")
    else:
        count = _integer(attributes["count"])
        if not 1 <= count <= length or length % count:
            raise ValueError(f"{count} parts of {length}")
        sizes = [length // count] * count
    before = (slice(None),) * (axis % x.ndim)
    ends = itertools.accumulate(sizes)
    return [x[(*before, slice(end - size, end))] for size, end in zip(sizes, ends, strict=True)]


def _unstack(attributes: _Attributes, x: Array) -> list[Array]:
    return list(np.moveaxis(x, _integer(attributes.get("axis", 0)), 0))


def _slice(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    begin = _integers(_parameter(attributes, "begin", rest))
    size = _integers(_parameter(attributes, "size", rest, 1 if "begin" not in attributes else 0))
    parts = [slice(b, None if n == -1 else b + n) for b, n in zip(begin, size, strict=True)]
    return x[tuple(parts)]


def _strided_slice(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    begin, end, strides = (
        _integers(_parameter(attributes, name, rest, i))
        for i, name in enumerate(("begin", "end", "strides"))
    )
    masks = {
        name: int(attributes.get(f"{name}_mask", 0))
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    index: list[Any] = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if masks["ellipsis"] & bit:
            index.append(Ellipsis)
        elif masks["new_axis"] & bit:
            index.append(None)
        elif masks["shrink_axis"] & bit:
            index.append(b)
        else:
            index.append(
                slice(None if masks["begin"] & bit else b, None if masks["end"] & bit else e, s)
            )
    result: Array = x[tuple(index)]
    return result


def _gather(attributes: _Attributes, x: Array, indices: Array, *rest: Array) -> Array:
    result: Array = np.take(x, indices.astype(np.intp), _axis(attributes, rest, 0))
    return result


def _reverse(attributes: _Attributes, x: Array, *rest: Array) -> Array:
    return np.flip(x, _integers(_parameter(attributes, "axes", rest)))


def _reduce(function: Callable[..., Array]) -> Callable[..., Array]:
    def reduce(attributes: _Attributes, x: Array, *rest: Array) -> Array:
        axes = attributes["axes"] if "axes" in attributes else rest[0] if rest else None
        return function(
            x,
            axis=None if axes is None else _integers(axes),
            keepdims=bool(attributes.get("keepdims", False)),
        )

    return reduce


def _clip(attributes: _Attributes, x: Array, *limits: Array) -> Array:
    low = attributes["low"] if "low" in attributes else limits[0]
    high = attributes["high"] if "high" in attributes else limits[-1]
    result: Array = np.minimum(np.maximum(x, low), high)
    return result


def _erf(x: Array) -> Array:
    result: Array = np.vectorize(math.erf, otypes=[np.float64])(x)
    return result


def _hard_sigmoid(attributes: _Attributes, x: Array) -> Array:
    line = float(attributes.get("alpha", 0.2)) * x + float(attributes.get("beta", 0.5))
    result: Array = np.clip(line, 0, 1)
    return result


def _elu(attributes: _Attributes, x: Array) -> Array:
    return np.where(x > 0, x, float(attributes.get("alpha", 1)) * np.expm1(np.minimum(x, 0)))


def _celu(attributes: _Attributes, x: Array) -> Array:
    alpha = float(attributes.get("alpha", 1))
    low = np.minimum(alpha * np.expm1(np.minimum(x, 0) / alpha), 0)
    result: Array = np.maximum(x, 0) + low
    return result


def _gelu(attributes: _Attributes, x: Array) -> Array:
    inner = _erf(x / math.sqrt(2))
    if attributes.get("approximate"):
        inner = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    result: Array = 0.5 * x * (1 + inner)
    return result


def _softmax(attributes: _Attributes, x: Array) -> Array:
    axis = _integer(attributes.get("axis", -1))
    e = np.exp(x - np.max(x, axis, keepdims=True))
    result: Array = e / np.sum(e, axis, keepdims=True)
    return result


def _plain(function: Callable[..., Any]) -> Callable[..., Array]:
    """Make a function of arrays one that has attributes too, and uses none."""
    return lambda attributes, *arrays: function(*arrays)


_UNARY: dict[str, Callable[..., Any]] = {
    "identity": lambda x: x, "neg": np.negative, "abs": np.abs, "sign": np.sign, "exp": np.exp,
    "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x), "square": np.square, "reciprocal": lambda x: 1 / x,
    "erf": _erf, "erfc": lambda x: 1 - _erf(x), "tanh": np.tanh, "sigmoid": smooth.sigmoid,
    "relu": piecewise.relu, "relu6": piecewise.relu6, "relu_n1_1": lambda x: np.clip(x, -1, 1),
    "relu_0_1": lambda x: np.clip(x, 0, 1), "selu": smooth.selu, "softplus": smooth.softplus,
    "softsign": lambda x: x / (1 + np.abs(x)), "hard_swish": piecewise.hard_silu,
    "floor": np.floor, "not": np.logical_not, "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
}  # fmt: skip
_BINARY: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power,
    "maximum": np.maximum, "minimum": np.minimum,
    "squared_difference": lambda x, y: np.square(x - y), "floor_div": np.floor_divide,
    "floor_mod": np.mod, "less": np.less, "less_equal": np.less_equal, "greater": np.greater,
    "greater_equal": np.greater_equal, "equal": np.equal, "not_equal": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "where": np.where,
}  # fmt: skip
_SHAPE_BY_BROADCAST = frozenset((*_UNARY, *_BINARY))
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{kind: _plain(function) for kind, function in (_UNARY | _BINARY).items()},
    "cast": _cast,
    "elu": _elu,
    "celu": _celu,
    "gelu": _gelu,
    "leaky_relu": lambda attributes, x: np.where(x > 0, x, attributes.get("alpha", 0.2) * x),
    "hard_sigmoid": _hard_sigmoid,
    "softmax": _softmax,
    "log_softmax": lambda attributes, x: np.log(_softmax(attributes, x)),
    "clip": _clip,
    "add_n": _plain(lambda *arrays: sum(arrays[1:], arrays[0])),
    "matmul": _matmul,
    "reshape": _reshape,
    "transpose": _transpose,
    "squeeze": _squeeze,
    "expand": _expand,
    "concat": _concat,
    "split": _split,
    "stack": _stack,
    "unstack": _unstack,
    "slice": _slice,
    "strided_slice": _strided_slice,
    "gather": _gather,
    "reverse": _reverse,
    "tile": lambda attributes, x, *rest: np.tile(
        x, _integers(_parameter(attributes, "multiples", rest))
    ),
    "broadcast": lambda attributes, x, *rest: np.broadcast_to(
        x, _integers(_parameter(attributes, "shape", rest))
    ),
    "fill": lambda attributes, *inputs: np.full(
        _integers(_parameter(attributes, "shape", inputs)), attributes.get("value", inputs[-1])
    ),
    "range": _plain(lambda start, limit, delta: np.arange(start, limit, delta)),
    "shape": _plain(lambda x: np.array(x.shape, np.int64)),
    "size": _plain(lambda x: np.array(x.size, np.int64)),
    "rank": _plain(lambda x: np.array(x.ndim, np.int64)),
    "reduce_sum": _reduce(np.sum),
    "reduce_prod": _reduce(np.prod),
    "reduce_max": _reduce(np.max),
    "reduce_min": _reduce(np.min),
    "reduce_mean": _reduce(np.mean),
    "reduce_all": _reduce(np.all),
    "reduce_any": _reduce(np.any),
}
