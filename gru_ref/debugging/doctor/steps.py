"""One timestep of many readings at once, and how far rounding may take each from its number.

Every step starts from the source's own state before it, so that errors do not add up over time.
Rounding is modelled in standard deviations: each rounding contributes its unit roundoff times what
is rounded, and contributions are added as independent ones, through the gates and activations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.doctor.numbered import Numbered, Shared
from gru_ref.debugging.doctor.precision import Rounding
from gru_ref.debugging.doctor.space import Space
from gru_ref.keras.activations.tables import Function

Array = NDArray[Any]

# A gate, and a candidate, is off by this many roundoffs of its own size even on exact arguments.
ACTIVATION_ROUNDOFFS = 2.0
# An argument that is off by so much is looked at so many deviations away as well.
_FAR, _FURTHER = 0.1, 3.0
# So many steps, and fewer, are multiplied by every block there is.
_SMALL = 16
_FLOAT16_STEP = 2.0**-25  # half the distance of float16's smallest numbers


class Product(NamedTuple):
    """A product of vectors with a block, and its variance: both (rows, units)."""

    value: Array
    variance: Array


class Spread(NamedTuple):
    """Numbers, and the standard deviation of each."""

    value: Array
    deviation: Array

    def at(self, places: Array) -> Spread:
        """Return some of them."""
        return Spread(self.value[places], self.deviation[places])


class Doubts:
    """What rounding does to the factors and the sum of a product."""

    def __init__(self, rounding: Rounding, terms: int) -> None:
        self.roundoff = rounding.margin.roundoff
        self._finer = rounding.weights
        self._weights = max(rounding.weights, self.roundoff)
        # As of a rounding: the largest error there is.
        self._steps = 1 / 4 if rounding.quantised_weights else 0.0
        self._eighths = rounding.quantised_activations
        # float16 and bfloat16 are summed in float32, unless in themselves.
        half = rounding.precision in ("float16", "bfloat16", "tensorfloat32")
        summing = (1.0 if rounding.narrow_sums else 0.0) if half else 0.5
        self._sum = self.roundoff**2 * terms / 2 * summing
        self.floor = self.roundoff * 1e-3 + (
            _FLOAT16_STEP if rounding.precision == "float16" else 0.0
        )

    def product(self, vectors: Array, block: Array) -> Product:
        """Return ``vectors @ block``, of a block with quantisation steps: (2, n, units)."""
        values, steps = block
        squares, vector_squares = values * values, vectors * vectors
        variance = (vector_squares * (self._weights**2 + self._sum) + self.of(vectors)) @ squares
        if self._steps and steps.any():
            variance += vector_squares @ (self._steps * steps * steps)
        return Product(vectors @ values, variance)

    def bias(self, vectors: Array) -> Array:
        """Return the variance of bias vectors with quantisation steps, (2, …, units).

        A bias is added as it is stored; it is off where the source had a finer one. It may be the
        sum of two that cancel, so none is surer than its vector's typical number.
        """
        values, steps = vectors
        squares = values * values
        typical = squares.mean(axis=-1, keepdims=True)
        found: Array = self._finer**2 * np.maximum(squares, typical) + self._steps * steps * steps
        return found

    def of(self, vectors: Array) -> Array:
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
    doubts : Doubts
    x : (rows, features)
    h : (rows, units)
    y : (rows, units)
    columns : indices
        The units of which the state after is looked at.
    """

    def __init__(
        self, space: Space, doubts: Doubts, x: Array, h: Array, y: Array, columns: Array
    ) -> None:
        self.space, self.doubts = space, doubts
        self.x, self.h, self.columns = x, h, columns
        self._y, self.y = y, y[:, columns]
        self._products: dict[tuple[str, int], Product] = {}
        # Of all blocks together; a look at some units is told from one at all by their number.
        self._tables: dict[tuple[str, int], Product] = {}

    def narrower(self, count: int) -> Grid:
        """Return a look at the first of the units; the two share what they have computed."""
        made = Grid(self.space, self.doubts, self.x, self.h, self._y, self.columns[:count])
        made._products, made._tables = self._products, self._tables
        return made

    def kernel(self, numbers: Array, columns: Array) -> Product:
        """Return the inputs times blocks of the kernel, (numbers, rows, columns)."""
        return self._products_of("kernel", numbers, columns)

    def recurrent(self, numbers: Array, columns: Array) -> Product:
        """Return the states before times blocks of the recurrent kernel."""
        return self._products_of("recurrent", numbers, columns)

    def bias(self, numbers: Array, columns: Array) -> Product:
        """Return bias vectors, (numbers, 1, columns)."""
        key = "bias", len(columns)
        if key not in self._tables:
            vectors = np.stack(self.space.biases, axis=1)[:, :, np.newaxis]
            variance = self.doubts.bias(vectors)
            self._tables[key] = Product(vectors[0][..., columns], variance[..., columns])
        table = self._tables[key]
        return Product(table.value[numbers], table.variance[numbers])

    def _products_of(self, kind: str, numbers: Array, columns: Array) -> Product:
        key = kind, len(columns)
        if len(self.x) > _SMALL:  # of many steps no product is made that nobody asks for
            unique, numbers = np.unique(numbers, return_inverse=True)
            table = self._table(kind, unique.tolist(), columns)
        else:
            count = len(self.space.kernels if kind == "kernel" else self.space.recurrents)
            if key not in self._tables:
                self._tables[key] = self._table(kind, range(count), columns)
            table = self._tables[key]
        return Product(table.value[numbers], table.variance[numbers])

    def _table(self, kind: str, numbers: Iterable[int], columns: Array) -> Product:
        """Return products with blocks, at some of the units."""
        kernel = kind == "kernel"
        vectors = self.x if kernel else self.h
        blocks = self.space.kernels if kernel else self.space.recurrents
        made = []
        for number in numbers:
            if (kind, number) not in self._products:
                self._products[kind, number] = self.doubts.product(vectors, blocks[number])
            made.append(self._products[kind, number])
        return Product(*(np.stack([one[part][:, columns] for one in made]) for part in (0, 1)))


class Gates(NamedTuple):
    """What many readings of one recurrent_activation have in common, (readings, rows, columns)."""

    z: Spread
    entering: Spread


def gates(grid: Grid, some: Numbered, function: Function, reset: Function | None = None) -> Gates:
    """Return z, and what enters the candidate's activation, of every reading.

    Parameters
    ----------
    function : the recurrent_activation
    reset : that of r, where it is another one
    """
    z = _gate(grid, some.z, function, grid.columns).at(some.z.back)
    x_h = grid.kernel(some.W_h, grid.columns)
    b_h = grid.bias(some.b_h, grid.columns)
    roundoff = grid.doubts.roundoff
    if some.reset_after:
        r = _gate(grid, some.r, reset or function, grid.columns).at(some.r.back)
        inner = grid.recurrent(some.R_h, grid.columns)
        c_h = grid.bias(some.c_h, grid.columns)
        recurrent = inner.value + c_h.value
        product = Product(
            r.value * recurrent,
            r.value**2 * (inner.variance + c_h.variance + (roundoff * recurrent) ** 2)
            + (r.deviation * recurrent) ** 2,
        )
    else:
        product = _before(grid, some, reset or function)
    value = x_h.value + b_h.value + product.value
    variance = x_h.variance + b_h.variance + product.variance
    variance += roundoff**2 * (x_h.value**2 + product.value**2 + value**2)
    return Gates(z, Spread(value, np.sqrt(variance)))


def candidates(grid: Grid, found: Gates, function: Function) -> Spread:
    """Return the candidate of every step; `function` is the activation."""
    return _applied(function, found.entering, grid.doubts.roundoff)


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
    variance += grid.doubts.roundoff**2 * (old_part**2 + new_part**2 + value**2)
    return Spread(value, np.sqrt(variance) + grid.doubts.floor)


def _gate(grid: Grid, shared: Shared, function: Function, columns: Array) -> Spread:
    """Return the different gates of some readings."""
    W, R, b = shared.triples.T
    x_part = grid.kernel(W, columns)
    h_part = grid.recurrent(R, columns)
    bias = grid.bias(b, columns)
    value = x_part.value + h_part.value + bias.value
    variance = x_part.variance + h_part.variance + bias.variance
    variance += grid.doubts.roundoff**2 * (x_part.value**2 + h_part.value**2 + value**2)
    return _applied(function, Spread(value, np.sqrt(variance)), grid.doubts.roundoff)


def _before(grid: Grid, some: Numbered, function: Function) -> Product:
    """Return (r ∘ h) R_h: it needs r of all units."""
    r = _gate(grid, some.r, function, np.arange(grid.space.units))
    shape = (len(some), len(grid.h), len(grid.columns))
    value, variance = np.empty(shape), np.empty(shape)
    for block, readings, own, places in some.by_recurrent:
        matrix = grid.space.recurrents[block][:, :, grid.columns]
        reset = (r.value[own] * grid.h).reshape(-1, grid.space.units)
        doubtful = (r.deviation[own] * grid.h).reshape(reset.shape)
        made = grid.doubts.product(reset, matrix)
        spread = made.variance + doubtful**2 @ (matrix[0] * matrix[0])
        shape_of_own = (len(own), *shape[1:])
        value[readings] = made.value.reshape(shape_of_own)[places]
        variance[readings] = spread.reshape(shape_of_own)[places]
    return Product(value, variance)


def _applied(function: Function, argument: Spread, roundoff: float) -> Spread:
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
