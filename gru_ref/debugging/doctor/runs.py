"""Free runs of candidates: over an input from a state, many at once, or one with rounding drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gru_ref.debugging.doctor.candidates import Candidate
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import ACTIVATION_ROUNDOFFS, Array, Doubts
from gru_ref.keras.activations.tables import Function

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
    space: Space, candidate: Candidate, x: Array, initial_state: Array | None, doubts: Doubts
) -> Array:
    """Return the standard deviation that rounding gives the last state, (batch, units).

    It is measured: replicas of the run have every rounding of every step drawn at random.
    """
    rng = np.random.default_rng(0)
    run = _Run(space, [candidate] * _REPLICAS, x)
    clean = _start(initial_state, 1, x.shape[1], space.units)
    noisy = _start(initial_state, _REPLICAS, x.shape[1], space.units)
    for t in range(len(x)):
        clean = run.step(t, clean, only=1)
        noisy = run.step(t, noisy, doubts=doubts, rng=rng)
    squares = ((noisy - clean) ** 2).mean(axis=0)
    # A unit's few replicas may happen to agree: no unit is surer than half of its row.
    floor = np.sqrt(squares.mean(axis=1, keepdims=True)) / 2
    found: Array = np.maximum(np.sqrt(squares), floor) + doubts.floor
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
        doubts: Doubts | None = None,
        rng: np.random.Generator | None = None,
    ) -> Array:
        """Return the next states, (candidates, batch, units)."""

        def off(value: Array, variance: Array | float) -> Array:
            """Return numbers as rounding might leave them."""
            if doubts is None or rng is None:
                return value
            variance = variance + (doubts.roundoff * value) ** 2
            return value + rng.standard_normal(value.shape) * np.sqrt(variance)

        def added(vectors: Array) -> Array:
            """Return biases of values and quantisation steps as a finer source might have them."""
            if doubts is None or rng is None:
                values: Array = vectors[0]
                return values
            variance = doubts.bias(vectors)
            found: Array = vectors[0] + rng.standard_normal(variance.shape) * np.sqrt(variance)
            return found

        def product(vectors: Array, block: Array) -> Array:
            flat = vectors.reshape(-1, vectors.shape[-1])  # one product, not one a candidate
            if doubts is None:
                made: Array = flat @ block[0]
            else:
                made = off(*doubts.product(flat, block))
            return made.reshape(*vectors.shape[:-1], -1)

        def applied(functions: list[tuple[Function, Array]], argument: Array) -> Array:
            made = np.empty_like(argument)
            for function, places in functions:
                some = places[:only] if only else places
                made[some] = function(argument[some])
            errors = 0.0 if doubts is None else (ACTIVATION_ROUNDOFFS * doubts.roundoff * made) ** 2
            return off(made, errors)

        b_z, b_r, b_h, c_h = (added(bias[:, :only]) for bias in self._biases)
        R_z, R_r, R_h = self._recurrent
        complement = self._complement[:only]
        with np.errstate(all="ignore"):
            x_z, x_r, x_h = (self._entering(t, gate, product)[:only] for gate in range(3))
            z = applied(self._gates, off(x_z + b_z + product(h, R_z), 0.0))
            r = applied(self._resets, off(x_r + b_r + product(h, R_r), 0.0))
            if self._row.reset_after:
                inner = off(r * (product(h, R_h) + c_h), 0.0)
            else:
                inner = product(off(r * h, 0.0), R_h)
            n = applied(self._candidates, off(x_h + b_h + inner, 0.0))
            kept = np.where(complement, 1 - z, z)
            return off(kept * h + (1 - kept) * n, 0.0)

    def _entering(self, t: int, gate: int, product: Callable[[Array, Array], Array]) -> Array:
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
