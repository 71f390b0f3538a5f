"""The GRUs of a graph, found by what the graph computes: in loops, and unrolled."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gru_ref.files.formats.dataflow import Dataflow, Operation
from gru_ref.files.interpretation import grouping
from gru_ref.files.interpretation.found import CALL, ROLES, Array, Found
from gru_ref.files.interpretation.graph_evaluation import (
    Evaluation,
    ImpossibleOperation,
    Scope,
    UnknownValue,
    Value,
    carried,
    maker,
    operands,
    roots,
    settle,
)
from gru_ref.files.interpretation.graph_step import (
    NotKeras,
    Product,
    StepGRU,
    StepSearch,
    product_at,
)
from gru_ref.files.malformed import MalformedFileError
from gru_ref.provenance import Inference

_PATH = re.compile(r"(/while(_\d+)?(_loop|_body)?(_\d+)?)$")
_CELL = "gru_cell"
_STEP = 1_000  # values that one step is made of, at most
_TRIED = 64  # values after the last product of an unrolled GRU that may be its state
_REVERSES = "reversesequence"
_INTEGER = 7  # stands for every integer that is not known: a number of timesteps
_HALF = ("float16", "bfloat16")
# Through these an element of a sequence is the same element.
_SAME = frozenset(("cast", "reshape", "squeeze", "expand", "ensure_shape"))
# What puts a value into the outputs of a loop.
_WRITING = frozenset((
    "reshape", "expand", "concat", "list_set", "stack", "squeeze", "cast",
))  # fmt: skip


@dataclass(frozen=True, eq=False)
class GraphGRU:
    """A GRU that a graph computes, which was compared with `gru_ref.core` on random numbers.

    Parameters
    ----------
    path : str
        The name of its loop without "/while", or of its first product if it is unrolled.
    kernel, recurrent_kernel, bias : arrays as `Found` has them
    arguments : mapping
        What the graph says: activation, recurrent_activation, reset_after, go_backwards, and
        return_sequences, unroll where it can be told.
    keras_generation : int or None
        2 or 3 where a function of this name is that of one Keras only: hard_sigmoid.
    constants : mapping
        Role, as in `found.ROLES` → names of the constants that the array is made of.
    stored_dtype : str
    notes : tuple of str
    """

    path: str
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    arguments: Mapping[str, Any]
    keras_generation: int | None = None
    constants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stored_dtype: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def inferred(self) -> dict[str, Inference]:
        """The generation of Keras, where a function is that of one alone."""
        if self.keras_generation is None:
            return {}
        names = (self.arguments["recurrent_activation"], self.arguments["activation"])
        keras = str(self.keras_generation)
        source = f"its {' and '.join(dict.fromkeys(names))}, which compute as Keras {keras}'s"
        return {"keras_version": Inference(keras, source)}

    def found(self) -> Found:
        """Return it as readers do."""
        return Found(
            self.path,
            self.kernel,
            self.recurrent_kernel,
            self.bias,
            already_known=self.arguments,
            inferred=self.inferred,
            assumed={name: CALL[name] for name, note in _OF_CALL.items() if note in self.notes},
            notes=self.notes,
            stored_dtype=self.stored_dtype,
            backward=grouping.is_backward(self.path),
        )


def find_grus(dataflow: Dataflow) -> list[GraphGRU]:
    """Return every GRU of a file's graphs, in the order in which they run.

    Raises
    ------
    MalformedFileError
        A loop or an unrolled step multiplies as a GRU does, and computes something else than any
        GRU of Keras; or a part of it cannot be told from the graph.
    """
    try:
        return _Search(dataflow).grus()
    except MalformedFileError:
        raise
    except UnknownValue as error:
        raise dataflow.budget.error("", f"the value {error} cannot be told") from None
    except (ValueError, TypeError, LookupError, ArithmeticError, ImpossibleOperation) as error:
        # What no exporter writes: sizes, dtypes or attributes that do not go together.
        raise dataflow.budget.error("", f"its operations contradict each other: {error}") from None


class _Search:
    """All scopes of a file, what uses which value, and the GRUs among them."""

    def __init__(self, dataflow: Dataflow) -> None:
        self.dataflow = dataflow
        self.evaluation = Evaluation(dataflow.budget)
        self.loops: list[tuple[Scope, Operation]] = []
        self.bodies: set[Scope] = set()
        self.users: dict[Value, list[tuple[Scope, Operation]]] = {}
        self.products: list[tuple[Product, Scope | None]] = []  # with the loop around it
        self.others: list[Value] = []  # products of two values, neither or both constant
        self.found: list[GraphGRU] = []
        self.used: set[Value] = set()  # products of GRUs that are found
        self.live: set[Value] = set()
        self.reasons: dict[Value, str] = {}  # why an unrolled product is no GRU's
        for graph in dataflow.main:
            self._walk(Scope(graph, dataflow))

    # ---- the scopes

    def _walk(self, main: Scope) -> None:
        """Look at all operations of a graph and of the graphs within."""
        left: list[tuple[Scope, Scope | None]] = [(main, None)]
        while left:
            scope, loop = left.pop()
            inner: list[tuple[Scope, Scope | None]] = []
            for operation in scope.graph.operations:
                for name in dict.fromkeys(filter(None, operation.inputs)):
                    self.users.setdefault(scope.resolve(name), []).append((scope, operation))
                if operation.kind == "call":
                    inner.append((scope.call(operation), loop))
                elif operation.kind == "if":
                    branches = scope.branches(operation)
                    inner += [(branch, loop) for branch in branches]
                    for branch in branches:
                        self._mark_live([branch.resolve(name) for name in branch.graph.outputs])
                elif operation.kind == "loop":
                    self.loops.append((scope, operation))
                    body = scope.loop(operation)
                    self.bodies.add(body)
                    inner.append((body, body))
                elif operation.kind == "matmul" and operation.outputs:
                    value = scope, operation.outputs[0]
                    product = product_at(value, self.evaluation)
                    if product is not None:
                        self.products.append((product, loop))
                    else:
                        self.others.append(value)
            left += inner[::-1]
        self._mark_live([main.resolve(name) for name in main.graph.outputs])

    def _mark_live(self, values: list[Value]) -> None:
        """Note what the outputs of a file depend on."""
        left = values
        while left:
            value = left.pop()
            if value in self.live:
                continue
            self.live.add(value)
            scope, _ = value
            left += operands(value)
            made = maker(value)
            if made is not None and made[0].kind == "loop":
                body = scope.loop(made[0])
                left += [body.resolve(name) for name in body.graph.outputs]

    def grus(self) -> list[GraphGRU]:
        for scope, operation in self.loops:
            self.found += _Loop(self, scope, operation).grus()
        unrolled = _Unrolled(self)
        self.found += unrolled.grus()
        self._refuse_rest()
        return self.found

    def _refuse_rest(self) -> None:
        """Raise if a product is a GRU's by its name, and no GRU was found that multiplies so."""
        for product, _ in self.products:
            names = [_operation_name(product.value), *(c.name for c in roots(product.weights))]
            if product.value in self.used or product.value not in self.live:
                continue
            if any(_CELL in name for name in names):
                reason = self.reasons.get(product.value) or (
                    "what the cell computes cannot be told from the graph: expected a loop over "
                    "timesteps, or two unrolled timesteps at least"
                )
                raise self.dataflow.budget.error(
                    names[0], f"it belongs to a cell of a GRU: {reason}"
                )
        for value in () if self.found else self.others:
            name = _operation_name(value)
            if _CELL in name and value in self.live and not self.evaluation.is_constant(value):
                raise self.dataflow.budget.error(
                    name,
                    "it belongs to a cell of a GRU whose weights are no constants of the graph, "
                    "expected them in the file: convert the model with its variables frozen",
                )

    # ---- what both kinds have in common

    def named(self, step: StepGRU) -> dict[str, tuple[str, ...]]:
        return {role: tuple(c.name for c in step.constants[role]) for role in ROLES}

    def gru(
        self, path: str, step: StepGRU, arguments: Mapping[str, Any], notes: Iterable[str]
    ) -> GraphGRU:
        """Return a step as the layer that it is the step of."""
        keys = {key(p, self.evaluation) for p in step.products}
        self.used.update(p.value for p, _ in self.products if key(p, self.evaluation) in keys)
        known = {
            "activation": step.activation,
            "recurrent_activation": step.recurrent_activation,
            "reset_after": step.reset_after,
            **arguments,
        }
        stored = next(iter(c.dtype for role in ROLES[:2] for c in step.constants[role]), "float32")
        computed = _computed_dtype(step.products[-1].weights)
        known["dtype"] = computed
        if computed in _HALF and stored not in _HALF:
            known["dtype"] = f"mixed_{computed}"
        arrays = [step.kernel, step.recurrent_kernel]
        arrays += [] if step.bias is None else [step.bias]
        if known["dtype"] == stored == "float16":
            arrays = [array.astype(np.float16) for array in arrays]
        extra = []
        if not stored.startswith(("float", "bfloat")):
            extra.append(
                f"its weights are stored in {stored}: read as the float32 numbers that they stand "
                "for; a runtime may round inputs and states too"
            )
        kernel, recurrent_kernel, *bias = arrays
        return GraphGRU(
            path=path,
            kernel=kernel,
            recurrent_kernel=recurrent_kernel,
            bias=bias[0] if bias else None,
            arguments=known,
            keras_generation=step.generations[0] if len(step.generations) == 1 else None,
            constants=self.named(step),
            stored_dtype=stored,
            notes=(*step.notes, *extra, *notes),
        )

    def reversals(self, value: Value, axis: int = 0) -> tuple[int, int]:
        """Return how often a sequence was reversed in time, and its axis of time before that."""
        count = 0
        for _ in range(10_000):
            made = maker(value)
            below = operands(value)
            if made is None or not below:
                break
            operation, kind = made[0], made[0].kind
            if (kind == "list_from_tensor" and axis == 0) or kind == "cast":
                value = below[0]
            elif kind == "transpose":
                perm = self.integers(operation, "perm", below[1:])
                if perm is None or not 0 <= axis < len(perm):
                    break
                axis, value = perm[axis], below[0]
            elif kind == "reverse":
                axes = self.integers(operation, "axes", below[1:])
                if axes is None:
                    break
                # A sequence has three axes, or two if its features are one number.
                count += axis in axes or (min(axes) < 0 and axis in [a + 3 for a in axes])
                value = below[0]
            elif kind == "strided_slice":
                if not self._turns(operation, below, axis):
                    break
                count += 1
                value = below[0]
            elif kind == "gather":
                indices = self.evaluation.constant(below[1])
                at = self.integers(operation, "axis", below[2:]) or (0,)
                if indices is None or indices.ndim != 1 or at[0] != axis or len(indices) < 2:
                    break
                if not np.array_equal(indices, np.arange(len(indices))[::-1]):
                    break
                count += 1
                value = below[0]
            elif _REVERSES in f"{kind} {operation.operator}".lower().replace("_", ""):
                raise self.dataflow.budget.error(
                    operation.name or value[1],
                    f"{operation.operator or kind} reverses the inputs of a GRU over lengths of "
                    "their own: whether it runs backwards cannot be told",
                )
            else:
                break
        return count, axis

    def _turns(self, operation: Operation, below: Sequence[Value], axis: int) -> bool:
        """Return whether a strided slice turns an axis round, and is no part of it."""
        strides = self.integers(operation, "strides", below[3:])
        if strides is None or any(
            operation.attributes.get(f"{name}_mask", 0)
            for name in ("ellipsis", "new_axis", "shrink_axis")
        ):
            return False
        return axis < len(strides) and strides[axis] == -1

    def integers(
        self, operation: Operation, name: str, inputs: Sequence[Value]
    ) -> tuple[int, ...] | None:
        """Return integers that are an attribute, or else a constant input."""
        if name in operation.attributes:
            return tuple(int(n) for n in np.asarray(operation.attributes[name]).reshape(-1))
        array = self.evaluation.constant(inputs[0]) if inputs else None
        if array is None or array.dtype.kind not in "iu":
            return None
        return tuple(int(n) for n in array.reshape(-1))

    def reached(
        self, goals: frozenset[Value], stops: frozenset[Value], inside: Callable[[Value], bool]
    ) -> Callable[[Value], frozenset[Value]]:
        """Return the function that says which of `goals` a value depends on, nearest first."""
        known: dict[Value, frozenset[Value]] = {}

        def below(at: Value) -> Sequence[Value]:
            return () if at in goals or at in stops or not inside(at) else operands(at)

        def result(at: Value, parts: Sequence[Value]) -> frozenset[Value]:
            if at in goals:
                return frozenset((at,))
            return frozenset().union(*(known.get(one, frozenset()) for one in parts))

        return lambda value: settle(value, known, below, result)


def _computed_dtype(weights: Value) -> str:
    """Return the dtype in which weights are multiplied: of the last cast, else as they are."""
    value = weights
    while (made := maker(value)) is not None:
        if made[0].kind == "cast":
            return str(made[0].attributes.get("dtype", "float32"))
        value = operands(value)[0]
    constant = value[0].graph.constants.get(value[1])
    stored = "float32" if constant is None else constant.dtype
    return stored if stored in ("float64", *_HALF) else "float32"


def key(product: Product, evaluation: Evaluation) -> tuple[Any, ...]:
    """Return what is the same for products with the same weights."""
    return evaluation.digest(product.weights), product.transposed


def _roots(product: Product) -> Iterator[Any]:
    return roots(product.weights)


def _unmasked(new: Value, state: Value) -> tuple[Value, bool]:
    """Return the new state before a mask puts the old one in its place."""
    branches = _branches(new)
    if branches is not None:
        if branches[1] == state:
            return branches[0], True
        if branches[0] == state:
            return branches[1], True
    return new, False


def _branches(value: Value) -> tuple[Value, Value] | None:
    """Return the two values of which a condition takes one; None if there is no condition."""
    made, below = maker(value), operands(value)
    if made is None:
        return None
    if made[0].kind == "where" and len(below) == 3:
        return below[1], below[2]
    if made[0].kind != "add" or len(below) != 2:
        return None
    found: list[tuple[tuple[Value, bool], Value]] = []
    for one in below:  # as tf2onnx writes it: cast(condition) * x + cast(not condition) * y
        product, factors = maker(one), operands(one)
        if product is None or product[0].kind != "mul" or len(factors) != 2:
            return None
        conditions = [(_condition(factors[0]), factors[1]), (_condition(factors[1]), factors[0])]
        some = [(condition, factor) for condition, factor in conditions if condition is not None]
        if len(some) != 1:
            return None
        found += some
    (first, x), (second, y) = found
    if first[0] != second[0] or first[1] == second[1]:
        return None
    return (y, x) if first[1] else (x, y)


def _condition(value: Value) -> tuple[Value, bool] | None:
    """Return the condition that a number is made of, and whether it is negated."""
    negated = False
    made = maker(value)
    if made is None or made[0].kind != "cast":
        return None
    while made is not None and made[0].kind in ("cast", "not", "expand", "broadcast"):
        negated ^= made[0].kind == "not"
        value = operands(value)[0]
        made = maker(value)
    return value, negated


_MASKED = "its graph leaves timesteps out by a mask, which is an argument of the call: pass mask=…"
_OTHER_OUTPUTS = (
    "its loop puts out something that it computes from the new state, not the state itself: an "
    "output of the layer is the state"
)
_INITIAL_STATE = (
    "its graph starts from a state that is not zero, which is an argument of the call: pass "
    "initial_state=…"
)

# Where the axis of time comes second before the loop. Where it is first, another layer may have
# left it there.
_BATCH_MAJOR = {"time_major": False}
# Arguments of the call that a graph has, and a layer read from it has not.
_OF_CALL = {"mask": _MASKED, "initial_state": _INITIAL_STATE}


class _Loop:
    """One loop, and the GRUs that its passes compute."""

    def __init__(self, search: _Search, scope: Scope, operation: Operation) -> None:
        self.search = search
        self.evaluation = search.evaluation
        self.outside = scope
        self.operation = operation
        self.scope = scope.loop(operation)
        self.count = min(
            carried(operation), len(self.scope.graph.inputs), len(self.scope.graph.outputs)
        )
        self.states = {
            i: (self.scope, self.scope.graph.inputs[i])
            for i in range(self.count)
            if self.scope.graph.inputs[i] not in self.scope.bindings
        }
        self.next = {i: self.scope.resolve(self.scope.graph.outputs[i]) for i in self.states}
        self.results = {*self.next.values()}
        self.results |= {_unmasked(one, self.states[j])[0] for j, one in self.next.items()}
        self.inputs: set[Value] = set()  # of the cells that are found
        self.time_axes: set[int] = set()  # of what the inputs are the timesteps of
        self.found: set[int] = set()  # the numbers of their states
        name = operation.name or self.scope.graph.name
        self.path = _PATH.sub("", name) or name or "while"

    def is_inside(self, value: Value) -> bool:
        return value[0].is_within(self.scope)

    def grus(self) -> list[GraphGRU]:
        """Return the GRU that the loop is; several where it runs stacked cells."""
        steps = {i: self._step(i, state) for i, state in self.states.items()}
        self.inputs = {step.x for step, _ in steps.values() if step is not None}
        self.found = {i for i, (step, _) in steps.items() if step is not None}
        found = [
            self._gru(i, step, masked) for i, (step, masked) in steps.items() if step is not None
        ]
        if len(found) > 1:
            found = [replace(one, path=f"{one.path}/{i}") for i, one in enumerate(found)]
        return found

    def _step(self, i: int, state: Value) -> tuple[StepGRU | None, bool]:
        new, masked = _unmasked(self.next[i], state)
        stops = frozenset(self.results - {new, self.next[i]} | set(self.states.values()) - {state})
        reached = self.search.reached(frozenset((state,)), stops, self.is_inside)
        search = StepSearch(
            self.evaluation,
            state,
            new,
            stops=stops,
            reached=lambda value: bool(reached(value)),
            is_inside=self.is_inside,
        )
        try:
            return search.result(), masked
        except NotKeras as error:
            raise self._error(str(error)) from None

    def _gru(self, i: int, step: StepGRU, masked: bool) -> GraphGRU:
        arguments: dict[str, Any] = {}
        backwards = self._backwards(step.x)
        if backwards is not None:
            arguments["go_backwards"] = backwards
            arguments |= _BATCH_MAJOR if self.time_axes == {1} else {}
        sequences = self._sequences(i)
        if sequences is not None:
            arguments["return_sequences"] = sequences
        if masked and (zeros := self._zeros_outputs(i)) is not None:
            arguments["zero_output_for_mask"] = zeros
        notes = [_MASKED] * masked
        if self._changes_outputs(i):
            notes.append(_OTHER_OUTPUTS)
        initial = self.evaluation.constant(self.outside.resolve(self.operation.inputs[i]))
        if not self._starts_at_zero(i, initial):
            notes.append(_INITIAL_STATE)
        return self.search.gru(self.path, step, arguments, notes)

    def _starts_at_zero(self, i: int, initial: Array | None) -> bool:
        if initial is not None:
            return not np.any(initial)
        value = self.outside.resolve(self.operation.inputs[i])
        for _ in range(16):  # zeros of a batch that is not known
            made, below = maker(value), operands(value)
            if made is None:
                return False
            kind = made[0].kind
            if kind in ("fill", "zeros_like"):
                filled = made[0].attributes.get("value")
                if kind == "fill" and filled is None and len(below) > 1:
                    filled = self.evaluation.constant(below[1])
                return kind == "zeros_like" or (filled is not None and not np.any(filled))
            if kind in ("mul", "broadcast", "tile", "reshape", "cast", "expand", "squeeze"):
                constants = [self.evaluation.constant(one) for one in below]
                if kind == "mul" and any(c is not None and not np.any(c) for c in constants):
                    return True
                if constants and kind != "mul" and constants[0] is not None:
                    return not np.any(constants[0])
            if not below:
                return False
            value = below[0]
        return False

    # ---- direction

    def _backwards(self, x: Value) -> bool | None:
        """Return whether the timesteps are taken last first; None if the input is no sequence."""
        directions = {one for one in self._directions(x) if one is not None}
        if len(directions) > 1:
            raise self._error("it takes some of its inputs forwards and some backwards")
        return next(iter(directions), None)

    def _directions(self, x: Value) -> Iterator[bool | None]:
        """Yield the direction of every sequence that an input is computed from."""
        seen: set[Value] = {x}
        left = [x]
        states = set(self.states.values())
        while left:
            value = left.pop()
            scope, name = value
            if value in self.results:  # of a cell below, in the order in which that one runs
                yield False
                continue
            if scope is self.scope and name in scope.graph.inputs:
                at = scope.graph.inputs.index(name)
                if at >= self.count:  # the next element of a sequence
                    element = self.operation.inputs[at]
                    last = at - self.count in self.operation.attributes.get("backward", ())
                    count, axis = self.search.reversals(self.outside.resolve(element))
                    self.time_axes.add(axis)
                    yield bool((count + last) % 2)
                continue
            if not self.is_inside(value) or self.evaluation.is_constant(value):
                continue
            made = maker(value)
            below = operands(value)
            if made is None:
                continue
            taken = self._taken(made[0], below)
            if taken is not None:
                sequence, axis, index = taken
                count, axis = self.search.reversals(sequence, axis)
                self.time_axes.add(axis)
                yield bool((count + self._descends(index, made[0])) % 2)
                continue
            new = [one for one in below if one not in seen and one not in states]
            seen.update(new)
            left += new

    def _taken(
        self, operation: Operation, below: Sequence[Value]
    ) -> tuple[Value, int, Value] | None:
        """Return the sequence that an operation takes an element of, its axis, and which."""
        if len(below) < 2 or self.is_inside(below[0]) or not self.is_inside(below[1]):
            return None
        if self.evaluation.is_constant(below[1]):
            return None
        if operation.kind == "list_get":
            return below[0], 0, below[1]
        if operation.kind == "gather":
            axis = self.search.integers(operation, "axis", below[2:]) or (0,)
            return below[0], axis[0], below[1]
        if operation.kind in ("slice", "strided_slice"):
            return below[0], 0, below[1]
        return None

    def _descends(self, index: Value, operation: Operation) -> bool:
        """Return whether an index falls from pass to pass, rather than rises."""
        counters = [value for value in self.states.values() if value in self._leaves(index)]
        first: list[Array] = []
        second: list[Array] = []
        unknown = False
        for given in (first, second):
            values = {}
            for leaf in self._leaves(index):
                if leaf in counters:
                    i = next(j for j, value in self.states.items() if value == leaf)
                    start = self.evaluation.constant(self.outside.resolve(self.operation.inputs[i]))
                    unknown = unknown or start is None
                    start = np.array(_INTEGER) if start is None else start
                    if given is second:
                        start = self._next_counter(i, start)
                    values[leaf] = start
                else:
                    unknown = True
                    values[leaf] = np.array(_INTEGER)
            try:
                given.append(self.evaluation.compute(index, values).reshape(-1))
            except (UnknownValue, ImpossibleOperation):
                raise self._error(
                    f"which timestep {operation.operator or operation.kind} takes in a pass cannot "
                    "be told from the graph"
                ) from None
        if {first[0].dtype.kind, second[0].dtype.kind} - set("iu"):
            raise self._error("it counts its timesteps in other numbers than integers")
        steps = second[0].astype(np.int64) - first[0].astype(np.int64)
        moved = steps[np.flatnonzero(steps)]
        if moved.tolist() not in ([1], [-1]):
            raise self._error(
                f"it takes timesteps {first[0].tolist()} and then {second[0].tolist()}, expected "
                "one after the other"
            )
        start = first[0][np.flatnonzero(steps)]
        if moved[0] > 0 and not unknown and start[0] != 0:
            raise self._error(f"its first timestep is {int(start[0])}, expected 0")
        return bool(moved[0] < 0)

    def _next_counter(self, i: int, start: Array) -> Array:
        values = {leaf: np.array(_INTEGER) for leaf in self._leaves(self.next[i])}
        values[self.states[i]] = start
        return self.evaluation.compute(self.next[i], values)

    def _leaves(self, value: Value) -> list[Value]:
        """Return the values that an index is computed from, and that are not computed here."""
        leaves: dict[Value, None] = {}
        seen = {value}
        left = [value]
        while left:
            at = left.pop()
            if self.evaluation.is_constant(at):
                continue
            below = operands(at) if self.is_inside(at) else []
            if not below:
                leaves[at] = None
            new = [one for one in below if one not in seen]
            seen.update(new)
            left += new
        return list(leaves)

    # ---- what leaves

    def _sequences(self, i: int) -> bool | None:
        """Return whether the outputs of all timesteps are used, rather than the last alone."""
        new = {self.next[i], _unmasked(self.next[i], self.states[i])[0]}
        if new & self.inputs:  # of the cell above
            return True
        outputs = self.operation.outputs
        stacked = [j for j in range(len(outputs)) if j >= self.count or (j in self.next and j != i)]
        last = unclear = False
        for j in stacked:
            name = self.scope.graph.outputs[j] if j < len(self.scope.graph.outputs) else ""
            if not name or not outputs[j]:
                continue
            if not self._holds(self.scope.resolve(name), new):
                continue
            uses = self._uses(self.outside.resolve(outputs[j]))
            if "all" in uses:
                return True
            last = last or "last" in uses
            unclear = unclear or bool(uses - {"last"})
        state = self.outside.resolve(outputs[i]) if i < len(outputs) and outputs[i] else None
        if unclear:
            return None
        return False if last or (state is not None and self._uses(state)) else None

    def _changes_outputs(self, i: int) -> bool:
        """Return whether a stacked output depends on the new state, and is that of no cell."""
        if {self.next[i], _unmasked(self.next[i], self.states[i])[0]} & self.inputs:
            return False  # the cell above puts it out
        cells = {self.next[j] for j in self.found}
        cells |= {_unmasked(self.next[j], self.states[j])[0] for j in self.found}
        goals = frozenset({self.next[i], _unmasked(self.next[i], self.states[i])[0]})
        reached = self.search.reached(goals, frozenset(self.states.values()), self.is_inside)
        stacked = [j for j in range(len(self.operation.outputs)) if j not in self.found]
        names = [self.scope.graph.outputs[j] for j in stacked if j < len(self.scope.graph.outputs)]
        values = [self.scope.resolve(name) for name in names if name]
        return any(reached(value) and not self._holds(value, cells) for value in values)

    def _zeros_outputs(self, i: int) -> bool | None:
        """Return whether the output of a masked timestep is zero; None if it is not to be seen."""
        new = _unmasked(self.next[i], self.states[i])[0]
        for name in self.scope.graph.outputs:
            seen: set[Value] = set()
            left = [self.scope.resolve(name)]
            while left:
                at = left.pop()
                branches = _branches(at)
                if branches is not None and branches[0] == new and branches[1] != self.states[i]:
                    other = self.evaluation.constant(branches[1])
                    return other is not None and not np.any(other)
                made = maker(at)
                if made is not None and made[0].kind in _WRITING and self.is_inside(at):
                    below = [one for one in operands(at) if one not in seen]
                    seen.update(below)
                    left += below
        return None

    def _holds(self, value: Value, new: set[Value]) -> bool:
        """Return whether what a pass adds to an output is the new state, as it is."""
        seen = {value}
        left = [value]
        while left:
            at = left.pop()
            if at in new:
                return True
            made = maker(at)
            if made is None or not self.is_inside(at):
                continue
            if made[0].kind not in _WRITING and _branches(at) is None:
                continue
            below = [one for one in operands(at) if one not in seen]
            seen.update(below)
            left += below
        return False

    def _uses(self, value: Value) -> set[str]:
        """Return how a stacked output is used.

        "last" timestep, "timestep 0", "all", "some" that cannot be told; or not at all.
        """
        uses: set[str] = set()
        seen = {value}
        left = [(value, 0)]  # with its axis of time
        while left:
            at, axis = left.pop()
            if at in self._outputs():
                uses.add("all")
            for scope, operation in self.search.users.get(at, ()):
                results = [scope.resolve(name) for name in operation.outputs if name]
                kind = operation.kind
                if kind in ("identity", "call") or not self.search.live.intersection(results):
                    continue
                below = [scope.resolve(name) for name in operation.inputs if name]
                if kind in ("list_stack", "cast"):
                    left += [(one, axis) for one in results if one not in seen]
                elif kind == "transpose":
                    perm = self.search.integers(operation, "perm", below[1:]) or ()
                    after = perm.index(axis) if axis in perm else -1
                    left += [(one, after) for one in results if one not in seen]
                elif kind in ("strided_slice", "slice", "list_get", "gather"):
                    part = self._part(scope, operation, below, axis)
                    uses.add(
                        "all"
                        if part.startswith("timestep")
                        and part not in uses
                        and any(one.startswith("timestep") for one in uses)
                        else part
                    )
                elif kind == "loop" and self._passes(scope, operation, at):
                    pass
                elif kind not in ("shape", "list_length"):
                    uses.add("all")
                seen.update(results)
        return uses

    def _passes(self, scope: Scope, operation: Operation, value: Value) -> bool:
        """Return whether a loop takes a value that it never looks at."""
        body = scope.loop(operation)
        names = [
            body.graph.inputs[i]
            for i, name in enumerate(operation.inputs)
            if name and scope.resolve(name) == value and i < len(body.graph.inputs)
        ]
        return all(not self.search.users.get((body, name)) for name in names) and not any(
            name in body.bindings for name in names
        )

    def _is_in_a_loop(self, scope: Scope | None) -> bool:
        """Return whether a scope is that of another loop's passes, or within."""
        while scope is not None:
            if scope in self.search.bodies:
                return True
            scope = scope.around
        return False

    def _part(self, scope: Scope, operation: Operation, below: Sequence[Value], axis: int) -> str:
        """Return which timesteps an operation takes."""
        kind = operation.kind
        if kind in ("gather", "list_get"):
            index = self.evaluation.constant(below[1]) if len(below) > 1 else None
            if index is not None and index.size == 1:
                return "last" if index.reshape(-1)[0] == -1 else f"timestep {index.reshape(-1)[0]}"
            return "all" if index is not None or self._is_in_a_loop(scope) else "some"
        begin = self.search.integers(operation, "begin", below[1:])
        if begin is None or not 0 <= axis < len(begin):
            return "some"
        if begin[axis] == -1:
            return "last"
        shrunk = int(operation.attributes.get("shrink_axis_mask", 0)) >> axis & 1
        end = self.search.integers(operation, "end", below[2:])
        one = end is not None and axis < len(end) and end[axis] == begin[axis] + 1
        return f"timestep {begin[axis]}" if shrunk or one else "all"

    def _outputs(self) -> set[Value]:
        if not hasattr(self, "_main_outputs"):
            scope: Scope = self.outside
            while scope.around is not None:
                scope = scope.around
            self._main_outputs = {scope.resolve(name) for name in scope.graph.outputs}
        return self._main_outputs

    def _error(self, reason: str) -> MalformedFileError:
        return self.search.dataflow.budget.error(self.path, reason)


class _Unrolled:
    """GRUs whose timesteps are written out one after the other."""

    def __init__(self, search: _Search) -> None:
        self.search = search
        self.evaluation = search.evaluation
        # A state → which of which chain it is, as `_place` returns it.
        self.places: dict[Value, tuple[Value, int, int]] = {}
        self.time_axes: set[int] = set()  # of what the inputs of one GRU are the timesteps of

    def grus(self) -> list[GraphGRU]:
        """Return the GRUs among the products that no loop's GRU has.

        Raises
        ------
        MalformedFileError
            Its steps differ, or are none of Keras's.
        """
        groups: dict[tuple[Any, ...], list[Product]] = {}
        for product, loop in self.search.products:
            if loop is None and product.value not in self.search.used and _is_recurrent(product):
                groups.setdefault(key(product, self.evaluation), []).append(product)
        chains = [(products, self._chains(products)) for products in groups.values()]
        # A kernel of as many features as units is a group too, but multiplies no state twice.
        for chain in (chain for _, found in chains for chain in found if len(chain) > 1):
            self.places.update({state: (chain[0], 0, i) for i, state in enumerate(chain)})
        found = []
        failed: list[tuple[Product, str]] = []
        for products, ordered in chains:
            states = {product.operand: product for product in products}
            if all(product.value in self.search.used for product in products):
                continue
            try:
                grus = [self._gru(chain, states) for chain in ordered]
            except NotKeras as error:
                failed.append((products[0], str(error)))
            else:
                found += [gru for gru in grus if gru is not None]
        for product, reason in failed:
            if product.value not in self.search.used:
                raise self.search.dataflow.budget.error(_path(product), reason)
        return found

    def _chains(self, products: list[Product]) -> list[list[Value]]:
        """Return the states that one recurrent kernel multiplies, in the order of time.

        A layer that is called twice has two chains.
        """
        states = dict.fromkeys(product.operand for product in products)
        reached = self.search.reached(frozenset(states), frozenset(), lambda value: True)
        follows: dict[Value, Value] = {}
        for state in states:
            earlier = frozenset().union(*(reached(one) for one in operands(state)))
            if len(earlier) == 1:
                follows[state] = next(iter(earlier))
        chains = []
        followed = set(follows.values())
        for last in (state for state in states if state not in followed):
            chain = [last]
            while chain[-1] in follows and len(chain) <= len(states):
                chain.append(follows[chain[-1]])
            chains.append(chain[::-1])
        return chains

    def _gru(self, chain: list[Value], products: Mapping[Value, Product]) -> GraphGRU | None:
        """Return the GRU whose states are a chain of values."""
        state = chain[-2] if len(chain) > 1 else chain[0]
        if len(chain) > 1:
            step = self._step(state, chain[-1])
        else:
            step = self._last_step(state, products[state])
        if step is None:
            return None
        xs: list[Value] = []
        kernels = {key(p, self.evaluation) for p in step.products if p.operand == step.x}
        for before, after in itertools.pairwise(chain):
            plain, _ = _unmasked(after, before)
            taken = step.x if before == state else self._input(before, plain, kernels)
            if taken is None or not step.check(self.evaluation, before, plain, taken):
                raise NotKeras("its timesteps are not all the same step")
            xs.append(taken)
        if len(chain) == 1:
            xs.append(step.x)
        first_x = self._first_input(chain[0], step)
        if first_x is not None:
            xs.insert(0, first_x)
        arguments: dict[str, Any] = {"unroll": True}
        self.time_axes.clear()
        backwards = self._backwards(xs)
        if backwards is not None:
            arguments["go_backwards"] = backwards
            arguments |= _BATCH_MAJOR if self.time_axes == {1} else {}
        first = 0 if first_x is not None else 1  # a first state that is given is no output
        sequences = self._feeds(chain[first:], step) or self._stacks(chain, first)
        if sequences is not None:
            arguments["return_sequences"] = sequences
        notes = [_MASKED] if len(chain) > 1 and _unmasked(chain[1], chain[0])[1] else []
        return self.search.gru(_path(products[state]), step, arguments, notes)

    def _search(self, state: Value, new: Value) -> StepSearch:
        reached = self.search.reached(frozenset((state,)), frozenset(), lambda value: True)
        return StepSearch(self.evaluation, state, new, reached=lambda value: bool(reached(value)))

    def _step(self, state: Value, new: Value) -> StepGRU | None:
        new, _ = _unmasked(new, state)
        return self._search(state, new).result()

    def _last_step(self, state: Value, product: Product) -> StepGRU | None:
        """Return the step from the last state that is multiplied: the second of two."""
        if not self._is_shared(product.shape[0]):
            return None
        reason: NotKeras | None = None
        seen = {product.value}
        left = [product.value]
        for _ in range(_TRIED):
            if not left:
                break
            value = left.pop(0)
            made = maker(value)
            if made is not None and made[0].kind in ("add", "where"):
                try:
                    step = self._step(state, value)
                except NotKeras as error:
                    reason = error
                else:
                    if step is not None:
                        return step
            for scope, operation in self.search.users.get(value, ()):
                new = [scope.resolve(name) for name in operation.outputs if name]
                left += [one for one in new if one not in seen]
                seen.update(new)
        if reason is not None:
            self.search.reasons[product.value] = str(reason)
        return None

    def _input(self, state: Value, new: Value, kernels: set[tuple[Any, ...]]) -> Value | None:
        """Return what the kernel of one step multiplies."""
        inputs: set[Value] = set()
        seen = {new}
        left = [new]
        while left and len(seen) < _STEP:
            at = left.pop()
            if at == state or self.evaluation.is_constant(at):
                continue
            product = product_at(at, self.evaluation)
            if product is not None and key(product, self.evaluation) in kernels:
                inputs.add(product.operand)
                continue
            below = [one for one in operands(at) if one not in seen]
            seen.update(below)
            left += below
        return next(iter(inputs)) if len(inputs) == 1 and not left else None

    def _feeds(self, outputs: list[Value], step: StepGRU) -> bool:
        """Return whether another cell multiplies the outputs of the timesteps."""
        own = {p.value for p in step.products}
        keys = {key(p, self.evaluation) for p in step.products}
        states = set(outputs)
        return any(
            p.operand in states and p.value not in own and key(p, self.evaluation) not in keys
            for p, _ in self.search.products
            if p.value in self.search.live
        )

    def _is_shared(self, units: int) -> bool:
        """Return whether two products have one kernel of a GRU of so many units."""
        kernels = [
            key(p, self.evaluation)
            for p, loop in self.search.products
            if loop is None and p.shape[1] in (units, 2 * units, 3 * units)
        ]
        return len(set(kernels)) < len(kernels)

    def _kernel_inputs(self, step: StepGRU) -> list[Value]:
        """Return what the kernel of a step is multiplied with, anywhere."""
        kernels = [p for p, loop in self.search.products if loop is None and p.operand == step.x]
        keys = {key(p, self.evaluation) for p in kernels}
        return [
            p.operand
            for p, loop in self.search.products
            if loop is None and key(p, self.evaluation) in keys
        ]

    def _first_input(self, state: Value, step: StepGRU) -> Value | None:
        """Return the input of the step to the first state, which multiplies no state."""
        reached = self.search.reached(
            frozenset(self._kernel_inputs(step)), frozenset(), lambda value: True
        )
        inputs = reached(state)
        return next(iter(inputs)) if len(inputs) == 1 else None

    # ---- direction

    def _backwards(self, xs: list[Value]) -> bool | None:
        """Return whether the inputs of successive steps are taken last first."""
        places = [self._place(x) for x in xs]
        # The last state of a cell below is in no chain: nothing multiplies it there.
        while places and places[0] is None:
            del places[0]
        while places and places[-1] is None:
            del places[-1]
        if len(places) < 2 or any(place is None for place in places):
            return None
        sequences = {(place[0], place[1]) for place in places if place is not None}
        indices = [place[2] for place in places if place is not None]
        steps = {b - a for a, b in itertools.pairwise(indices)}
        if len(sequences) != 1 or steps not in ({1}, {-1}):
            return None
        ((sequence, axis),) = sequences
        count = 0
        if sequence not in self.places:
            count, axis = self.search.reversals(sequence, axis)
            self.time_axes.add(axis)
        return bool((count + (steps == {-1})) % 2)

    def _place(self, x: Value) -> tuple[Value, int, int] | None:
        """Return which element of which sequence an input is: the sequence, axis and index."""
        if x in self.places:  # a state of the cell below
            return self.places[x]
        for _ in range(16):
            made, below = maker(x), operands(x)
            if made is None or not below:
                return None
            operation, output = made
            axis = self.search.integers(operation, "axis", below[2:]) or (0,)
            if operation.kind in ("unstack", "split"):
                return below[0], axis[0], output
            if operation.kind == "gather":
                index = self.evaluation.constant(below[1])
                if index is not None and index.size == 1 and index.dtype.kind in "iu":
                    return below[0], axis[0], int(index.reshape(-1)[0])
                return None
            if operation.kind in ("strided_slice", "slice"):
                begin = self.search.integers(operation, "begin", below[1:])
                if begin is None:
                    return None
                shrunk = int(operation.attributes.get("shrink_axis_mask", 0))
                places = [i for i in range(len(begin)) if shrunk >> i & 1 or begin[i]]
                at = places[0] if places else 0
                return below[0], at, begin[at]
            if operation.kind not in _SAME:
                return None
            x = below[0]
        return None

    def _stacks(self, chain: list[Value], first: int) -> bool | None:
        """Return whether the outputs of the timesteps are put together; None if unclear."""
        outputs = {state: i for i, state in enumerate(chain) if i >= first}
        masked = False
        for i, (before, after) in enumerate(itertools.pairwise(chain), 1):
            plain, is_masked = _unmasked(after, before)
            masked = masked or is_masked
            outputs[plain] = i
        together: dict[int, set[int]] = {}  # operations → which timesteps reach them
        for start, i in outputs.items():
            left, seen = [(start, False)], {start}
            while left:
                at, shaped = left.pop()
                for scope, operation in self.search.users.get(at, ()):
                    results = [scope.resolve(name) for name in operation.outputs if name]
                    if not self.search.live.intersection(results):
                        continue
                    kind = operation.kind
                    if kind in ("stack", "concat"):
                        reached = together.setdefault(id(operation), set())
                        reached.add(i)
                        if len(reached) > 1 or kind == "stack" or shaped:
                            return True
                    elif kind in ("reshape", "expand", "cast") or (masked and kind == "where"):
                        more = shaped or kind in ("reshape", "expand")
                        left += [(one, more) for one in results if one not in seen]
                        seen.update(results)
        return None if masked else False


def _is_recurrent(product: Product) -> bool:
    """Return whether a product may be one with a recurrent kernel, by its shape."""
    rows, columns = product.shape
    return columns in (rows, 2 * rows, 3 * rows)


def _operation_name(value: Value) -> str:
    """Return the file's name of the operation that computes a value."""
    made = maker(value)
    return value[1] if made is None or not made[0].name else made[0].name


def _path(product: Product) -> str:
    """Return the name of a product without its cell."""
    whole = _operation_name(product.value)
    return whole.partition(f"/{_CELL}")[0] or whole
