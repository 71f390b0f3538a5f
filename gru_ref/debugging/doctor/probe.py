"""An input that tells the functions of a class apart, and by how much."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor.evidence import Evidence
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array
from gru_ref.debugging.doctor.views import View, difference, output

_SCALES = (0.3, 1.0, 3.0)
_TIMESTEPS = 4
_MOST = 40


class Probe(NamedTuple):
    """An input, and what it would show.

    Parameters
    ----------
    inputs : in the axes of the inputs that were handed over, float32
    separation : float
        The outputs of any two of the functions that it tells apart differ by this much somewhere.
    undecided : int
        Pairs of functions that it does not tell apart.
    """

    inputs: Array
    separation: float
    undecided: int


def probe(space: Space, views: Sequence[View], evidence: Evidence, reach: float) -> Probe | None:
    """Return the best of some random inputs; None where there is nothing to tell apart.

    Parameters
    ----------
    views : one of each function
    reach : float
        What rounding may do to an output: a difference has to be larger.
    """
    if len(views) < 2:
        return None
    rng = np.random.default_rng(2)
    best: Probe | None = None
    for scale in _SCALES:
        x = rng.normal(scale=scale, size=_shape(evidence)).astype(np.float32)
        made = [output(space, view, x.astype(np.float64), None) for view in views[:_MOST]]
        distances = [difference(one, other) for one, other in itertools.combinations(made, 2)]
        apart = [distance for distance in distances if distance > 2 * reach]
        found = Probe(x, min(apart, default=0.0), len(distances) - len(apart))
        if best is None or (-found.undecided, found.separation) > (
            -best.undecided,
            best.separation,
        ):
            best = found
    return best


def _shape(evidence: Evidence) -> tuple[int, ...]:
    """Return the shape of the inputs, of more timesteps where there were few."""
    shape = list(evidence.x.shape)
    if evidence.x.ndim == 2:
        return (max(shape[0], _TIMESTEPS), shape[1])
    majors = {t.time_major for one in evidence.alignments for t in one.timings}
    axes = [0 if major else 1 for major in majors]
    for axis in axes:
        shape[axis] = max(shape[axis], _TIMESTEPS)
    if len(shape) == 3 and len(axes) == 2 and shape[0] == shape[1]:
        shape[1] += 1  # so that the output shows which axis is time
    return tuple(shape)
