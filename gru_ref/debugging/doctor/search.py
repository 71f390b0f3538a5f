"""`diagnose`: the space, searched from what is usual to what is rare, until something fits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gru_ref.debugging.doctor import functions as activations
from gru_ref.debugging.doctor.blind_spots import blind_spots
from gru_ref.debugging.doctor.candidates import Candidate, Fit
from gru_ref.debugging.doctor.checks import checks
from gru_ref.debugging.doctor.classes import explaining, functions
from gru_ref.debugging.doctor.decoys import rival
from gru_ref.debugging.doctor.diagnosis import Diagnosis, Explanation
from gru_ref.debugging.doctor.evidence import Evidence, evidence
from gru_ref.debugging.doctor.given import Given, arrays_of, quantised, weights_precision
from gru_ref.debugging.doctor.last_state import LastState, Ranked
from gru_ref.debugging.doctor.precision import PRECISIONS, Rounding, loosest, roundings
from gru_ref.debugging.doctor.probe import probe
from gru_ref.debugging.doctor.screen import Pairs, Screened, Steps
from gru_ref.debugging.doctor.space import Space, space
from gru_ref.debugging.doctor.untried import untried
from gru_ref.errors import shown
from gru_ref.keras.activations.tables import Function

# The fits whose activations are varied.
_MOST_VARIED = 16


class _Round(NamedTuple):
    """One part of the space under one assumption on rounding."""

    space: Space
    rounding: Rounding
    pairs: Pairs
    loosest: Rounding
    thorough: bool = False


class _Known(NamedTuple):
    """The activations that may be, from the user or the lists."""

    gates: tuple[Function, ...] | None
    candidates: tuple[Function, ...] | None

    def pairs(
        self,
        gates: tuple[Function, ...],
        candidates: tuple[Function, ...],
    ) -> list[tuple[Function, Function]]:
        """Return the pairs of two lists, or of what is known in place of a list."""
        return list(itertools.product(self.gates or gates, self.candidates or candidates))


def diagnose(
    arrays: Any,
    inputs: Any,
    outputs: Any,
    *,
    initial_state: Any = None,
    activation: Any = None,
    recurrent_activation: Any = None,
    precision: str | None = None,
    bits: str | None = None,
) -> Diagnosis:
    """Find the layout of arrays from one input and what the source made of it.

    Parameters
    ----------
    arrays : mapping of names to arrays, or sequence of arrays
        In whatever number, shape and order; names are not looked at. Integer arrays are quantised
        weights: NAME beside NAME_scale, and perhaps NAME_zero_point, or a pair (array, scale).
    inputs : (batch, timesteps, features) or (timesteps, batch, features) or (timesteps, features)
    outputs : array, or (sequence, last state)
        The states of all timesteps, (batch, timesteps, units) or time first; or the last state,
        (batch, units); axes of size 1, as of directions, may lie between them.
    initial_state : (batch, units), optional
        Zeros by default.
    activation, recurrent_activation : str or list of str, optional
        What is known of φ and ρ; by default every activation of Keras that works element by element
        is tried, beside a usual one.
    precision : str, optional
        What the source computed in: "float64", "float32", "tensorfloat32", "float16" or "bfloat16".
        By default what the outputs are stored in.
    bits : "bfloat16" or "float16", optional
        What uint16 arrays are the bits of.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        A value is no array of finite numbers, or the shapes of inputs and outputs do not belong
        together.

    Notes
    -----
    Every step of a sequence is judged on its own, from the source's own state before it, so that
    rounding does not add up. One gate order is tried for all arrays first, and one for each kind of
    array where nothing fits.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> W, R, b, c = (rng.normal(size=s) for s in [(15, 4), (15, 5), 15, 15])  # PyTorch's shapes
    >>> x = rng.normal(size=(2, 6, 4))
    >>> h, y = np.zeros((2, 5)), []
    >>> for t in range(6):
    ...     x_r, x_z, x_n = np.split(x[:, t] @ W.T + b, 3, axis=1)
    ...     h_r, h_z, h_n = np.split(h @ R.T + c, 3, axis=1)
    ...     z = 1 / (1 + np.exp(-x_z - h_z))
    ...     h = z * h + (1 - z) * np.tanh(x_n + h_n / (1 + np.exp(-x_r - h_r)))
    ...     y.append(h)
    >>> found = diagnose([W, R, b, c], x, np.stack(y, axis=1))
    >>> found.verdict, found.explanations[0].readings[0].gates
    ('unique', 'rzh')
    >>> found.layer().config.reset_after
    True
    """
    if precision is not None and precision not in PRECISIONS:
        raise ValueError(
            f"precision is {shown(precision)}, expected one of {', '.join(PRECISIONS)}"
        )
    given = arrays_of(arrays, bits)
    seen = evidence(inputs, outputs, initial_state, bits)
    known = _Known(
        activations.asked(recurrent_activation, "recurrent_activation"),
        activations.asked(activation, "activation"),
    )
    assumed = roundings(
        precision or seen.precision, weights_precision(given), quantised=quantised(given)
    )
    plain = space(given, seen.features, seen.units)
    spots = blind_spots(given, plain, seen) if plain.rows else ()
    searched = 0
    ranked: Ranked = {}
    screened: Screened = {}
    closest: tuple[Fit, _Round] | None = None
    crowded: tuple[str, ...] = ()
    rows = len(seen.alignments[0].x) * seen.alignments[0].x.shape[1]
    for one in _rounds(given, seen, plain, assumed, known):
        searched += 2 * len(one.space.rows) * len(seen.alignments) * len(one.pairs)
        engines = list(_engines(one, seen, ranked, screened))
        found = [engine.search(one.pairs) for engine in engines]
        fits = [fit for some in found for fit in some]
        crowded = crowded or _crowded(engines, one.rounding)
        if explaining(fits, one.rounding.margin, rows):
            hidden = any(spot.in_numbers for spot in spots)
            completed = [
                fit
                for engine, some in zip(engines, found, strict=True)
                for fit in _completed(engine, some, known, degenerate=hidden)
            ]
            kept = explaining(completed, one.rounding.margin, rows)
            outside = _rival(engines, seen, kept, one.rounding, known)
            if outside is None:
                return _diagnosis(given, seen, one, kept, spots, searched)
            best_kept = min(kept, key=lambda fit: fit.typical)
            (rivalled,) = _explanations(given, seen, one, [best_kept])[:1]
            to_check = (outside, *checks(given, seen, best_kept, tried=True))
            return Diagnosis((), one.rounding, spots, to_check, rivalled, searched, (), None)
        best = min(fits, key=lambda fit: fit.typical, default=None)
        if best is not None and (closest is None or best.typical < closest[0].typical):
            closest = best, one
    nearest = None if closest is None else _explanations(given, seen, closest[1], [closest[0]])[0]
    nearby = None if closest is None else closest[0]
    to_check = (*crowded, *checks(given, seen, nearby, tried=bool(plain.rows)))
    named = known != _Known(None, None)
    limits = untried(sequence=seen.sequence is not None, named=named) if plain.rows else ()
    return Diagnosis((), assumed[0], spots, to_check, nearest, searched, limits, None)


def _rounds(
    given: list[Given], seen: Evidence, plain: Space, assumed: list[Rounding], known: _Known
) -> Iterator[_Round]:
    """Yield the parts of the space, what is usual first."""
    if not plain.rows:
        return
    common, usual = _tiers(known)
    most = loosest(assumed)
    for pairs in filter(None, (common, usual)):
        for rounding in assumed:
            yield _Round(plain, rounding, pairs, most)
    if seen.sequence is None:
        # A source that forgets slowly is lost where candidates are thinned out after short runs.
        for rounding in assumed:
            yield _Round(plain, rounding, common, most, thorough=True)
        return
    rare = [
        *known.pairs(activations.COMMON_GATES, activations.ALL),
        *known.pairs(activations.ALL, activations.COMMON_CANDIDATES),
    ]
    tried = {*common, *usual}
    untried = [pair for pair in dict.fromkeys(rare) if pair not in tried]
    yield _Round(plain, assumed[0], untried, assumed[0])
    mixed = space(given, seen.features, seen.units, mixed=True)
    yield _Round(mixed, assumed[-1], common, assumed[-1])


def _tiers(known: _Known) -> tuple[Pairs, Pairs]:
    """Return the pairs that nearly every GRU has, and those of which one is such and one is met."""
    common = known.pairs(activations.COMMON_GATES, activations.COMMON_CANDIDATES)
    usual = [
        *known.pairs(activations.COMMON_GATES, activations.USUAL),
        *known.pairs(activations.USUAL, activations.COMMON_CANDIDATES),
    ]
    return common, [pair for pair in dict.fromkeys(usual) if pair not in common]


def _engines(
    one: _Round, seen: Evidence, ranked: Ranked, screened: Screened
) -> Iterator[Steps | LastState]:
    """Yield a search for each kind of output that the shapes allow."""
    if any(alignment.states is not None for alignment in seen.alignments):
        yield Steps(one.space, seen, one.rounding, one.loosest, screened)
    if any(alignment.states is None for alignment in seen.alignments):
        yield LastState(one.space, seen, one.rounding, ranked, thorough=one.thorough)


def _crowded(engines: Sequence[Steps | LastState], rounding: Rounding) -> tuple[str, ...]:
    """Return a check where a last state tells no layout from another."""
    crowd = max((one.crowd for one in engines if isinstance(one, LastState)), default=0)
    if not crowd:
        return ()
    return (
        f"{crowd:,} readings may fit under {rounding}: this state does not tell them apart; take "
        "the outputs of every step",
    )


def _completed(
    engine: Steps | LastState, fits: list[Fit], known: _Known, *, degenerate: bool
) -> list[Fit]:
    """Return the fits, and those of the other activations: of all readings if that can matter."""
    more = list(fits)
    every = known.pairs(activations.ALL, activations.ALL)
    if degenerate:
        every = known.pairs(activations.USUAL, activations.USUAL)
        for pairs in filter(None, _tiers(known)):
            more += engine.search(pairs)
    inside = [fit.candidate for fit in more if not fit.outside]
    more += engine.among(
        dict.fromkeys(
            one._replace(gates=gates, candidate=candidate, complement=complement)
            for one in inside[:_MOST_VARIED]
            for gates, candidate in every
            if degenerate or gates is one.gates or candidate is one.candidate
            for complement in (False, True)
        )
    )
    return list({fit.candidate: fit for fit in more}.values())


def _rival(
    engines: Sequence[Steps | LastState],
    seen: Evidence,
    kept: list[Fit],
    rounding: Rounding,
    known: _Known,
) -> str | None:
    """Return what to check where something outside the space fits as well, or None."""

    def fit(candidate: Candidate) -> Fit:
        sequence = seen.alignments[candidate.alignment].states is not None
        return next(one for one in engines if isinstance(one, Steps) == sequence).fit(candidate)

    free = known.gates is None, known.candidates is None
    return rival(kept, fit, rounding, free=free)


def _explanations(
    given: list[Given], seen: Evidence, one: _Round, fits: list[Fit]
) -> list[Explanation]:
    groups, _ = functions(one.space, fits, seen)
    double = any(array.precision == "float64" for array in given)
    return [Explanation.of(one.space, views, seen, one.rounding, double=double) for views in groups]


def _diagnosis(
    given: list[Given],
    seen: Evidence,
    one: _Round,
    fits: list[Fit],
    spots: tuple[Any, ...],
    searched: int,
) -> Diagnosis:
    groups, left_out = functions(one.space, fits, seen)
    double = any(array.precision == "float64" for array in given)
    made = [Explanation.of(one.space, views, seen, one.rounding, double=double) for views in groups]
    order = sorted(
        range(len(made)), key=lambda place: (not made[place].known_as, made[place].error)
    )
    reach = max(fit.reach for fit in fits)
    found = probe(one.space, [groups[place][0] for place in order], seen, reach)
    limits = (f"{left_out} more views of the class compared on a probe",) if left_out else ()
    return Diagnosis(
        tuple(made[place] for place in order),
        one.rounding,
        spots,
        (),
        None,
        searched,
        limits,
        found,
    )
