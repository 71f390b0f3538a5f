"""The precisions in which a source may have computed, and the margins measured for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.float_format import ROUNDOFFS

Array = NDArray[Any]


class Precision(NamedTuple):
    """One precision, with the margin that was measured for it.

    Parameters
    ----------
    roundoff : float
        Unit roundoff: the largest relative error of one rounding.
    largest : float
        The largest residual of a correct source, in standard deviations of the model of rounding
        in `gru_ref.debugging.doctor.computation`. An explanation stays below it in every output.
    typical : float
        The same for the root mean square of the residuals of many outputs.
    """

    roundoff: float
    largest: float
    typical: float

    def typical_of(self, outputs: int) -> float:
        """Return the limit of the root mean square of this many residuals: few scatter more.

        Examples
        --------
        >>> [round(PRECISIONS["bfloat16"].typical_of(outputs), 1) for outputs in (3, 50, 10_000)]
        [1.9, 1.1, 0.7]
        """
        return self.typical * math.sqrt(1 + _SIGMAS * math.sqrt(2 / outputs))


# So many standard deviations of chance does the mean square of residuals lie below its margin.
_SIGMAS = 8.0
# The largest residuals of 400 honest sources of the doctor's trials were 3.3 and, as root
# mean square of 50 outputs and more, 0.65; those of live PyTorch and ONNX Runtime 3.1 and 0.63. A
# coarse precision needs the narrow margin: what is outside the space lies a few roundings away.
_LOW = (6.0, 0.7)
_HIGH = (8.0, 2.2)
PRECISIONS: Mapping[str, Precision] = {
    "float64": Precision(ROUNDOFFS["float64"], *_HIGH),
    "float32": Precision(ROUNDOFFS["float32"], *_HIGH),
    "tensorfloat32": Precision(ROUNDOFFS["float16"], *_HIGH),  # it has float16's significand
    "float16": Precision(ROUNDOFFS["float16"], *_LOW),
    "bfloat16": Precision(ROUNDOFFS["bfloat16"], *_LOW),
}
# A root mean square below this is luck, or a model that allows too much: no source is told from
# another by it. The smallest of those honest sources was 0.18.
LEAST_TYPICAL = 0.25
HALVES = ("float16", "bfloat16")


class Rounding(NamedTuple):
    """An assumption about a source's rounding; stricter ones are tried first.

    Parameters
    ----------
    precision : str
        The precision in which it computed.
    weights : float
        The relative rounding of the given weights, if the source had finer ones.
    quantised_weights : bool
        The source used the weights from before they were quantised.
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
        """The margin of the precision; a narrow one if the weights are off as well."""
        found = PRECISIONS[self.precision]
        return Precision(found.roundoff, *_LOW) if self.coarse else found

    @property
    def coarse(self) -> bool:
        """Whether rounding may hide that a computation is outside the space."""
        return self.precision in HALVES or self.weights > 0 or self.quantised_weights

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
    """Return the possible assumptions about a source, the strictest first.

    Parameters
    ----------
    outputs, weights : str
        The precisions in which the outputs and the weights are stored.
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
    """Return an assumption about rounding that allows everything that one of these allows.

    Parameters
    ----------
    assumed : sequence of Rounding, at least one, all of the same precision

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


def storage_precision(values: Array) -> str:
    """Return the coarsest precision that holds every value exactly.

    Examples
    --------
    >>> storage_precision(np.float32([0.1, 0.2])), storage_precision(np.array([0.5, 0.25]))
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
    """Return the precision with the largest roundoff.

    Examples
    --------
    >>> coarsest(["float32", "bfloat16", "float64"])
    'bfloat16'
    """
    return max(names, key=lambda name: (PRECISIONS[name].roundoff, name))
