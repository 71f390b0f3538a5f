"""Which fits explain the outputs, and which of those are one function said in several ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_ref.debugging.doctor.candidates import Fit
from gru_ref.debugging.doctor.evidence import Evidence
from gru_ref.debugging.doctor.precision import LEAST_TYPICAL, Precision
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array
from gru_ref.debugging.doctor.views import View, difference, output

# So many standard deviations of chance lie between a fit and one that it rules out.
_SIGMAS = 6.0
# Errors of weights are the same at every step: so many outputs count as one, at least.
_ALIKE = 10
# Two functions whose outputs differ by less are the same.
_SAME = 1e-9
_MOST = 200
# Inputs, and the states they start from, on which functions are compared.
_SCALES = ((1.0, 1.0), (10.0, 1.0), (1e-2, 1e-2), (1e-4, 1e-4))


def explaining(fits: Sequence[Fit], margin: Precision, rows: int) -> list[Fit]:
    """Return the fits that explain the outputs and that no better one rules out.

    A fit explains them if every output is within the margin, and the root mean square as well. Of
    two that do, the worse one is ruled out if chance cannot make the true one fit so much worse.

    Parameters
    ----------
    rows : int
        Timesteps times batch: outputs that share the errors of the weights.
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


def functions(
    space: Space, fits: Sequence[Fit], evidence: Evidence
) -> tuple[list[list[View]], int]:
    """Return the views of the fits, those together that no input can tell apart.

    Returns
    -------
    groups : list of lists of View
    left_out : int
        How many views were too many to be compared.
    """
    views = [
        View(fit, timing)
        for fit in fits
        for timing in evidence.alignments[fit.candidate.alignment].timings
    ]
    inputs = trial_inputs(evidence)
    groups: list[tuple[list[Array], list[View]]] = []
    for view in views[:_MOST]:
        made = [output(space, view, x, state) for x, state in inputs]
        for known, members in groups:
            if all(map(_same, made, known)):
                members.append(view)
                break
        else:
            groups.append((made, [view]))
    return [members for _, members in groups], max(0, len(views) - _MOST)


def trial_inputs(evidence: Evidence) -> list[tuple[Array, Array]]:
    """Return random inputs in the axes of the evidence's, with initial states.

    Some are so small that large weights do not saturate the gates, and hide what else there is.
    """
    rng = np.random.default_rng(1)
    found = []
    for scale, size in _SCALES:
        lead = (4,) if evidence.x.ndim == 2 else (2, 3)
        x = rng.normal(scale=scale, size=(*lead, evidence.features))
        found.append((x, rng.normal(scale=size, size=(1, evidence.units))))
    return found


def _same(one: Array, other: Array) -> bool:
    size = max(1.0, float(np.nanmax(np.abs(one), initial=0.0)))
    return difference(one, other) <= _SAME * size
