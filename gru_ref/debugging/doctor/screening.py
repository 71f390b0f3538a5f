"""The search for candidates that fit: first on a small part of the evidence, then on more.

For a sequence a few steps and units are compared first. If only the last state is known, short runs
over the end are compared: a GRU forgets, so a run over only the last few timesteps is close to the
last state if the reading is right, and no closer than chance if it is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gru_ref.debugging.doctor.computation import (
    Grid,
    RoundingModel,
    candidates,
    gates,
    key_places,
    last_state,
    last_states,
    state,
)
from gru_ref.debugging.doctor.evidence import Alignment, Evidence
from gru_ref.debugging.doctor.precision import Array, Rounding
from gru_ref.debugging.doctor.space import Candidate, Fit, RowNumbers, Space
from gru_ref.keras.activations.tables import Function

# Steps and units looked at: so few that every reading can be tried, then enough to leave a handful.
_FIRST, _NEXT = (1, 3), ((4, 6), (16, 16))
# Residuals held at once.
_HELD = 2_000_000
Pairs = Sequence[tuple[Function, Function]]

# A space and the pairs of activations tried in it → the candidates that a look at a part of the
# outputs leaves under the loosest assumption on rounding: the stricter ones leave fewer.
Screened = dict[tuple[int, tuple[tuple[Function, Function], ...], Rounding], list[Candidate]]


class SequenceSearch:
    """The evidence of a sequence under one assumption about rounding.

    Parameters
    ----------
    space : Space
    evidence : Evidence
    rounding : Rounding
    loosest : Rounding
        The most permissive assumption about this source, which is used for screening.
    screened : Screened
        The results that all assumptions share.
    """

    crowd = 0  # every step tells one layout from another

    def __init__(
        self,
        space: Space,
        evidence: Evidence,
        rounding: Rounding,
        loosest: Rounding,
        screened: Screened,
    ) -> None:
        self.space, self.evidence, self.margin = space, evidence, rounding.margin
        self._model = RoundingModel(rounding, space.features + space.units)
        self._loosest, self._screened = loosest, screened

    def search(self, pairs: Pairs) -> list[Fit]:
        """Return the fits of the candidates that remain after screening on parts of the outputs.

        Parameters
        ----------
        pairs : (recurrent_activation, activation), …
        """
        key = id(self.space), tuple(pairs), self._loosest
        if key not in self._screened:
            loosely = SequenceSearch(self.space, self.evidence, self._loosest, self._loosest, {})
            self._screened[key] = loosely._survivors(loosely._all(pairs))
        return self.among(self._screened[key])

    def among(self, some: Iterable[Candidate]) -> list[Fit]:
        """Return the fits of those of some candidates that remain after screening, best first."""
        return sorted(map(self.fit, self._survivors(some)), key=lambda fit: fit.typical)

    def _survivors(self, some: Iterable[Candidate]) -> list[Candidate]:
        """Return the candidates that every look at a part of the outputs leaves."""
        found = list(some)
        for size in _NEXT:
            found = self._narrow(found, size)
        return found

    def _narrow(self, some: Sequence[Candidate], size: tuple[int, int]) -> list[Candidate]:
        """Return the candidates that fit at some steps and units."""
        kept = []
        grids = {place: self._grid(place, size) for place in {one.alignment for one in some}}
        keys = [(one.alignment, one.gates, one.row.reset_after) for one in some]
        for (alignment, function, _), places in key_places(keys).items():
            members, grid = [some[place] for place in places], grids[alignment]
            rows = list(dict.fromkeys(one.row for one in members))
            pairs = list(dict.fromkeys((one.candidate, one.complement) for one in members))
            held = max(1, _HELD // grid.y.size)
            parts = [rows[start : start + held] for start in range(0, len(rows), held)]
            found = [self._which(grid, RowNumbers(part), function, pairs) for part in parts]
            fits = np.concatenate(found, axis=1)  # (pairs, rows)
            at_pair = {pair: place for place, pair in enumerate(pairs)}
            at_row = {row: place for place, row in enumerate(rows)}
            kept += [
                one
                for one in members
                if fits[at_pair[one.candidate, one.complement], at_row[one.row]]
            ]
        return kept

    def fit(self, candidate: Candidate) -> Fit:
        """Return the fit of a candidate at every step and unit."""
        grid = self._grid(candidate.alignment, None)
        with np.errstate(all="ignore"):
            found = gates(grid, RowNumbers([candidate.row]), candidate.gates, candidate.reset)
            n = candidates(grid, found, candidate.candidate)
            after = state(grid, found, n, complement=candidate.complement)
            residuals, deviation = grid.residuals(after), after.deviation
        steps = len(self.evidence.alignments[candidate.alignment].x)
        shape = (steps, -1, residuals.shape[-1])
        return Fit.from_residuals(candidate, residuals.reshape(shape), deviation, self.margin)

    def _all(self, pairs: Pairs) -> Iterator[Candidate]:
        """Yield the candidates of the whole space that fit at the first few steps and units."""
        by_gates: dict[Function, list[Function]] = {}
        for function, candidate in pairs:
            by_gates.setdefault(function, []).append(candidate)
        forms = [
            RowNumbers(rows)
            for after in (True, False)
            if (rows := [row for row in self.space.rows if row.reset_after == after])
        ]
        for place, alignment in enumerate(self.evidence.alignments):
            if not alignment.is_sequence:
                continue
            grid = self._grid(place, _FIRST)
            for readings in forms:
                for function, functions in by_gates.items():
                    for number, candidate, complement in self._fitting(
                        grid, readings, function, functions
                    ):
                        row = readings.rows[number]
                        yield Candidate(row, place, function, candidate, complement)

    def _fitting(
        self, grid: Grid, some: RowNumbers, function: Function, functions: list[Function]
    ) -> Iterator[tuple[int, Function, bool]]:
        """Yield which readings fit, with which function and share: at one unit, then at all."""
        pairs = [(candidate, share) for candidate in functions for share in (False, True)]
        at_one = self._which(grid.narrower(1), some, function, pairs)
        left = np.flatnonzero(at_one.any(axis=0))
        if not left.size:
            return
        at_all = self._which(grid, some.at(left), function, pairs)
        for (candidate, complement), fits in zip(pairs, at_all, strict=True):
            for number in left[fits].tolist():
                yield number, candidate, complement

    def _which(
        self, grid: Grid, some: RowNumbers, function: Function, pairs: list[tuple[Function, bool]]
    ) -> Array:
        """Return which readings fit with each function and share, (pairs, readings)."""
        fits = []
        with np.errstate(all="ignore"):
            found = gates(grid, some, function)
            for candidate, group in itertools.groupby(pairs, key=lambda pair: pair[0]):
                n = candidates(grid, found, candidate)
                for _, complement in group:
                    residuals = grid.residuals(state(grid, found, n, complement=complement))
                    fits.append((residuals <= self.margin.largest).all(axis=(1, 2)))
        return np.stack(fits)

    def _grid(self, place: int, size: tuple[int, int] | None) -> Grid:
        """Return some steps and units of an alignment, or all of them.

        The first timestep is left out of a part: whatever state the source began from, the steps
        after it say which layout it is.
        """
        alignment = self.evidence.alignments[place]
        x, h, y = in_steps(alignment, self.evidence.initial_state)
        everything = np.arange(y.shape[1])
        if size is None:
            return Grid(self.space, self._model, x, h, y, everything)
        batch, timesteps = alignment.x.shape[1], len(alignment.x)
        rng = np.random.default_rng(0)
        choice = np.arange(batch if timesteps > 1 else 0, len(x))
        rows = rng.permutation(choice)[: size[0]]
        columns = np.sort(rng.permutation(everything)[: size[1]])
        return Grid(self.space, self._model, x[rows], h[rows], y[rows], columns)


def in_steps(alignment: Alignment, initial_state: Array | None) -> tuple[Array, Array, Array]:
    """Return inputs, states before and states after, each (timesteps * batch, size)."""
    states = alignment.states
    assert states is not None  # the caller looks
    start = np.zeros((1, *states.shape[1:]))
    if initial_state is not None:
        start[:] = initial_state
    before = np.concatenate([start, states[:-1]])
    flat = [array.reshape(-1, array.shape[-1]) for array in (alignment.x, before, states)]
    return flat[0], flat[1], flat[2]


# What runs of all candidates may take, in multiplications: a second or two. Where they would take
# more, they are thinned out: to a share of them in each round, but to no fewer than so many.
_WORK, _THOROUGH_WORK = 1e9, 6e10
_SHARE, _LEAST = 0.15, 128
# A short run has so many timesteps at least, and that of the next round is so many times longer.
_SHORTEST, _LONGER = 3, 2.5
# What one number of a state takes beside the products.
_ELEMENTWISE = 50
# A candidate this many times further away than the best one could be is not judged by itself.
_HOPELESS = 2.0
# If more candidates than this are closer, the state tells no layout from another.
_CROWD = 1000

# A space and the pairs of activations tried in it → the closest candidates and their errors, which
# are the same whatever is assumed of rounding.
Ranked = dict[
    tuple[int, tuple[tuple[Function, Function], ...], float], tuple[list[Candidate], Array]
]


class LastStateSearch:
    """The evidence of a last state under one assumption about rounding.

    Attributes
    ----------
    crowd : int
        The number of candidates of the last search that were too close to each other to judge, or
        0.
    """

    def __init__(
        self,
        space: Space,
        evidence: Evidence,
        rounding: Rounding,
        ranked: Ranked,
        *,
        thorough: bool = False,
    ) -> None:
        self.space, self.evidence, self.margin = space, evidence, rounding.margin
        self._model = RoundingModel(rounding, space.features + space.units)
        self._ranked = ranked
        self._work = _THOROUGH_WORK if thorough else _WORK
        self.crowd = 0

    def search(self, pairs: Pairs) -> list[Fit]:
        """Return the fits of the closest candidates, best first.

        Parameters
        ----------
        pairs : (recurrent_activation, activation), …
        """
        key = (id(self.space), tuple(pairs), self._work)
        if key not in self._ranked:
            self._ranked[key] = self._rank(
                Candidate(row, place, gates, candidate, complement)
                for place, alignment in enumerate(self.evidence.alignments)
                if not alignment.is_sequence
                for gates, candidate in pairs
                for row in self.space.rows
                for complement in (False, True)
            )
        return self._judge(*self._ranked[key])

    def among(self, some: Iterable[Candidate]) -> list[Fit]:
        """Return the fits of the closest of some candidates, best first."""
        return self._judge(*self._rank(some))

    def _rank(self, some: Iterable[Candidate]) -> tuple[list[Candidate], Array]:
        """Return the candidates that come closest, best first, and how close they come."""
        found = list(some)
        longest = max(len(one.x) for one in self.evidence.alignments)
        step = self.space.units * (3 * self.space.units + _ELEMENTWISE)
        timesteps: float = _SHORTEST
        while len(found) > _LEAST and len(found) * longest * step > self._work:
            timesteps = max(timesteps, self._work / (len(found) * step))
            if timesteps >= longest:
                break
            errors = self._errors(found, int(timesteps), rows=1)
            kept = np.argsort(errors, kind="stable")[: max(_LEAST, int(_SHARE * len(found)))]
            found = [found[place] for place in kept]
            timesteps *= _LONGER
        errors = self._errors(found, None)
        order = np.argsort(errors, kind="stable")
        return [found[place] for place in order], errors[order]

    def _judge(self, candidates: list[Candidate], errors: Array) -> list[Fit]:
        """Return how well candidates fit that are not too far away to be judged one by one."""
        self.crowd = 0
        if not candidates:
            return []
        best = self.fit(candidates[0])
        # What rounding does to the best one, it does to the others, more or less.
        close = int(np.searchsorted(errors, _HOPELESS * best.reach, side="right"))
        if close > _CROWD:
            self.crowd = close
            return []
        return [best, *map(self.fit, candidates[1:close])]

    def fit(self, candidate: Candidate) -> Fit:
        """Return the fit of a candidate in every unit of the last state."""
        alignment = self.evidence.alignments[candidate.alignment]
        assert alignment.last is not None  # the caller looks
        start = self.evidence.initial_state
        value, deviation = last_state(self.space, candidate, alignment.x, start, self._model)
        with np.errstate(all="ignore"):
            residuals = np.abs(value - alignment.last)[np.newaxis] / deviation
        last = len(alignment.x) - 1
        return Fit.from_residuals(candidate, residuals, deviation, self.margin, first=last)

    def _errors(
        self, candidates: Sequence[Candidate], timesteps: int | None, rows: int | None = None
    ) -> Array:
        """Return the root mean square of the error of every candidate's last state.

        Parameters
        ----------
        timesteps : int or None
            Run over so many timesteps at the end, from zeros; None for all of them.
        rows : int or None
            Look at so many rows of the batch.
        """
        errors = np.full(len(candidates), np.inf)
        for place, places in key_places(one.alignment for one in candidates).items():
            some = [candidates[number] for number in places]
            alignment = self.evidence.alignments[place]
            assert alignment.last is not None  # the caller looks
            x, start = alignment.x[:, :rows], self.evidence.initial_state
            if start is not None and len(start) > 1:
                start = start[:rows]
            if timesteps is not None and timesteps < len(x):
                x, start = x[-timesteps:], None
            made = last_states(self.space, some, x, start)
            with np.errstate(all="ignore"):
                squares = ((made - alignment.last[:rows]) ** 2).mean(axis=(1, 2))
            errors[places] = np.where(np.isfinite(squares), np.sqrt(squares), np.inf)
        return errors
