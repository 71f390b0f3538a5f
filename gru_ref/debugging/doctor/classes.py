"""The fits that explain the outputs, those that are one function, and decoys that fit as well.

Coarse rounding hides small differences, so the closest layout may be within the margin although the
source was something else. Formulas close to a GRU's are known and are tried too: if such a decoy
fits as well as a layout, no layout is claimed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gru_ref.debugging.doctor.evidence import Evidence
from gru_ref.debugging.doctor.precision import LEAST_TYPICAL, Array, Precision, Rounding
from gru_ref.debugging.doctor.reading import View, difference, output
from gru_ref.debugging.doctor.space import COMMON_GATES, Candidate, Fit, Space, function_name
from gru_ref.keras.activations.tables import Function

# So many standard deviations of chance lie between a fit and one that it rules out.
_SIGMAS = 6.0
# Errors of weights are the same at every step: so many outputs count as one, at least.
_ALIKE = 10
# Two functions whose outputs differ by less are the same.
_SAME = 1e-9
_MOST_VIEWS = 200
# Inputs, and the states they start from, on which functions are compared.
_SCALES = ((1.0, 1.0), (10.0, 1.0), (1e-2, 1e-2), (1e-4, 1e-4))


def explanatory_fits(fits: Sequence[Fit], margin: Precision, rows: int) -> list[Fit]:
    """Return the fits that explain the outputs and that no better one rules out.

    A fit explains them if every output, and the root mean square, is within the margin. Of two such
    fits, the worse one is ruled out if chance cannot make the true one fit so much worse.

    Parameters
    ----------
    rows : int
        Timesteps times batch: the number of outputs that share the errors of the weights.
    """
    within = [
        fit
        for fit in fits
        if fit.largest <= margin.largest and fit.typical <= margin.typical_of(fit.outputs)
    ]
    if not within:
        return []
    best = min(within, key=lambda fit: fit.typical)
    chance = 1 + _SIGMAS**2 * (_ALIKE + rows) / best.outputs
    bound = chance * max(best.typical, LEAST_TYPICAL) ** 2
    return [fit for fit in within if fit.typical**2 <= bound]


def function_classes(
    space: Space, fits: Sequence[Fit], evidence: Evidence
) -> tuple[list[list[View]], int]:
    """Return the views of the fits, grouped so that no input can tell those of a group apart.

    Returns
    -------
    groups : list of lists of View
    left_out : int
        The number of views that were not compared because there were too many.
    """
    views = [
        View(fit, timing)
        for fit in fits
        for timing in evidence.alignments[fit.candidate.alignment].timings
    ]
    inputs = trial_inputs(evidence)
    groups: list[tuple[list[Array], list[View]]] = []
    for view in views[:_MOST_VIEWS]:
        made = [output(space, view, x, state) for x, state in inputs]
        for known, members in groups:
            if all(map(_are_equal, made, known)):
                members.append(view)
                break
        else:
            groups.append((made, [view]))
    return [members for _, members in groups], max(0, len(views) - _MOST_VIEWS)


def trial_inputs(evidence: Evidence) -> list[tuple[Array, Array]]:
    """Return random inputs in the axes of the evidence's, with initial states.

    Some are so small that large weights do not saturate the gates, which would hide differences.
    """
    rng = np.random.default_rng(1)
    found = []
    for scale, size in _SCALES:
        lead = (4,) if evidence.x.ndim == 2 else (2, 3)
        x = rng.normal(scale=scale, size=(*lead, evidence.features))
        found.append((x, rng.normal(scale=size, size=(1, evidence.units))))
    return found


def _are_equal(one: Array, other: Array) -> bool:
    size = max(1.0, float(np.nanmax(np.abs(one), initial=0.0)))
    return difference(one, other) <= _SAME * size


# The best layouts whose neighbours are tried.
_MOST_LAYOUTS = 4
# A decoy is ruled out if the sum of the squares of its residuals is larger by so many variances:
# independent residuals of a true decoy come to that in one of 400 runs, wherever it lies.
_RULED_OUT = 8.0


def _arctan(x: Array) -> Array:
    made: Array = np.arctan(x)
    return made


def _scaled_tanh(x: Array) -> Array:
    made: Array = 1.7159 * np.tanh(2 / 3 * x)
    return made


def _error_function(x: Array) -> Array:
    """Return what is within 0.001 of erf(x √π / 2), whose slope at zero is that of tanh."""
    made: Array = np.tanh(x + 0.0724 * x**3)
    return made


def _hard_quarter(x: Array) -> Array:
    made: Array = np.clip(0.25 * x + 0.5, 0, 1)
    return made


# Candidates' activations that no Keras has, and gates'.
_CANDIDATES: dict[Function, str] = {
    _arctan: "arctan",
    _scaled_tanh: "1.7159 tanh(2x/3)",
    _error_function: "erf",
}
_GATES: dict[Function, str] = {_hard_quarter: "a hard sigmoid of slope 1/4"}


def rival(
    fits: Sequence[Fit],
    fit: Callable[[Candidate], Fit],
    rounding: Rounding,
    *,
    free: tuple[bool, bool],
) -> str | None:
    """Return a check that names a decoy that fits as well as the best layouts, or None.

    Parameters
    ----------
    fits : sequence of Fit
        The fits that explain the outputs.
    fit : callable
        Returns the fit of a candidate.
    rounding : Rounding
        The assumption; only with a coarse one can a decoy come close.
    free : (bool, bool)
        Whether the recurrent_activation and the activation are unknown: one that the user has named
        has no decoys.
    """
    if not rounding.coarse:
        return None
    ordered = sorted(fits, key=lambda one: one.typical)[:_MOST_LAYOUTS]
    for one in ordered:
        for decoy, words in _decoys(one.candidate, *free):
            if _fits_as_well(fit(decoy), ordered[0]):
                return (
                    f"{words} fits as well as the closest layout, and is no layout: {rounding} "
                    "leaves too little to tell; take finer outputs, or say what activation and "
                    "recurrent_activation are"
                )
    return None


def _fits_as_well(decoy: Fit, best: Fit) -> bool:
    if best.typical <= LEAST_TYPICAL:  # closer than rounding lets it be: nothing fits better
        return False
    more = decoy.typical**2 - best.typical**2
    return more * best.outputs < _RULED_OUT * best.typical**2


def _decoys(
    one: Candidate, any_gates: bool, any_candidate: bool
) -> Iterator[tuple[Candidate, str]]:
    """Yield what is close to a candidate, and its name."""
    if any_gates:
        for z, r in itertools.permutations(COMMON_GATES, 2):
            yield (
                one._replace(gates=z, reset=r),
                f"z by {function_name(z)} and r by {function_name(r)}",
            )
        for function, words in _GATES.items():
            yield one._replace(gates=function), f"the gates by {words}"
    if any_candidate:
        for function, words in _CANDIDATES.items():
            yield one._replace(candidate=function), f"the candidate by {words}"
