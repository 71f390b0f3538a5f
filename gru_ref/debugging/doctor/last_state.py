"""The search where only the last state is known: short runs over the end first, then whole ones.

A GRU forgets: a run over the last few timesteps alone is close to the last state if the reading is
right, and no closer than chance if it is not. So most readings fall after a few steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gru_ref.debugging.doctor.candidates import Candidate, Fit
from gru_ref.debugging.doctor.evidence import Evidence
from gru_ref.debugging.doctor.precision import Rounding
from gru_ref.debugging.doctor.runs import deviations, last_states
from gru_ref.debugging.doctor.screen import Pairs
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array, Doubts
from gru_ref.keras.activations.tables import Function

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


class LastState:
    """The evidence of a last state under one assumption on rounding.

    Attributes
    ----------
    crowd : int
        How many candidates the last search found too close to each other to judge any; or 0.
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
        self._doubts = Doubts(rounding, space.features + space.units)
        self._ranked = ranked
        self._work = _THOROUGH_WORK if thorough else _WORK
        self.crowd = 0

    def search(self, pairs: Pairs) -> list[Fit]:
        """Return how well the candidates fit that come closest, best first.

        Parameters
        ----------
        pairs : (recurrent_activation, activation), …
        """
        key = (id(self.space), tuple(pairs), self._work)
        if key not in self._ranked:
            self._ranked[key] = self._rank(
                Candidate(row, place, gates, candidate, complement)
                for place, alignment in enumerate(self.evidence.alignments)
                if alignment.states is None
                for gates, candidate in pairs
                for row in self.space.rows
                for complement in (False, True)
            )
        return self._judged(*self._ranked[key])

    def among(self, some: Iterable[Candidate]) -> list[Fit]:
        """Return how well those of some candidates fit that come closest, best first."""
        return self._judged(*self._rank(some))

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

    def _judged(self, candidates: list[Candidate], errors: Array) -> list[Fit]:
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
        """Return how a candidate fits in every unit of the last state."""
        alignment = self.evidence.alignments[candidate.alignment]
        start = self.evidence.initial_state
        (made,) = last_states(self.space, [candidate], alignment.x, start)
        deviation = deviations(self.space, candidate, alignment.x, start, self._doubts)
        assert alignment.last is not None  # the caller looks
        with np.errstate(all="ignore"):
            residuals = np.abs(made - alignment.last) / deviation
            largest, typical = float(residuals.max()), float(np.sqrt((residuals**2).mean()))
        steps = len(alignment.x)
        outside = () if largest <= self.margin.largest else (steps - 1,)
        reach = self.margin.largest * float(np.sqrt((deviation**2).mean()))
        return Fit(candidate, largest, typical, made.size, reach, outside)

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
        by_alignment: dict[int, list[int]] = {}
        for number, one in enumerate(candidates):
            by_alignment.setdefault(one.alignment, []).append(number)
        for place, places in by_alignment.items():
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
