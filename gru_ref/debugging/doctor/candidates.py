"""A hypothesis in full, and how well it was found to fit."""

from __future__ import annotations

from typing import NamedTuple

from gru_ref.debugging.doctor.space import Row
from gru_ref.keras.activations.tables import Function


class Candidate(NamedTuple):
    """A reading of the arrays, of time and of the formula.

    Parameters
    ----------
    row : Row
    alignment : int
        A place in the evidence's alignments.
    gates, candidate : the two activations
    complement : bool
        z is the share of the candidate, not of the old state.
    reset : the activation of r, where it is not that of z
    """

    row: Row
    alignment: int
    gates: Function
    candidate: Function
    complement: bool
    reset: Function | None = None


class Fit(NamedTuple):
    """How far a candidate is from the outputs, in standard deviations of rounding.

    Parameters
    ----------
    candidate : Candidate
    largest, typical : float
        The largest residual and the root mean square.
    outputs : int
        How many outputs were compared.
    reach : float
        The root mean square of what the margin lets an output be off.
    outside : tuple of int
        Timesteps, in processing order, of which some output is outside the margin.
    """

    candidate: Candidate
    largest: float
    typical: float
    outputs: int
    reach: float
    outside: tuple[int, ...]
