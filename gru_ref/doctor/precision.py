"""Precisions a source may have computed in, and how far honest rounding takes it from float64."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Precision(NamedTuple):
    """One precision, and the margin measured for it.

    Parameters
    ----------
    roundoff : float
        Unit roundoff: the largest relative error of one rounding.
    largest : float
        The largest residual of an honest source, in standard deviations of the model of rounding
        in `gru_ref.doctor.steps`. An explanation stays below it in every output.
    typical : float
        The same for the root mean square of all residuals.
    """

    roundoff: float
    largest: float
    typical: float


# The largest residuals that 280 honest sources of parity_tests.doctor_trials showed are 6.3 and
# 1.7: the margins are 2.3 times those and more.
PRECISIONS: Mapping[str, Precision] = {
    "float64": Precision(2.0**-53, 16.0, 4.0),
    "float32": Precision(2.0**-24, 16.0, 4.0),
    "tensorfloat32": Precision(2.0**-11, 16.0, 4.0),
    "float16": Precision(2.0**-11, 16.0, 4.0),
    "bfloat16": Precision(2.0**-8, 16.0, 4.0),
}
HALVES = ("float16", "bfloat16")


class Rounding(NamedTuple):
    """What is assumed of a source's rounding; the stricter ones are tried first.

    Parameters
    ----------
    precision : str
        What it computed in.
    weights : float
        The relative rounding of the weights handed over, where the source had finer ones.
    quantised_weights : bool
        Likewise: the source had the weights from before they were quantised.
    quantised_activations : bool
        Inputs and states enter the products in 8 bits, as in dynamic quantisation.
    narrow_sums : bool
        Products are summed in the precision itself, not in float32.
    """

    precision: str
    weights: float = 0.0
    quantised_weights: bool = False
    quantised_activations: bool = False
    narrow_sums: bool = False

    @property
    def margin(self) -> Precision:
        """The precision's margin."""
        return PRECISIONS[self.precision]

    def __str__(self) -> str:
        assumed = [
            text
            for holds, text in (
                (self.weights, "weights rounded afterwards"),
                (self.quantised_weights, "weights quantised afterwards"),
                (self.quantised_activations, "activations in 8 bits"),
                (self.narrow_sums, f"sums in {self.precision}"),
            )
            if holds
        ]
        return ", ".join([self.precision, *assumed])


def roundings(outputs: str, weights: str, *, quantised: bool) -> list[Rounding]:
    """Return what may be assumed of a source, the strictest first.

    Parameters
    ----------
    outputs, weights : str
        The precisions that the outputs and the weights are stored in.
    quantised : bool
        Whether there are integer weights.

    Examples
    --------
    >>> [str(one) for one in roundings("float32", "float16", quantised=False)]
    ['float32', 'float32, weights rounded afterwards']
    """
    first = Rounding(outputs)
    found = [first]
    if outputs in HALVES:
        found.append(first._replace(narrow_sums=True))
    if quantised:
        found.append(first._replace(quantised_weights=True))
        found.append(found[-1]._replace(quantised_activations=True))
    elif PRECISIONS[weights].roundoff > PRECISIONS[outputs].roundoff:
        found.append(first._replace(weights=PRECISIONS[weights].roundoff))
    return found


def loosest(assumed: Sequence[Rounding]) -> Rounding:
    """Return an assumption on rounding that allows whatever one of these allows.

    Parameters
    ----------
    assumed : sequence of Rounding, one at least, all of one precision

    Examples
    --------
    >>> str(loosest(roundings("float16", "float16", quantised=True)))
    'float16, weights quantised afterwards, activations in 8 bits, sums in float16'
    """
    return Rounding(
        assumed[0].precision,
        weights=max(one.weights for one in assumed),
        quantised_weights=any(one.quantised_weights for one in assumed),
        quantised_activations=any(one.quantised_activations for one in assumed),
        narrow_sums=any(one.narrow_sums for one in assumed),
    )


def stored_in(values: Array) -> str:
    """Return the coarsest precision that holds every value exactly.

    Examples
    --------
    >>> stored_in(np.float32([0.1, 0.2])), stored_in(np.array([0.5, 0.25]))
    ('float32', 'bfloat16')
    """
    found = "float64"
    as_float = values.astype(np.float32)
    if not np.array_equal(as_float, values):
        return found
    with np.errstate(over="ignore"):
        in_float16 = np.array_equal(as_float.astype(np.float16), as_float)
    in_bfloat16 = not (np.ascontiguousarray(as_float).view(np.uint32) & 0xFFFF).any()
    return "bfloat16" if in_bfloat16 else "float16" if in_float16 else "float32"


def coarsest(names: Iterable[str]) -> str:
    """Return the precision of the largest roundoff.

    Examples
    --------
    >>> coarsest(["float32", "bfloat16", "float64"])
    'bfloat16'
    """
    return max(names, key=lambda name: (PRECISIONS[name].roundoff, name))
