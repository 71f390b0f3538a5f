"""The search where the output is a sequence: a few steps and units first, then more, then all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gru_ref.debugging.doctor.candidates import Candidate, Fit
from gru_ref.debugging.doctor.evidence import Alignment, Evidence
from gru_ref.debugging.doctor.numbered import Numbered
from gru_ref.debugging.doctor.precision import Rounding
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array, Doubts, Grid, candidates, gates, state
from gru_ref.keras.activations.tables import Function

# Steps and units looked at: so few that every reading can be tried, then enough to leave a handful.
_FIRST, _NEXT = (1, 3), ((4, 6), (16, 16))
Pairs = Sequence[tuple[Function, Function]]

# A space and the pairs of activations tried in it → the candidates that a look at a part of the
# outputs leaves under the loosest assumption on rounding: the stricter ones leave fewer.
Screened = dict[tuple[int, tuple[tuple[Function, Function], ...], Rounding], list[Candidate]]


class Steps:
    """The evidence of a sequence under one assumption on rounding.

    Parameters
    ----------
    space : Space
    evidence : Evidence
    rounding : Rounding
    loosest : Rounding
        What allows the most of all that is assumed of this source; screens are made under it.
    screened : Screened
        What is shared among all assumptions.
    """

    def __init__(
        self,
        space: Space,
        evidence: Evidence,
        rounding: Rounding,
        loosest: Rounding,
        screened: Screened,
    ) -> None:
        self.space, self.evidence, self.margin = space, evidence, rounding.margin
        self._doubts = Doubts(rounding, space.features + space.units)
        self._loosest, self._screened = loosest, screened

    def search(self, pairs: Pairs) -> list[Fit]:
        """Return how well the candidates fit that every look at a part of the outputs leaves.

        Parameters
        ----------
        pairs : (recurrent_activation, activation), …
        """
        key = id(self.space), tuple(pairs), self._loosest
        if key not in self._screened:
            loosely = Steps(self.space, self.evidence, self._loosest, self._loosest, {})
            self._screened[key] = loosely._left(loosely._all(pairs))
        return self.among(self._screened[key])

    def among(self, some: Iterable[Candidate]) -> list[Fit]:
        """Return how well those of some candidates fit that a look at a part leaves, best first."""
        return sorted(map(self.fit, self._left(some)), key=lambda fit: fit.typical)

    def _left(self, some: Iterable[Candidate]) -> list[Candidate]:
        """Return the candidates that every look at a part of the outputs leaves."""
        found = list(some)
        for size in _NEXT:
            found = self._narrowed(found, size)
        return found

    def _narrowed(self, some: Iterable[Candidate], size: tuple[int, int]) -> list[Candidate]:
        """Return the candidates that fit at some steps and units."""
        kept = []
        groups: dict[tuple[int, Function], list[Candidate]] = {}
        for one in some:
            groups.setdefault((one.alignment, one.gates), []).append(one)
        for (place, _), members in groups.items():
            grid = self._grid(place, size)
            for candidate, residuals in self._residuals(grid, members):
                if self._fits(residuals):
                    kept.append(candidate)
        return kept

    def fit(self, candidate: Candidate) -> Fit:
        """Return how a candidate fits at every step and unit."""
        alignment = self.evidence.alignments[candidate.alignment]
        grid = self._grid(candidate.alignment, None)
        with np.errstate(all="ignore"):
            found = gates(grid, Numbered([candidate.row]), candidate.gates, candidate.reset)
            n = candidates(grid, found, candidate.candidate)
            made = state(grid, found, n, complement=candidate.complement)
            residuals = np.abs(grid.y - made.value) / made.deviation
        shaped = residuals.reshape(*alignment.x.shape[:2], -1)
        with np.errstate(all="ignore"):
            outside = ~(shaped.max(axis=(1, 2)) <= self.margin.largest)
            largest, typical = float(shaped.max()), float(np.sqrt((shaped**2).mean()))
        reach = self.margin.largest * float(np.sqrt((made.deviation**2).mean()))
        steps = tuple(np.flatnonzero(outside).tolist())
        return Fit(candidate, largest, typical, residuals.size, reach, steps)

    def _all(self, pairs: Pairs) -> Iterator[Candidate]:
        """Yield the candidates of the whole space that fit at the first few steps and units."""
        by_gates: dict[Function, list[Function]] = {}
        for function, candidate in pairs:
            by_gates.setdefault(function, []).append(candidate)
        forms = [
            Numbered(rows)
            for after in (True, False)
            if (rows := [row for row in self.space.rows if row.reset_after == after])
        ]
        for place, alignment in enumerate(self.evidence.alignments):
            if alignment.states is None:
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
        self, grid: Grid, some: Numbered, function: Function, functions: list[Function]
    ) -> Iterator[tuple[int, Function, bool]]:
        """Yield which readings fit, with which function and share: at one unit, then at all."""
        pairs = [(candidate, share) for candidate in functions for share in (False, True)]
        at_one = self._which(grid.narrower(1), some, function, pairs)
        left = np.flatnonzero(np.any(at_one, axis=0))
        if not left.size:
            return
        at_all = self._which(grid, some.at(left), function, pairs)
        for (candidate, complement), fits in zip(pairs, at_all, strict=True):
            for number in left[fits].tolist():
                yield number, candidate, complement

    def _which(
        self, grid: Grid, some: Numbered, function: Function, pairs: list[tuple[Function, bool]]
    ) -> list[Array]:
        """Return which readings fit with each of some functions and shares."""
        found = []
        with np.errstate(all="ignore"):
            made = gates(grid, some, function)
            for candidate, group in itertools.groupby(pairs, key=lambda pair: pair[0]):
                n = candidates(grid, made, candidate)
                for _, complement in group:
                    after = state(grid, made, n, complement=complement)
                    residuals = np.abs(grid.y - after.value) / after.deviation
                    found.append((residuals <= self.margin.largest).all(axis=(1, 2)))
        return found

    def _residuals(
        self, grid: Grid, members: Sequence[Candidate]
    ) -> Iterator[tuple[Candidate, Array]]:
        """Yield the residuals of candidates of one alignment and recurrent_activation."""
        for after in (True, False):
            rows = list(dict.fromkeys(m.row for m in members if m.row.reset_after == after))
            size = max(1, 2_000_000 // (grid.y.size or 1))
            for start in range(0, len(rows), size):
                some = rows[start : start + size]
                places = {row: number for number, row in enumerate(some)}
                with np.errstate(all="ignore"):
                    found = gates(grid, Numbered(some), members[0].gates)
                    own = [one for one in members if one.row in places]
                    for key in dict.fromkeys((one.candidate, one.complement) for one in own):
                        n = candidates(grid, found, key[0])
                        made = state(grid, found, n, complement=key[1])
                        residuals = np.abs(grid.y - made.value) / made.deviation
                        for one in own:
                            if (one.candidate, one.complement) == key:
                                yield one, residuals[places[one.row]]

    def _fits(self, residuals: Array) -> bool:
        return bool((residuals <= self.margin.largest).all())

    def _grid(self, place: int, size: tuple[int, int] | None) -> Grid:
        """Return some steps and units of an alignment, or all of them.

        The first timestep is left out of a part: whatever state the source began from, the steps
        after it say which layout it is.
        """
        alignment = self.evidence.alignments[place]
        x, h, y = in_steps(alignment, self.evidence.initial_state)
        everything = np.arange(y.shape[1])
        if size is None:
            return Grid(self.space, self._doubts, x, h, y, everything)
        batch, timesteps = alignment.x.shape[1], len(alignment.x)
        rng = np.random.default_rng(0)
        choice = np.arange(batch if timesteps > 1 else 0, len(x))
        rows = rng.permutation(choice)[: size[0]]
        columns = np.sort(rng.permutation(everything)[: size[1]])
        return Grid(self.space, self._doubts, x[rows], h[rows], y[rows], columns)


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
