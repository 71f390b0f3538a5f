"""The computations of readings: one timestep of many readings at once, and runs over an input.

Every step starts from the source's own previous state, so errors do not accumulate over time.
Rounding is modelled in standard deviations: each rounding contributes its unit roundoff times the
rounded value, and contributions are added as independent ones, through the gates and activations.
"""

from __future__ import annotations

import collections
import copy
import functools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from gru_ref.debugging.doctor.precision import HALVES, Array, Rounding
from gru_ref.debugging.doctor.space import Candidate, RowNumbers, Space, Triples
from gru_ref.keras.activations.tables import Function

Key = TypeVar("Key", bound=Hashable)

# A gate, and a candidate, is off by this many roundoffs of its own size even on exact arguments.
ACTIVATION_ROUNDOFFS = 2.0
# An argument that is off by so much is looked at so many deviations away as well.
_FAR, _FURTHER = 0.1, 3.0
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
        self.y = y[:, columns]
        biases = np.stack(space.biases, axis=1)[:, :, np.newaxis]
        self._biases = RoundedProduct(biases[0], model.bias(biases))
        self._x_products = functools.cache(lambda block: model.product(x, space.kernels[block]))
        self._h_products = functools.cache(lambda block: model.product(h, space.recurrents[block]))

    def narrower(self, count: int) -> Grid:
        """Return a grid of only the first units, which shares the products of this one."""
        made = copy.copy(self)
        made.columns, made.y = self.columns[:count], self.y[:, :count]
        return made

    def kernel(self, numbers: Array, columns: Array) -> RoundedProduct:
        """Return the inputs times blocks of the kernel, (numbers, rows, columns)."""
        return _stack(self._x_products, numbers, columns)

    def recurrent(self, numbers: Array, columns: Array) -> RoundedProduct:
        """Return the states before times blocks of the recurrent kernel."""
        return _stack(self._h_products, numbers, columns)

    def bias(self, numbers: Array, columns: Array) -> RoundedProduct:
        """Return bias vectors, (numbers, 1, columns)."""
        return RoundedProduct(*(part[..., columns][numbers] for part in self._biases))

    def residuals(self, after: Spread) -> Array:
        """Return how far states are from those after the steps, in standard deviations."""
        residuals: Array = np.abs(self.y - after.value) / after.deviation
        return residuals


def _stack(
    product: Callable[[int], RoundedProduct], numbers: Array, columns: Array
) -> RoundedProduct:
    """Return the products with some blocks, at some of the units; each is computed once."""
    blocks, places = np.unique(numbers, return_inverse=True)
    made = [product(block) for block in blocks.tolist()]
    value, variance = (np.stack([one[part][:, columns] for one in made]) for part in (0, 1))
    return RoundedProduct(value[places], variance[places])


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
    return np.stack([h[0] for h in _Run(space, [candidate], x).states(initial_state)])


def last_states(
    space: Space, candidates: Sequence[Candidate], x: Array, initial_state: Array | None
) -> Array:
    """Return the last states of many candidates, (candidates, batch, units)."""
    made = np.empty((len(candidates), x.shape[1], space.units))
    size = max(1, _GROUP // (x.shape[1] * space.units))
    rows = [one.row for one in candidates]
    recurrent = [(row.R_z, row.R_r, row.R_h, row.reset_after) for row in rows]
    for members in key_places(recurrent).values():
        for some in (members[start : start + size] for start in range(0, len(members), size)):
            run = _Run(space, [candidates[place] for place in some], x)
            made[some] = run.last_state(initial_state)
    return made


def last_state(
    space: Space, candidate: Candidate, x: Array, initial_state: Array | None, model: RoundingModel
) -> Spread:
    """Return the last state of one candidate, (batch, units), and the deviations by rounding.

    They are measured with replicas of the run in which every rounding of every step is random.
    """
    clean = _Run(space, [candidate], x).last_state(initial_state)
    noisy = _Run(space, [candidate] * _REPLICAS, x, model).last_state(initial_state)
    squares = ((noisy - clean) ** 2).mean(axis=0)
    # A unit's few replicas may happen to agree: no unit is surer than half of its row.
    floor = np.sqrt(squares.mean(axis=1, keepdims=True)) / 2
    return Spread(clean[0], np.maximum(np.sqrt(squares), floor) + model.floor)


class _Run:
    """Candidates of one recurrent kernel and reset form over one input.

    Parameters
    ----------
    space : Space
    candidates : sequence of Candidate
    x : (timesteps, batch, features)
    model : RoundingModel, optional
        Every rounding is random, by this model; without it there is none.
    """

    def __init__(
        self,
        space: Space,
        candidates: Sequence[Candidate],
        x: Array,
        model: RoundingModel | None = None,
    ) -> None:
        self._space, self._x, self._model = space, x, model
        self._rng = np.random.default_rng(0)
        self._row = candidates[0].row
        numbers = np.array([one.row for one in candidates])
        self._kernels = [np.unique(numbers[:, gate], return_inverse=True) for gate in range(3)]
        biases = np.stack(space.biases, axis=1)[:, :, np.newaxis]
        self._biases = [biases[:, numbers[:, place]] for place in range(6, 10)]
        self._recurrent = [space.recurrents[number] for number in self._row[3:6]]
        self._gates = key_places(one.gates for one in candidates)
        self._resets = key_places(one.reset or one.gates for one in candidates)
        self._candidates = key_places(one.candidate for one in candidates)
        self._complement = np.array([one.complement for one in candidates])[:, None, None]

    def states(self, initial_state: Array | None) -> Iterator[Array]:
        """Yield the states after each timestep, (candidates, batch, units)."""
        h = np.zeros((len(self._complement), self._x.shape[1], self._space.units))
        if initial_state is not None:
            h[:] = initial_state
        for x in self._x:
            with np.errstate(all="ignore"):
                h = self._step(x, h)
            yield h

    def last_state(self, initial_state: Array | None) -> Array:
        """Return the states after the last timestep."""
        (last,) = collections.deque(self.states(initial_state), maxlen=1)
        return last

    def _step(self, x: Array, h: Array) -> Array:
        b_z, b_r, b_h, c_h = (self._bias(bias) for bias in self._biases)
        R_z, R_r, R_h = self._recurrent
        x_z, x_r, x_h = (self._input_product(x, *kernels) for kernels in self._kernels)
        z = self._activation(self._gates, self._rounded(x_z + b_z + self._product(h, R_z)))
        r = self._activation(self._resets, self._rounded(x_r + b_r + self._product(h, R_r)))
        if self._row.reset_after:
            inner = self._rounded(r * (self._product(h, R_h) + c_h))
        else:
            inner = self._product(self._rounded(r * h), R_h)
        n = self._activation(self._candidates, self._rounded(x_h + b_h + inner))
        kept = np.where(self._complement, 1 - z, z)
        return self._rounded(kept * h + (1 - kept) * n)

    def _rounded(self, value: Array, variance: Array | float = 0.0) -> Array:
        """Return numbers as rounding might leave them, those of a variance in addition."""
        if self._model is None:
            return value
        return self._perturbed(value, variance + (self._model.roundoff * value) ** 2)

    def _perturbed(self, value: Array, variance: Array) -> Array:
        perturbed: Array = value + self._rng.standard_normal(value.shape) * np.sqrt(variance)
        return perturbed

    def _bias(self, vectors: Array) -> Array:
        """Return biases of values and quantisation steps as a finer source might have them."""
        values: Array = vectors[0]
        return values if self._model is None else self._perturbed(values, self._model.bias(vectors))

    def _product(self, vectors: Array, block: Array) -> Array:
        flat = vectors.reshape(-1, vectors.shape[-1])  # one product, not one a candidate
        made = (
            flat @ block[0]
            if self._model is None
            else self._rounded(*self._model.product(flat, block))
        )
        return made.reshape(*vectors.shape[:-1], -1)

    def _input_product(self, x: Array, blocks: Array, back: Array) -> Array:
        """Return the input's product of one gate for every candidate."""
        if self._model is not None:  # every replica is drawn on its own
            x = np.broadcast_to(x, (len(back), *x.shape))
            return self._product(x, self._space.kernels[blocks[0]])
        return np.stack([self._product(x, self._space.kernels[block]) for block in blocks])[back]

    def _activation(self, functions: dict[Function, Array], argument: Array) -> Array:
        made = np.empty_like(argument)
        for function, members in functions.items():
            made[members] = function(argument[members])
        if self._model is None:
            return made
        return self._rounded(made, (ACTIVATION_ROUNDOFFS * self._model.roundoff * made) ** 2)


def key_places(keys: Iterable[Key]) -> dict[Key, Array]:
    """Return the indices at which each key stands.

    Examples
    --------
    >>> key_places("abba")
    {'a': array([0, 3]), 'b': array([1, 2])}
    """
    found: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return {key: np.array(places) for key, places in found.items()}
