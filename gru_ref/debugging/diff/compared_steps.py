"""The numbers of every step beside those of another implementation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.step_replay import FINAL, ForeignSteps, Schedule, Verdict

Array = NDArray[Any]


class ComparedSteps(NamedTuple):
    """What `diff` compared, timesteps first, in processing order.

    Each mapping has the names z, r, candidate, h and output, as far as they are known, with
    (timesteps, batch, units) of float64 each. `expected` is computed from their own previous state.

    Parameters
    ----------
    timestep : (timesteps,), int
        The index of each in the input.
    used : (timesteps, batch), bool
        False where the step is masked.
    theirs : mapping
        The output is there as h where the states are not known separately.
    expected, bound : mapping
        z, r and candidate are there also where `theirs` has none.
    ratio : mapping
        |theirs − expected| / bound, 0 where nothing is known. "final state" is there too if it is
        given in addition: see `Verdict`.
    """

    timestep: Array
    used: Array
    theirs: Mapping[str, Array]
    expected: Mapping[str, Array]
    bound: Mapping[str, Array]
    ratio: Mapping[str, Array]

    @classmethod
    def of(cls, found: Verdict, theirs: ForeignSteps, plan: Schedule) -> ComparedSteps:
        """Return the steps of a verdict."""
        count = len(found.ratio["h"])  # fewer than all if a search was interrupted
        expected = {name: made for name, made in found.expected.items() if name != FINAL}
        given = {
            **theirs.gates,
            "h": theirs.output if theirs.h is None else theirs.h,
            "output": None if theirs.h is None else theirs.output,
        }
        return cls(
            plan.timestep[:count],
            np.asarray(plan.used[:count].any(axis=2)),
            {name: array[:count] for name, array in given.items() if array is not None},
            {name: made.value for name, made in expected.items()},
            {name: made.bound for name, made in expected.items()},
            found.ratio,
        )

    @property
    def worst(self) -> Array:
        """The largest ratio of each number of a state, (timesteps, batch, units)."""
        worst: Array = np.maximum.reduce(list(self.ratio.values()))
        return worst

    @property
    def finite(self) -> Array:
        """Where all of their numbers are finite, (timesteps, batch, units)."""
        finite: Array = np.logical_and.reduce([np.isfinite(one) for one in self.theirs.values()])
        return finite

    @property
    def worst_place(self) -> tuple[int, int, int]:
        """The position, the row and the unit of the largest ratio."""
        position, row, unit = np.unravel_index(int(self.worst.argmax()), self.worst.shape)
        return int(position), int(row), int(unit)
