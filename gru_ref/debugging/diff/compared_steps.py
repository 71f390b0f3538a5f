"""The numbers of every step beside those of another implementation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.debugging.bounds.step_bounds import Bounded
from gru_ref.debugging.bounds.step_replay import FINAL, GATES, Replay, StepModel, Verdict

Array = NDArray[Any]


class _Expected:
    """What is expected, by name; gates that theirs has none of are computed when asked for."""

    def __init__(self, found: Verdict, replay: Replay, model: StepModel) -> None:
        self._known = {name: made for name, made in found.expected.items() if name != FINAL}
        self._replay, self._model = replay, model
        self.names = (*GATES, *(name for name in ("h", "output") if name in self._known))

    def of(self, name: str) -> Bounded:
        """Return the numbers of one name."""
        if name in self.names and name not in self._known:
            self._known = {**self._replay.gates(self._model), **self._known}
        return self._known[name]


class _Numbers(Mapping[str, Array]):
    """The values of what is expected, or the bounds."""

    def __init__(self, expected: _Expected, field: str) -> None:
        self._expected, self._field = expected, field

    def __getitem__(self, name: str) -> Array:
        array: Array = getattr(self._expected.of(name), self._field)
        return array

    def __contains__(self, name: object) -> bool:
        return name in self._expected.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._expected.names)

    def __len__(self) -> int:
        return len(self._expected.names)


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
        z, r and candidate are there also where `theirs` has none; those are computed when the
        first of them is read.
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
    def of(cls, found: Verdict, replay: Replay, model: StepModel) -> ComparedSteps:
        """Return the steps of a verdict, on all timesteps of a replay by a model."""
        plan, theirs = replay.plan, replay.theirs
        expected = _Expected(found, replay, model)
        given = {
            **theirs.gates,
            "h": theirs.output if theirs.h is None else theirs.h,
            "output": None if theirs.h is None else theirs.output,
        }
        return cls(
            plan.timestep,
            np.asarray(plan.used.any(axis=2)),
            {name: array for name, array in given.items() if array is not None},
            _Numbers(expected, "value"),
            _Numbers(expected, "bound"),
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
