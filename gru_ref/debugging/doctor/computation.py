"""The computations of readings: one timestep of many readings at once, and runs over an input.

Every step starts from the source's own previous state, so errors do not accumulate over time.
Rounding is modelled in standard deviations: each rounding contributes its unit roundoff times the
rounded value, and contributions are added as independent ones, through the gates and activations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor.precision import HALVES, Array, Rounding
from gru_ref.debugging.doctor.space import Candidate, RowNumbers, Space, Triples
from gru_ref.keras.activations.tables import Function

# A gate, and a candidate, is off by this many roundoffs of its own size even on exact arguments.
ACTIVATION_ROUNDOFFS = 2.0
# An argument that is off by so much is looked at so many deviations away as well.
_FAR, _FURTHER = 0.1, 3.0
# So many steps, and fewer, are multiplied by every block there is.
_SMALL = 16
_FLOAT16_STEP = 2.0**-25  # half the distance of float16's smallest numbers


class RoundedProduct(NamedTuple):
    """A product of vectors with a block, and its variance: both (rows, units)."""

    value: Array
    variance: Array


class Spread(NamedTuple):
    """Numbers, and the standard deviation of each."""

    value: Array
    deviation: Array

    def at(self, places: Array) -> Spread:
        """Return the numbers at some indices."""
        return Spread(self.value[places], self.deviation[places])


class RoundingModel:
    """The effect of rounding on the factors and the sum of a product."""

    def __init__(self, rounding: Rounding, terms: int) -> None:
        self.roundoff = rounding.margin.roundoff
        self._finer = rounding.weights
        self._weights = max(rounding.weights, self.roundoff)
        # As of a rounding: the largest error there is.
        self._steps = 1 / 4 if rounding.quantised_weights else 0.0
        self._eighths = rounding.quantised_activations
        # float16 and bfloat16 are summed in float32, unless in themselves.
        half = rounding.precision in (*HALVES, "tensorfloat32")
        summing = (1.0 if rounding.narrow_sums else 0.0) if half else 0.5
        self._sum = self.roundoff**2 * terms / 2 * summing
        self.floor = self.roundoff * 1e-3 + (
            _FLOAT16_STEP if rounding.precision == "float16" else 0.0
        )

    def product(self, vectors: Array, block: Array) -> RoundedProduct:
        """Return ``vectors @ block`` for a block with quantisation steps, (2, n, units)."""
        values, steps = block
        squares, vector_squares = values * values, vectors * vectors
        variance = (
            vector_squares * (self._weights**2 + self._sum) + self.variance(vectors)
        ) @ squares
        if self._steps and steps.any():
            variance += vector_squares @ (self._steps * steps * steps)
        return RoundedProduct(vectors @ values, variance)

    def bias(self, vectors: Array) -> Array:
        """Return the variance of bias vectors with quantisation steps, (2, …, units).

        A bias is added as it is stored; it is off if the source had a finer one. It may be the sum
        of two that cancel, so its variance is at least that of its vector's typical number.
        """
        values, steps = vectors
        squares = values * values
        typical = squares.mean(axis=-1, keepdims=True)
        found: Array = self._finer**2 * np.maximum(squares, typical) + self._steps * steps * steps
        return found

    def variance(self, vectors: Array) -> Array:
        """Return the variance of an input or a state."""
        variance: Array = (self.roundoff * vectors) ** 2
        if self._eighths:
            peak = np.abs(vectors).max(initial=0.0)
            variance = variance + (peak / 255) ** 2
        return variance


class Grid:
    """Steps of one alignment: inputs, states before, states after, at some of the units.

    Parameters
    ----------
    space : Space
    model : RoundingModel
    x : (rows, features)
    h : (rows, units)
    y : (rows, units)
    columns : indices
        The units whose next state is compared.
    """

    def __init__(
        self, space: Space, model: RoundingModel, x: Array, h: Array, y: Array, columns: Array
    ) -> None:
        self.space, self.model = space, model
        self.x, self.h, self.columns = x, h, columns
        self._y, self.y = y, y[:, columns]
        self._products: dict[tuple[str, int], RoundedProduct] = {}
        # Of all blocks together; a look at some units is told from one at all by their number.
        self._tables: dict[tuple[str, int], RoundedProduct] = {}

    def narrower(self, count: int) -> Grid:
        """Return a grid of only the first units, which shares the results of this one."""
        made = Grid(self.space, self.model, self.x, self.h, self._y, self.columns[:count])
        made._products, made._tables = self._products, self._tables
        return made

    def kernel(self, numbers: Array, columns: Array) -> RoundedProduct:
        """Return the inputs times blocks of the kernel, (numbers, rows, columns)."""
        return self._products_of("kernel", numbers, columns)

    def recurrent(self, numbers: Array, columns: Array) -> RoundedProduct:
        """Return the states before times blocks of the recurrent kernel."""
        return self._products_of("recurrent", numbers, columns)

    def bias(self, numbers: Array, columns: Array) -> RoundedProduct:
        """Return bias vectors, (numbers, 1, columns)."""
        key = "bias", len(columns)
        if key not in self._tables:
            vectors = np.stack(self.space.biases, axis=1)[:, :, np.newaxis]
            variance = self.model.bias(vectors)
            self._tables[key] = RoundedProduct(vectors[0][..., columns], variance[..., columns])
        table = self._tables[key]
        return RoundedProduct(table.value[numbers], table.variance[numbers])

    def _products_of(self, kind: str, numbers: Array, columns: Array) -> RoundedProduct:
        key = kind, len(columns)
        if len(self.x) > _SMALL:  # of many steps no product is made that nobody asks for
            unique, numbers = np.unique(numbers, return_inverse=True)
            table = self._table(kind, unique.tolist(), columns)
        else:
            count = len(self.space.kernels if kind == "kernel" else self.space.recurrents)
            if key not in self._tables:
                self._tables[key] = self._table(kind, range(count), columns)
            table = self._tables[key]
        return RoundedProduct(table.value[numbers], table.variance[numbers])

    def _table(self, kind: str, numbers: Iterable[int], columns: Array) -> RoundedProduct:
        """Return products with blocks, at some of the units."""
        kernel = kind == "kernel"
        vectors = self.x if kernel else self.h
        blocks = self.space.kernels if kernel else self.space.recurrents
        made = []
        for number in numbers:
            if (kind, number) not in self._products:
                self._products[kind, number] = self.model.product(vectors, blocks[number])
            made.append(self._products[kind, number])
        return RoundedProduct(
            *(np.stack([one[part][:, columns] for one in made]) for part in (0, 1))
        )


class Gates(NamedTuple):
    """The gates of many readings with one recurrent_activation, (readings, rows, columns)."""

    z: Spread
    entering: Spread


def gates(grid: Grid, some: RowNumbers, function: Function, reset: Function | None = None) -> Gates:
    """Return z and the argument of the candidate's activation, for every reading.

    Parameters
    ----------
    function : the recurrent_activation
    reset : the activation of r, if it is another one
    """
    z = _gate(grid, some.z, function, grid.columns).at(some.z.back)
    x_h = grid.kernel(some.W_h, grid.columns)
    b_h = grid.bias(some.b_h, grid.columns)
    roundoff = grid.model.roundoff
    if some.reset_after:
        r = _gate(grid, some.r, reset or function, grid.columns).at(some.r.back)
        inner = grid.recurrent(some.R_h, grid.columns)
        c_h = grid.bias(some.c_h, grid.columns)
        recurrent = inner.value + c_h.value
        product = RoundedProduct(
            r.value * recurrent,
            r.value**2 * (inner.variance + c_h.variance + (roundoff * recurrent) ** 2)
            + (r.deviation * recurrent) ** 2,
        )
    else:
        product = _reset_before(grid, some, reset or function)
    value = x_h.value + b_h.value + product.value
    variance = x_h.variance + b_h.variance + product.variance
    variance += roundoff**2 * (x_h.value**2 + product.value**2 + value**2)
    return Gates(z, Spread(value, np.sqrt(variance)))


def candidates(grid: Grid, found: Gates, function: Function) -> Spread:
    """Return the candidate of every step; `function` is the activation."""
    return _activation(function, found.entering, grid.model.roundoff)


def state(grid: Grid, found: Gates, n: Spread, *, complement: bool) -> Spread:
    """Return the state after every step.

    Parameters
    ----------
    n : Spread
        The candidates.
    complement : bool
        z is the share of the candidate, not of the old state.
    """
    h = grid.h[:, grid.columns]
    z = found.z.value
    kept, new = (1 - z, z) if complement else (z, 1 - z)
    old_part, new_part = kept * h, new * n.value
    value = old_part + new_part
    variance = ((h - n.value) * found.z.deviation) ** 2 + (new * n.deviation) ** 2
    variance += grid.model.roundoff**2 * (old_part**2 + new_part**2 + value**2)
    return Spread(value, np.sqrt(variance) + grid.model.floor)


def _gate(grid: Grid, shared: Triples, function: Function, columns: Array) -> Spread:
    """Return the different gates of some readings."""
    W, R, b = shared.triples.T
    x_part = grid.kernel(W, columns)
    h_part = grid.recurrent(R, columns)
    bias = grid.bias(b, columns)
    value = x_part.value + h_part.value + bias.value
    variance = x_part.variance + h_part.variance + bias.variance
    variance += grid.model.roundoff**2 * (x_part.value**2 + h_part.value**2 + value**2)
    return _activation(function, Spread(value, np.sqrt(variance)), grid.model.roundoff)


def _reset_before(grid: Grid, some: RowNumbers, function: Function) -> RoundedProduct:
    """Return (r ∘ h) R_h: it needs r of all units."""
    r = _gate(grid, some.r, function, np.arange(grid.space.units))
    shape = (len(some), len(grid.h), len(grid.columns))
    value, variance = np.empty(shape), np.empty(shape)
    for block, readings, own, places in some.by_recurrent:
        matrix = grid.space.recurrents[block][:, :, grid.columns]
        reset = (r.value[own] * grid.h).reshape(-1, grid.space.units)
        doubtful = (r.deviation[own] * grid.h).reshape(reset.shape)
        made = grid.model.product(reset, matrix)
        spread = made.variance + doubtful**2 @ (matrix[0] * matrix[0])
        shape_of_own = (len(own), *shape[1:])
        value[readings] = made.value.reshape(shape_of_own)[places]
        variance[readings] = spread.reshape(shape_of_own)[places]
    return RoundedProduct(value, variance)


def _activation(function: Function, argument: Spread, roundoff: float) -> Spread:
    """Return an activation of numbers that may be off."""
    value = function(argument.value)
    deviation = _reach(function, argument, value)
    # Where an argument may be far off, what is flat beside it need not be so a little further on.
    far = argument.deviation > _FAR
    if far.any():
        some = Spread(argument.value[far], _FURTHER * argument.deviation[far])
        further = _reach(function, some, value[far]) / _FURTHER
        deviation[far] = np.maximum(deviation[far], further)
    return Spread(value, np.hypot(deviation, ACTIVATION_ROUNDOFFS * roundoff * value))


def _reach(function: Function, argument: Spread, value: Array) -> Array:
    """Return how far an activation is from its value one deviation of the argument away."""
    found: Array = np.maximum(
        np.abs(function(argument.value + argument.deviation) - value),
        np.abs(function(argument.value - argument.deviation) - value),
    )
    return found


_REPLICAS = 8
# Numbers held at once by a group of candidates.
_GROUP = 4_000_000


def states(space: Space, candidate: Candidate, x: Array, initial_state: Array | None) -> Array:
    """Return the states of one candidate, (timesteps, batch, units), without rounding.

    Parameters
    ----------
    x : (timesteps, batch, features), in processing order
    initial_state : (batch, units) or None for zeros
    """
    made = np.empty((*x.shape[:2], space.units))
    h = _start(initial_state, 1, x.shape[1], space.units)
    run = _Run(space, [candidate], x)
    for t in range(len(x)):
        h = run.step(t, h)
        made[t] = h[0]
    return made


def last_states(
    space: Space, candidates: Sequence[Candidate], x: Array, initial_state: Array | None
) -> Array:
    """Return the last states of many candidates, (candidates, batch, units)."""
    made = np.empty((len(candidates), x.shape[1], space.units))
    groups: dict[tuple[int | bool, ...], list[int]] = {}
    for place, one in enumerate(candidates):
        row = one.row
        groups.setdefault((row.R_z, row.R_r, row.R_h, row.reset_after), []).append(place)
    size = max(1, _GROUP // (x.shape[1] * space.units))
    for members in groups.values():
        for start in range(0, len(members), size):
            some = members[start : start + size]
            run = _Run(space, [candidates[place] for place in some], x)
            h = _start(initial_state, len(some), x.shape[1], space.units)
            for t in range(len(x)):
                h = run.step(t, h)
            made[some] = h
    return made


def deviations(
    space: Space, candidate: Candidate, x: Array, initial_state: Array | None, model: RoundingModel
) -> Array:
    """Return the standard deviation that rounding gives the last state, (batch, units).

    It is measured with replicas of the run in which every rounding of every step is random.
    """
    rng = np.random.default_rng(0)
    run = _Run(space, [candidate] * _REPLICAS, x)
    clean = _start(initial_state, 1, x.shape[1], space.units)
    noisy = _start(initial_state, _REPLICAS, x.shape[1], space.units)
    for t in range(len(x)):
        clean = run.step(t, clean, only=1)
        noisy = run.step(t, noisy, model=model, rng=rng)
    squares = ((noisy - clean) ** 2).mean(axis=0)
    # A unit's few replicas may happen to agree: no unit is surer than half of its row.
    floor = np.sqrt(squares.mean(axis=1, keepdims=True)) / 2
    found: Array = np.maximum(np.sqrt(squares), floor) + model.floor
    return found


def _start(initial_state: Array | None, many: int, batch: int, units: int) -> Array:
    start = np.zeros((many, batch, units))
    if initial_state is not None:
        start[:] = initial_state
    return start


class _Run:
    """Candidates of one recurrent kernel and reset form over one input."""

    def __init__(self, space: Space, candidates: Sequence[Candidate], x: Array) -> None:
        self._space, self._x = space, x
        self._row = candidates[0].row
        numbers = np.array([one.row for one in candidates])
        self._kernels = [_indices(numbers[:, gate]) for gate in range(3)]
        biases = np.stack(space.biases, axis=1)[:, :, np.newaxis]
        self._biases = [biases[:, numbers[:, place]] for place in range(6, 10)]
        self._recurrent = [space.recurrents[number] for number in self._row[3:6]]
        self._gates = _by_function([one.gates for one in candidates])
        self._resets = _by_function([one.reset or one.gates for one in candidates])
        self._candidates = _by_function([one.candidate for one in candidates])
        self._complement = np.array([one.complement for one in candidates])[:, None, None]

    def step(
        self,
        t: int,
        h: Array,
        *,
        only: int | None = None,
        model: RoundingModel | None = None,
        rng: np.random.Generator | None = None,
    ) -> Array:
        """Return the next states, (candidates, batch, units)."""

        def perturb(value: Array, variance: Array | float) -> Array:
            """Return numbers as rounding might leave them."""
            if model is None or rng is None:
                return value
            variance = variance + (model.roundoff * value) ** 2
            return value + rng.standard_normal(value.shape) * np.sqrt(variance)

        def perturb_bias(vectors: Array) -> Array:
            """Return biases of values and quantisation steps as a finer source might have them."""
            if model is None or rng is None:
                values: Array = vectors[0]
                return values
            variance = model.bias(vectors)
            found: Array = vectors[0] + rng.standard_normal(variance.shape) * np.sqrt(variance)
            return found

        def product(vectors: Array, block: Array) -> Array:
            flat = vectors.reshape(-1, vectors.shape[-1])  # one product, not one a candidate
            if model is None:
                made: Array = flat @ block[0]
            else:
                made = perturb(*model.product(flat, block))
            return made.reshape(*vectors.shape[:-1], -1)

        def activate(functions: list[tuple[Function, Array]], argument: Array) -> Array:
            made = np.empty_like(argument)
            for function, places in functions:
                some = places[:only] if only else places
                made[some] = function(argument[some])
            errors = 0.0 if model is None else (ACTIVATION_ROUNDOFFS * model.roundoff * made) ** 2
            return perturb(made, errors)

        b_z, b_r, b_h, c_h = (perturb_bias(bias[:, :only]) for bias in self._biases)
        R_z, R_r, R_h = self._recurrent
        complement = self._complement[:only]
        with np.errstate(all="ignore"):
            x_z, x_r, x_h = (self._input_product(t, gate, product)[:only] for gate in range(3))
            z = activate(self._gates, perturb(x_z + b_z + product(h, R_z), 0.0))
            r = activate(self._resets, perturb(x_r + b_r + product(h, R_r), 0.0))
            if self._row.reset_after:
                inner = perturb(r * (product(h, R_h) + c_h), 0.0)
            else:
                inner = product(perturb(r * h, 0.0), R_h)
            n = activate(self._candidates, perturb(x_h + b_h + inner, 0.0))
            kept = np.where(complement, 1 - z, z)
            return perturb(kept * h + (1 - kept) * n, 0.0)

    def _input_product(self, t: int, gate: int, product: Callable[[Array, Array], Array]) -> Array:
        """Return the input's product of one gate for every candidate."""
        unique, back = self._kernels[gate]
        if len(unique) == 1 and len(back) <= _REPLICAS:  # every replica is drawn on its own
            x = np.broadcast_to(self._x[t], (len(back), *self._x[t].shape))
            return product(x, self._space.kernels[unique[0]])
        made = np.stack([product(self._x[t], self._space.kernels[number]) for number in unique])
        return made[back]


def _indices(numbers: Array) -> tuple[list[int], Array]:
    unique, back = np.unique(numbers, return_inverse=True)
    return unique.tolist(), back


def _by_function(functions: list[Function]) -> list[tuple[Function, Array]]:
    """Return each function with the places of the candidates that have it."""
    found: dict[Function, list[int]] = {}
    for place, function in enumerate(functions):
        found.setdefault(function, []).append(place)
    return [(function, np.array(places)) for function, places in found.items()]
