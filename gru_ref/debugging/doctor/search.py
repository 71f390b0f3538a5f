"""`diagnose`: a search of the space from the usual to the rare, until something fits."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from gru_ref.debugging.doctor.advice import BlindSpot, blind_spots, checks, probe, search_limits
from gru_ref.debugging.doctor.classes import explanatory_fits, function_classes, rival
from gru_ref.debugging.doctor.diagnosis import Diagnosis, Explanation
from gru_ref.debugging.doctor.evidence import (
    Evidence,
    UnknownArray,
    evidence,
    holds_bits,
    quantised,
    unknown_arrays,
    weights_precision,
)
from gru_ref.debugging.doctor.precision import PRECISIONS, Rounding, loosest, roundings
from gru_ref.debugging.doctor.reading import View
from gru_ref.debugging.doctor.screening import (
    LastStateSearch,
    Pairs,
    Ranked,
    Screened,
    SequenceSearch,
)
from gru_ref.debugging.doctor.space import (
    ALL,
    COMMON_CANDIDATES,
    COMMON_GATES,
    USUAL,
    Candidate,
    Fit,
    Space,
    named_functions,
    space,
)
from gru_ref.debugging.progress import Interrupted, Progress, unwatched
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


class _KnownActivations(NamedTuple):
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
    x: Any,
    outputs: Any,
    initial_state: Any = None,
    *,
    activation: Any = None,
    recurrent_activation: Any = None,
    precision: str | None = None,
    bits: str | None = None,
    progress: Progress = unwatched,
) -> Diagnosis:
    """Find the layout of arrays from one input of a source and its output.

    Parameters
    ----------
    arrays : mapping of names to arrays, or sequence of arrays
        In any number, shape and order; names are not used. Integer arrays are quantised weights:
        NAME with NAME_scale and perhaps NAME_zero_point, or a pair (array, scale).
    x : (batch, timesteps, features) or (timesteps, batch, features) or (timesteps, features)
        The inputs of the source.
    outputs : array, or (sequence, last state)
        The states of all timesteps, (batch, timesteps, units) or time first; or the last state,
        (batch, units). There may be axes of size 1, such as an axis of directions.
    initial_state : (batch, units), optional
        Zeros by default.
    activation, recurrent_activation : str or list of str, optional
        The possible φ and ρ; by default every elementwise activation of Keras is tried, together
        with a usual one for the other.
    precision : str, optional
        The precision in which the source computed: "float64", "float32", "tensorfloat32", "float16"
        or "bfloat16". By default that in which the outputs are stored.
    bits : "bfloat16" or "float16", optional
        The dtype whose bits uint16 arrays hold.
    progress : callable, optional
        Called before each part of the space with how many are searched; how many there are is not
        known.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        A value is not an array of finite numbers, or the shapes of x and outputs do not fit
        together.
    Interrupted
        A KeyboardInterrupt came. Its `found` is a Diagnosis without explanations: what comes
        closest so far.

    Notes
    -----
    Every step of a sequence is judged separately, from the source's own previous state, so that
    rounding does not accumulate. One gate order is tried for all arrays first, then one for each
    kind of array if nothing fits.

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
    given = unknown_arrays(arrays, bits)
    seen = evidence(x, outputs, initial_state, bits)
    if bits is not None and not holds_bits([arrays, x, outputs, initial_state]):
        raise ValueError(f"bits is {shown(bits)}, expected none: no array is of dtype uint16")
    known = _KnownActivations(
        named_functions(recurrent_activation, "recurrent_activation"),
        named_functions(activation, "activation"),
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
    first_checks: tuple[str, ...] = ()
    rounding = assumed[0]
    named = known != _KnownActivations(None, None)
    limits = search_limits(sequence=seen.sequence is not None, named=named) if plain.rows else ()
    rows = len(seen.alignments[0].x) * seen.alignments[0].x.shape[1]
    interrupted = False
    try:
        for one in _rounds(given, seen, plain, assumed, known):
            progress("layouts", searched, 0)
            engines = _engines(one, seen, ranked, screened)
            found = {kind: engine.search(one.pairs) for kind, engine in engines.items()}
            fits = [fit for some in found.values() for fit in some]
            searched += 2 * len(one.space.rows) * len(seen.alignments) * len(one.pairs)
            best = min(fits, key=lambda fit: fit.typical, default=None)
            if best is not None and (closest is None or best.typical < closest[0].typical):
                closest = best, one
            crowd = max(engine.crowd for engine in engines.values())
            if crowd and not first_checks:
                first_checks = (
                    f"{crowd:,} readings may fit under {one.rounding}: this state does not tell "
                    "them apart; take the outputs of every step",
                )
            if explanatory_fits(fits, one.rounding.margin, rows):
                hidden = any(spot.in_numbers for spot in spots)
                completed = [
                    fit
                    for kind, engine in engines.items()
                    for fit in _complete(engine, found[kind], known, degenerate=hidden)
                ]
                kept = explanatory_fits(completed, one.rounding.margin, rows)
                fit = functools.partial(_fit, engines, seen)
                free = known.gates is None, known.candidates is None
                outside = rival(kept, fit, one.rounding, free=free)
                if outside is None:
                    return _diagnosis(given, seen, one, kept, spots, searched)
                closest = min(kept, key=lambda fit: fit.typical), one
                first_checks, rounding, limits = (outside,), one.rounding, ()
                break
    except KeyboardInterrupt:
        interrupted = True
    nearest_fit, nearest = None, None
    if closest is not None:
        nearest_fit, nearest = closest[0], _closest(given, seen, closest[1], closest[0])
    to_check = (*first_checks, *checks(given, seen, nearest_fit, tried=bool(plain.rows)))
    made = Diagnosis((), rounding, spots, to_check, nearest, searched, limits, None, interrupted)
    if interrupted:
        raise Interrupted(made) from None
    return made


def _rounds(
    given: list[UnknownArray],
    seen: Evidence,
    plain: Space,
    assumed: list[Rounding],
    known: _KnownActivations,
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
        *known.pairs(COMMON_GATES, ALL),
        *known.pairs(ALL, COMMON_CANDIDATES),
    ]
    tried = {*common, *usual}
    remaining = [pair for pair in dict.fromkeys(rare) if pair not in tried]
    yield _Round(plain, assumed[0], remaining, assumed[0])
    mixed = space(given, seen.features, seen.units, mixed=True)
    yield _Round(mixed, assumed[-1], common, assumed[-1])


def _tiers(known: _KnownActivations) -> tuple[Pairs, Pairs]:
    """Return the pairs that nearly every GRU has, and those of which one is such and one is met."""
    common = known.pairs(COMMON_GATES, COMMON_CANDIDATES)
    usual = [
        *known.pairs(COMMON_GATES, USUAL),
        *known.pairs(USUAL, COMMON_CANDIDATES),
    ]
    return common, [pair for pair in dict.fromkeys(usual) if pair not in common]


# The search for sequences, and that for last states.
_Engines = dict[bool, SequenceSearch | LastStateSearch]


def _engines(one: _Round, seen: Evidence, ranked: Ranked, screened: Screened) -> _Engines:
    """Return a search for each kind of output that the shapes allow."""
    engines: _Engines = {}
    kinds = {alignment.is_sequence for alignment in seen.alignments}
    if True in kinds:
        engines[True] = SequenceSearch(one.space, seen, one.rounding, one.loosest, screened)
    if False in kinds:
        engines[False] = LastStateSearch(
            one.space, seen, one.rounding, ranked, thorough=one.thorough
        )
    return engines


def _fit(engines: _Engines, seen: Evidence, candidate: Candidate) -> Fit:
    """Return the fit of a candidate."""
    return engines[seen.alignments[candidate.alignment].is_sequence].fit(candidate)


def _complete(
    engine: SequenceSearch | LastStateSearch,
    fits: list[Fit],
    known: _KnownActivations,
    *,
    degenerate: bool,
) -> list[Fit]:
    """Return the fits, and those of the other activations: of all readings if that can matter."""
    more = list(fits)
    every = known.pairs(ALL, ALL)
    if degenerate:
        every = known.pairs(USUAL, USUAL)
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


def _explanations(
    given: list[UnknownArray], seen: Evidence, one: _Round, fits: list[Fit]
) -> tuple[list[tuple[Explanation, View]], int]:
    """Return what fits explain, each with one of its views, and how many views are left out."""
    groups, left_out = function_classes(one.space, fits, seen)
    double = any(array.precision == "float64" for array in given)
    made = [
        (
            Explanation.from_views(one.space, views, seen, one.rounding, double=double),
            views[0],
        )
        for views in groups
    ]
    return made, left_out


def _closest(given: list[UnknownArray], seen: Evidence, one: _Round, fit: Fit) -> Explanation:
    """Return the explanation that one fit is, or the first of several."""
    (made, *_), _left_out = _explanations(given, seen, one, [fit])
    return made[0]


def _diagnosis(
    given: list[UnknownArray],
    seen: Evidence,
    one: _Round,
    fits: list[Fit],
    spots: tuple[BlindSpot, ...],
    searched: int,
) -> Diagnosis:
    made, left_out = _explanations(given, seen, one, fits)
    made.sort(key=lambda pair: (not (pair[0].is_keras or pair[0].known_as), pair[0].error))
    explanations = tuple(explanation for explanation, _ in made)
    reach = max(fit.reach for fit in fits)
    found = probe(one.space, [view for _, view in made], seen, reach)
    limits = (f"{left_out} more views of the class compared on a probe",) if left_out else ()
    return Diagnosis(explanations, one.rounding, spots, (), None, searched, limits, found)
