"""One step of a GRU in a dataflow: what its weights, its wiring and its functions are.

The products with constants are found in the graph. What lies between them and the new state is not
matched against any chain of operations: it is computed on numbers put in the place of the products.
A number that moves what is left of the old state is the update gate's, and so on; the functions are
those of Keras's that return the same. In the end the whole step, with its own weights, is compared
with `gru_ref.core.step`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_ref.core.recurrence import Recurrence
from gru_ref.core.step import gru_step
from gru_ref.core.weights import GRUWeights
from gru_ref.files.formats.dataflow import Array, Constant
from gru_ref.files.interpretation.graph_evaluation import (
    Computation,
    Evaluation,
    ImpossibleOperation,
    UnknownValue,
    Value,
    maker,
    operands,
    roots,
)
from gru_ref.keras.activations import tables

# Batches to try after the best one: a graph may be fixed to one.
_BATCHES = (1, 2, 4, 8, 16, 32, 3)
_PROBED = 100  # objects of the budget that it takes to probe one step
_POINTS = 96  # values, at least, that a function is compared on
_TOLERANCE = 2e-6  # of constants in float32
# Of constants in fewer bits, where a function itself has such: 0.2, or 1/6.
_COARSE = {"float16": 2e-3, "bfloat16": 2e-2, "int8": 2e-2, "uint8": 2e-2, "int16": 1e-3}
_GATES = ("z", "r", "h")
_ARRANGING = frozenset((
    "reshape", "transpose", "squeeze", "expand", "concat", "split", "stack", "unstack", "slice",
    "strided_slice", "cast", "gather",
))  # fmt: skip
_GENERATIONS: Mapping[int, Mapping[str, tables.Function]] = {2: tables.KERAS_2, 3: tables.KERAS_3}


class NotKeras(Exception):
    """A step that multiplies as a GRU does, but is none of Keras's; the message says why."""


@dataclass(frozen=True)
class Product:
    """A product of a value with a constant.

    Parameters
    ----------
    value, operand, weights : Value
    transposed : bool
        Of the weights, which are (columns, rows).
    """

    value: Value
    operand: Value
    weights: Value
    transposed: bool
    shape: tuple[int, int]

    def matrix(self, evaluation: Evaluation) -> Array:
        """Return the weights, (rows, columns)."""
        weights = evaluation.constant(self.weights)
        assert weights is not None
        weights = weights.reshape(weights.shape[-2:])
        return weights.T if self.transposed else weights


def product_at(value: Value, evaluation: Evaluation) -> Product | None:
    """Return the product with a constant matrix that a value is, if it is one."""
    made = maker(value)
    if made is None or made[0].kind != "matmul" or len(operands(value)) < 2:
        return None
    operand, weights = operands(value)[:2]
    if evaluation.is_constant(operand) or not evaluation.is_constant(weights):
        return None
    array = evaluation.constant(weights)
    if (
        array is None
        or array.ndim < 2
        or array.size != math.prod(array.shape[-2:])
        or not array.size
    ):
        return None
    if made[0].attributes.get("transpose_a"):
        return None
    transposed = bool(made[0].attributes.get("transpose_b"))
    rows, columns = array.shape[-2:][::-1] if transposed else array.shape[-2:]
    return Product(value, evaluation.plain(operand), weights, transposed, (rows, columns))


@dataclass(frozen=True)
class _Term:
    """A constant that is added to products, by the output of the ``add``."""

    value: Value
    constant: Value
    columns: int
    sides: frozenset[str]


@dataclass(frozen=True)
class _Block:
    """The columns of one gate, in a product or a term: number of the source, first column."""

    source: int
    start: int


@dataclass(frozen=True, eq=False)
class StepGRU:
    """What one step computes.

    Parameters
    ----------
    x : Value
        The input of the step.
    kernel, recurrent_kernel, bias : arrays in Keras's layout
    activation, recurrent_activation : str
    generations : tuple of int
        The Kerases in which functions of these names compute this.
    reset_after : bool
    notes : tuple of str
    constants : mapping
        Role → constants of the file.
    products : tuple of Product
        Those with the input first.
    """

    x: Value
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    activation: str
    recurrent_activation: str
    generations: tuple[int, ...]
    reset_after: bool
    notes: tuple[str, ...]
    constants: Mapping[str, tuple[Constant, ...]]
    products: tuple[Product, ...]
    functions: tuple[tables.Function, tables.Function]

    def check(self, evaluation: Evaluation, state: Value, new: Value, x: Value) -> bool:
        """Return whether a step with its own weights is this one, on random numbers."""
        batches = (_batch(self.recurrent_kernel.shape[0]), *_BATCHES)
        return any(_agrees(self, evaluation, state, new, x, batch) for batch in batches)


class StepSearch:
    """The step from one state to the next.

    Parameters
    ----------
    evaluation : Evaluation
    state, new : Value
        The state before and after it.
    stops : frozenset of Value
        What is computed elsewhere: states of other cells.
    reached : callable
        Whether a value depends on the state.
    is_inside : callable
        Whether a value is computed in this step's graph.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        state: Value,
        new: Value,
        *,
        stops: frozenset[Value] = frozenset(),
        reached: Callable[[Value], bool],
        is_inside: Callable[[Value], bool] = lambda value: True,
    ) -> None:
        self.evaluation = evaluation
        self.state = state
        self.new = new
        self.stops = stops - {new}
        self.reached = reached
        self.is_inside = is_inside
        self.products: list[Product] = []
        self.order = self._order()

    def _order(self) -> list[Value]:
        """Return what is computed from the state and from products, operands first."""
        order: list[Value] = []
        seen: set[Value] = set()
        stack: list[tuple[Value, bool]] = [(self.new, False)]
        while stack:
            value, ready = stack.pop()
            if ready:
                order.append(value)
                continue
            if value in seen:
                continue
            seen.add(value)
            if (
                value == self.state
                or value in self.stops
                or not self.is_inside(value)
                or self.evaluation.is_constant(value)
                or maker(value) is None
            ):
                continue
            product = product_at(value, self.evaluation)
            stack.append((value, True))
            if product is not None:
                self.products.append(product)
                if product.operand == self.state or not self.reached(product.operand):
                    continue
            stack += [(one, False) for one in operands(value)]
        return order

    def result(self) -> StepGRU | None:
        """Return the GRU that the step is; None if it multiplies otherwise.

        Raises
        ------
        NotKeras
            It multiplies as a GRU does, but computes something else.
        """
        state, reached = self.state, self.reached
        direct = [p for p in self.products if p.operand == state]
        gated = [p for p in self.products if p.operand != state and reached(p.operand)]
        inputs = [p for p in self.products if p.operand != state and not reached(p.operand)]
        if not direct:
            return None
        units = direct[0].shape[0]
        columns = [sum(p.shape[1] for p in products) for products in (direct, gated)]
        if any(p.shape[0] != units or p.shape[1] % units for p in (*direct, *gated)):
            return None
        if columns not in ([3 * units, 0], [2 * units, units]):
            return None
        if not inputs:
            raise NotKeras("its inputs are multiplied by no kernel in the step")
        if sum(p.shape[1] for p in inputs) != 3 * units or any(p.shape[1] % units for p in inputs):
            raise NotKeras(
                f"its inputs are multiplied by {', '.join(str(p.shape) for p in inputs)}, expected "
                f"{3 * units} columns beside {units} units"
            )
        if len({p.operand for p in inputs}) != 1:
            raise NotKeras("its gates multiply different inputs")
        self.state[0].dataflow.budget.take_objects(_PROBED, self.state[0].graph.name)
        sides = {p.value: "x" for p in inputs}
        sides.update({p.value: "h" for p in (*direct, *gated)})
        terms, unclear = self._terms(sides, units)
        reason: Exception | None = None
        for some in ([*terms, *unclear], terms) if unclear else (terms,):
            for batch in (_batch(units), *_BATCHES):
                probe = _Probe(self, inputs, direct, gated, some, units, batch)
                try:
                    return probe.result()
                except ImpossibleOperation as error:
                    reason = reason or error
                except NotKeras as error:
                    reason = error
                    break
                except UnknownValue as error:
                    raise NotKeras(self._unknown(error.value)) from None
        raise NotKeras(str(reason)) from None

    def _terms(self, sides: Mapping[Value, str], units: int) -> tuple[list[_Term], list[_Term]]:
        """Return the constants added to products alone, and those that may belong to a function."""
        linear: dict[Value, frozenset[str]] = {v: frozenset((s,)) for v, s in sides.items()}
        terms: list[_Term] = []
        unclear: list[_Term] = []
        for value in self.order:
            made = maker(value)
            if value in linear or made is None:
                continue
            kind = made[0].kind
            below = operands(value)
            moving = [one for one in below if not self.evaluation.is_constant(one)]
            if not moving or any(one not in linear for one in moving):
                continue
            if kind not in _ARRANGING and kind != "add":
                continue
            linear[value] = frozenset().union(*(linear[one] for one in moving))
            fixed = [one for one in below if self.evaluation.is_constant(one)]
            if kind == "add" and len(fixed) == 1 and len(moving) == 1:
                array = self.evaluation.constant(fixed[0])
                if (
                    array is None
                    or not array.size
                    or (array.ndim and array.shape[-1] != array.size)
                ):
                    continue
                term = _Term(value, fixed[0], array.size, linear[value])
                if array.size % units == 0 and array.ndim:
                    (terms if array.size > 1 else unclear).append(term)
        return terms, unclear

    def _unknown(self, value: Value) -> str:
        made = maker(value)
        if made is None:
            return f"its step takes {value[1]!r} besides its input and its state"
        return f"its step computes {made[0].operator or made[0].kind}, which no GRU of Keras does"

    def unlike(self, what: str) -> NotKeras:
        """Return the error that says what is not Keras's, and what the step computes."""
        return NotKeras(f"{what} (the step computes {self._operators()})")

    def _operators(self) -> str:
        """Return the file's words for what the step computes, each once."""
        words = dict.fromkeys(
            made[0].operator or made[0].kind
            for value in self.order
            if (made := maker(value)) is not None
            and made[0].kind not in (*_ARRANGING, "matmul", "add", "sub", "mul")
        )
        return ", ".join(words) or "additions and products alone"


def _batch(units: int) -> int:
    """Return a batch that has numbers enough of so many units, and not many more."""
    return max(2, min(16, -(-_POINTS // units)))


class _Probe:
    """Numbers put in the place of the products and biases of a step."""

    def __init__(
        self,
        search: StepSearch,
        inputs: list[Product],
        direct: list[Product],
        gated: list[Product],
        terms: list[_Term],
        units: int,
        batch: int,
    ) -> None:
        self.search = search
        self.evaluation = search.evaluation
        self.inputs, self.direct, self.gated, self.terms = inputs, direct, gated, terms
        self.units, self.batch = units, batch
        self.rng = np.random.default_rng(units)
        sources: list[tuple[str, int]] = [
            *(("x", p.shape[1]) for p in inputs),
            *(("h", p.shape[1]) for p in direct),
            *(("n", p.shape[1]) for p in gated),
            *(("b", term.columns) for term in terms),
        ]
        self.columns = [columns for _, columns in sources]
        self.kinds = {
            _Block(i, start): kind
            for i, (kind, columns) in enumerate(sources)
            for start in range(0, columns, units)
        }
        self.tolerance = self._tolerance()

    def _tolerance(self) -> float:
        """Return how exactly the functions' own constants are stored."""
        weights = {p.weights for p in (*self.inputs, *self.direct, *self.gated)}
        weights |= {term.constant for term in self.terms}
        stored = {
            root.dtype
            for value in self.search.order
            for one in operands(value)
            if one not in weights and self.evaluation.is_constant(one)
            for root in roots(one)
        }
        return max(_COARSE.get(dtype, _TOLERANCE) for dtype in (*stored, "float32"))

    # ---- what the step returns

    def draw(self, scale: float = 1.2) -> Array:
        return self.rng.normal(size=(self.batch, self.units)) * scale

    def given(self, blocks: Mapping[_Block, Array], h: Array) -> tuple[Any, Any]:
        """Return the values of products and terms, as a `Computation` takes them."""
        arrays = [np.zeros((self.batch, columns)) for columns in self.columns]
        for block, numbers in blocks.items():
            arrays[block.source][:, block.start : block.start + self.units] = numbers
        products = [*self.inputs, *self.direct, *self.gated]
        given = {p.value: array for p, array in zip(products, arrays, strict=False)}
        given[self.search.state] = h
        terms = zip(self.terms, arrays[len(products) :], strict=True)
        return given, {term.value: array for term, array in terms}

    def _computation(self, value: Value) -> Computation:
        """Return a value as a function of `given`."""
        products = (*self.inputs, *self.direct, *self.gated)
        given = {self.search.state, *(p.value for p in products)}
        return Computation(self.evaluation, value, given, {term.value for term in self.terms})

    @functools.cached_property
    def _new_state(self) -> Computation:
        return self._computation(self.search.new)

    @functools.cached_property
    def _gated(self) -> Computation:
        return self._computation(self.gated[0].operand)

    def new_state(self, blocks: Mapping[_Block, Array], h: float | Array) -> Array:
        """Return the new state; the products do not follow h."""
        state = np.broadcast_to(np.asarray(h, np.float64), (self.batch, self.units))
        result = self._new_state(*self.given(blocks, state))
        if result.size != state.size:
            raise ImpossibleOperation("", "the new state", f"its shape is {result.shape}")
        array: Array = result.reshape(state.shape).astype(np.float64)
        return array

    def update_gate(self, blocks: Mapping[_Block, Array]) -> Array:
        """Return the share of the old state that the new one keeps."""
        return self.new_state(blocks, 1.0) - self.new_state(blocks, 0.0)

    def candidate(self, blocks: Mapping[_Block, Array]) -> Array:
        at0 = self.new_state(blocks, 0.0)
        result: Array = at0 / (1 - (self.new_state(blocks, 1.0) - at0))
        return result

    def reset_gate(self, blocks: Mapping[_Block, Array]) -> Array:
        """Return what multiplies the state before its product, where that is so."""
        result = self._gated(*self.given(blocks, np.ones((self.batch, self.units))))
        return np.asarray(result, np.float64).reshape(self.batch, self.units)

    def moving(
        self,
        function: Callable[[Mapping[_Block, Array]], Array],
        base: Mapping[_Block, Array],
        blocks: Iterable[_Block],
    ) -> list[_Block]:
        """Return those of the blocks in which other numbers change a result."""
        before = function(base)
        return [
            block
            for block in blocks
            if any(
                not np.allclose(before, function({**base, block: self.draw(scale)}), 1e-9, 1e-9)
                for scale in (1.2, 0.4, 4.0)
            )
        ]

    # ---- what it is

    def result(self) -> StepGRU:
        roles = self._roles()
        recurrent_activation = self._function(roles, "z")
        activation = self._function(roles, "h")
        generations = tuple(
            g for g in _GENERATIONS if g in recurrent_activation and g in activation
        )
        if not generations:
            raise NotKeras(
                f"its recurrent_activation is {_named(recurrent_activation)} and its activation "
                f"{_named(activation)}, expected functions of one Keras"
            )
        generation = generations[-1]
        names = activation[generation], recurrent_activation[generation]
        functions = tuple(_GENERATIONS[generation][name] for name in names)
        self._check_wiring(roles, functions[0], functions[1])
        kernel, recurrent = self._matrix(roles, "x"), self._matrix(roles, "hn")
        bias, notes = self._bias(roles, kernel.dtype)
        products = [*self.direct, *self.gated]
        gru = StepGRU(
            x=self.inputs[0].operand,
            kernel=kernel,
            recurrent_kernel=recurrent,
            bias=bias,
            activation=names[0],
            recurrent_activation=names[1],
            generations=generations,
            reset_after=not self.gated,
            notes=tuple(notes),
            constants={
                "kernel": _constants(p.weights for p in self.inputs),
                "recurrent_kernel": _constants(p.weights for p in products),
                "bias": _constants(term.constant for term in self.terms),
            },
            products=(*self.inputs, *products),
            functions=(functions[0], functions[1]),
        )
        search = self.search
        if not _agrees(
            gru, self.evaluation, search.state, search.new, gru.x, self.batch, self.tolerance
        ):
            raise search.unlike("it does not compute what a GRU of its weights does")
        return gru

    def _roles(self) -> dict[_Block, str]:
        """Return which gate each block is of: z, r, h, and q for what r multiplies."""
        blocks = list(self.kinds)
        base = {block: self.draw() for block in blocks}
        z = self.update_gate(base)
        h = self.draw()
        mixed = self.new_state(base, 0.0) + z * h
        if not np.allclose(self.new_state(base, h), mixed, 1e-6, 1e-6):
            raise self.search.unlike("its new state is no mix of the old one and a candidate")
        roles = dict.fromkeys(self.moving(self.update_gate, base, blocks), "z")
        self._open(roles, base)
        others = [b for b in blocks if b not in roles]
        if self.gated:
            roles |= dict.fromkeys(self.moving(self.reset_gate, base, others), "r")
            others = [b for b in others if b not in roles]
            roles |= dict.fromkeys(self.moving(self.candidate, base, others), "h")
        else:
            self._split_candidate(roles, base, others)
        self._check_roles(roles)
        return roles

    def _split_candidate(
        self, roles: dict[_Block, str], base: Mapping[_Block, Array], others: list[_Block]
    ) -> None:
        """Find what r multiplies: without that, r moves no candidate."""
        plain = {b: v for b, v in base.items() if b in roles or self.kinds[b] == "x"}
        summed = self.moving(self.candidate, plain, others)
        gates = self.moving(self.candidate, base, (b for b in others if b not in summed))
        roles |= dict.fromkeys(gates, "r")
        for b in summed:
            direct = self.kinds[b] == "x"
            if self.kinds[b] == "b":  # does r multiply it?
                fixed = {**plain, b: self.draw()}
                direct = not self.moving(self.candidate, fixed, gates[:1])
            roles[b] = "h" if direct else "q"

    def _open(self, roles: Mapping[_Block, str], base: dict[_Block, Array]) -> None:
        """Give the update gate values at which the candidate can be seen."""
        for scale in (0.5, 1.0, 2.0, 0.2, 4.0) * 4:
            if np.min(np.abs(1 - self.update_gate(base))) > 0.01:
                return
            base.update({b: self.draw(scale) for b in roles})
        raise NotKeras("its update gate is always open: what its candidate is cannot be told")

    def _check_roles(self, roles: Mapping[_Block, str]) -> None:
        for kind, wanted in {
            "x": "hrz",
            "h": "rz" if self.gated else "qrz",
            "n": "h" if self.gated else "",
        }.items():
            there = "".join(sorted(roles.get(b, "-") for b, k in self.kinds.items() if k == kind))
            if there != wanted:
                raise self.search.unlike(
                    "the parts of its products go to other places than z, r and candidate"
                )
        if any(b not in roles for b, kind in self.kinds.items() if kind == "b"):
            raise NotKeras("a bias of it changes nothing, expected one of z, r or candidate")

    def _function(self, roles: Mapping[_Block, str], gate: str) -> dict[int, str]:
        """Return the names of the function that a gate goes through, by generation."""
        (block,) = (b for b, r in roles.items() if r == gate and self.kinds[b] == "x")
        still = {b: self.draw() for b, role in roles.items() if role == "z"}
        if gate == "h":
            self._open(dict.fromkeys(still, "z"), still)
        xs: list[Array] = []
        ys: list[Array] = []
        for i in range(max(3, -(-_POINTS // (self.batch * self.units)))):
            x = self.rng.uniform(-10, 10, (self.batch, self.units)) * (0.3 if i % 2 else 1.0)
            xs.append(x)
            if gate == "z":
                ys.append(self.update_gate({block: x}))
            else:
                ys.append(self.candidate({**still, block: x}))
        matches: dict[int, str] = {}
        for generation, functions in _GENERATIONS.items():
            for name, function in functions.items():
                if all(self._same(y, function(x.copy())) for x, y in zip(xs, ys, strict=True)):
                    matches[generation] = name
                    break
        if not matches:
            what = "gates go" if gate == "z" else "candidate goes"
            raise self.search.unlike(f"its {what} through no activation of Keras's")
        return matches

    def _same(self, y: Array, expected: Array) -> bool:
        if not np.isfinite(expected).all():
            return False
        return bool(np.allclose(y, expected, self.tolerance, self.tolerance))

    def _check_wiring(
        self, roles: Mapping[_Block, str], φ: tables.Function, ρ: tables.Function
    ) -> None:
        """Raise unless the step is Keras's for numbers in the place of all products."""
        for scale in (0.3, 1.0, 3.0):
            blocks = {b: self.draw(scale) for b in self.kinds}
            h = self.draw()
            sums: dict[str, Array] = {role: np.zeros_like(h) for role in "zrhq"}
            for b, role in roles.items():
                sums[role] = sums[role] + blocks[b]
            z, r = ρ(sums["z"]), ρ(sums["r"])
            n = φ(sums["h"] + r * sums["q"])
            pairs: list[tuple[Array, Array]] = [(self.new_state(blocks, h), z * h + (1 - z) * n)]
            if self.gated:
                pairs.append((self.reset_gate(blocks), r))
            if not all(
                np.allclose(a, b, 10 * self.tolerance, 10 * self.tolerance) for a, b in pairs
            ):
                raise self.search.unlike("its gates are not wired as Keras's are")

    def _matrix(self, roles: Mapping[_Block, str], kinds: str) -> Array:
        """Return the kernel, or the recurrent kernel, in the order z, r, h."""
        products = [*self.inputs, *self.direct, *self.gated]
        parts = {}
        for b, role in roles.items():
            if self.kinds[b] in kinds:
                matrix = products[b.source].matrix(self.evaluation)
                parts[role.replace("q", "h")] = matrix[:, b.start : b.start + self.units]
        whole = np.concatenate([parts[gate] for gate in _GATES], axis=1)
        return whole.astype(np.float64 if whole.dtype == np.float64 else np.float32)

    def _bias(
        self, roles: Mapping[_Block, str], dtype: np.dtype[Any]
    ) -> tuple[Array | None, list[str]]:
        """Return the bias, and what is to be noted about it."""
        if not self.terms:
            return None, []
        units = self.units
        rows = np.zeros((2, 3 * units), dtype)
        first = len(self.inputs) + len(self.direct) + len(self.gated)
        there = set()
        for b, role in roles.items():
            if self.kinds[b] != "b":
                continue
            term = self.terms[b.source - first]
            values = self.evaluation.constant(term.constant)
            assert values is not None
            values = values.reshape(-1)[b.start : b.start + units]
            row = 1 if role == "q" or (role in "zr" and term.sides == {"h"}) else 0
            row = row if not self.gated else 0
            there.add(row)
            start = _GATES.index(role.replace("q", "h")) * units
            rows[row, start : start + units] += values
        if self.gated:
            return rows[0], []
        return rows, [] if len(there) == 2 else [_NO_BIAS_ROW]


_NO_BIAS_ROW = (
    "the file leaves out one of the two bias rows, as the converter does with zeros: taken as zeros"
)


def _agrees(
    gru: StepGRU,
    evaluation: Evaluation,
    state: Value,
    new: Value,
    x_value: Value,
    batch: int,
    tolerance: float = _TOLERANCE,
) -> bool:
    """Return whether a step with its own weights computes what gru_ref does."""
    features, units = gru.kernel.shape[0], gru.recurrent_kernel.shape[0]
    rng = np.random.default_rng(units)
    weights = GRUWeights(gru.kernel, gru.recurrent_kernel, gru.bias).astype(np.float64)
    φ, ρ = gru.functions
    recurrence = Recurrence(φ, ρ, reset_after=gru.reset_after, dtype="float64")
    try:
        computation = Computation(evaluation, new, {state, x_value})
    except UnknownValue:
        return False
    for scale in (1.0, 0.1):
        x = rng.normal(size=(batch, features)) * scale
        h = rng.normal(size=(batch, units)) * scale
        try:
            actual = computation({state: h, x_value: x})
        except ImpossibleOperation:
            return False
        with np.errstate(all="ignore"):
            expected = gru_step(x, h, weights, recurrence).h
        if actual.size != expected.size or not np.allclose(
            actual.reshape(expected.shape), expected, 50 * tolerance, 50 * tolerance, equal_nan=True
        ):
            return False
    return True


def _named(names: Mapping[int, str]) -> str:
    return " or ".join(f"Keras {g}'s {name}" for g, name in names.items())


def _constants(values: Iterator[Value] | Any) -> tuple[Constant, ...]:
    found: dict[int, Constant] = {}
    for value in values:
        for constant in roots(value):
            if constant.dtype not in ("int32", "int64", "bool"):
                found[id(constant)] = constant
    return tuple(found.values())
