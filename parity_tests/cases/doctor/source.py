"""What a source of the trials is: arrays under names of its own, and a step in its own letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from parity_tests.cases.doctor.arithmetic import Rounder

Array = Any
Arrays = dict[str, Array]
# (arithmetic, arrays, x (B, F), h (B, U)) → the new state
Step = Callable[[Rounder, Arrays, Array, Array], Array]


class RuntimeGRU(NamedTuple):
    """A runtime's GRU.

    Parameters
    ----------
    shapes : mapping of names to shapes
    step : Step
    """

    shapes: Mapping[str, tuple[int, ...]]
    step: Step


class Options(NamedTuple):
    """What a trial draws for a source; each takes what it has."""

    bias: bool
    reset_after: bool
    gates: str
    candidate: str


Maker = Callable[[int, int, Options], RuntimeGRU]
