"""Screens witnesses of several cases of one layer at once: what differs is an axis of variants.

The arrays of one witness are so small that the time goes into calling NumPy, not into its sums.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from parity_tests.cases.draws import Witness, WitnessCall
from parity_tests.cases.screening import Trajectory, simulate
from parity_tests.cases.sweeps import Case

Masks = Sequence[Mapping[str, Any]]


class Screening(NamedTuple):
    """What `screening.simulate` takes of one case: the variants' number is that of the kernels."""

    case: Case
    variants: Witness
    dropout_masks: Masks


def simulate_each(runs: Sequence[Screening]) -> list[Trajectory]:
    """Return what `screening.simulate` returns of each run; their cases are of one layer.

    Runs go together that are given the same arrays, of the same shapes but for the number of
    variants. Masks may differ: where one run has a mask and another has none, its mask is all True.
    """
    together: dict[Any, list[int]] = {}
    for number, run in enumerate(runs):
        together.setdefault(_shapes(run), []).append(number)
    found: dict[int, Trajectory] = {}
    for numbers in together.values():
        first, *others = (runs[number] for number in numbers)
        if others:
            counts = [len(runs[number].variants.kernel) for number in numbers]
            whole = _simulate(_join([first, *others]))
            found.update(zip(numbers, _split(whole, counts), strict=True))
        else:
            found[numbers[0]] = _simulate(first)
    return [found[number] for number in range(len(runs))]


def _simulate(run: Screening) -> Trajectory:
    return simulate(run.case, run.variants, run.dropout_masks, len(run.variants.kernel))


def _shapes(run: Screening) -> Any:
    """Return what has to agree between runs that go together."""
    given = [call != "reset" and call.initial_state is not None for call in run.variants.calls]
    dropped = [
        tuple((name, mask.shape[1:]) for name, mask in call.items() if mask is not None)
        for call in run.dropout_masks
    ]
    return *given, *dropped


def _join(runs: Sequence[Screening]) -> Screening:
    """Return one run of the variants of all."""
    counts = [len(run.variants.kernel) for run in runs]

    def join(arrays: Iterable[np.ndarray | None]) -> np.ndarray | None:
        present = [array for array in arrays if array is not None]
        return np.concatenate(present) if present else None

    def join_repeated(arrays: Iterable[np.ndarray]) -> np.ndarray:
        return np.concatenate(
            [
                np.broadcast_to(array, (count, *array.shape[1:]))
                for array, count in zip(arrays, counts, strict=True)
            ]
        )

    def join_calls(calls: Sequence[Any]) -> Any:
        if calls[0] == "reset":
            return "reset"
        masks = [call.mask for call in calls]
        if any(mask is not None for mask in masks):
            shape = next(mask.shape for mask in masks if mask is not None)
            masks = [np.ones(shape, bool) if mask is None else mask for mask in masks]
            mask = join_repeated(mask[np.newaxis] for mask in masks)
        else:
            mask = None
        x, states = (join(getattr(call, name) for call in calls) for name in ("x", "initial_state"))
        return WitnessCall(x, states, mask, calls[0].training)

    witnesses = [run.variants for run in runs]
    weights = (
        join(getattr(witness, name) for witness in witnesses)
        for name in ("kernel", "recurrent_kernel", "bias")
    )
    calls = tuple(map(join_calls, zip(*(witness.calls for witness in witnesses), strict=True)))
    masks = [
        {
            name: join_repeated(call[name] for call in each)
            for name, mask in each[0].items()
            if mask is not None
        }
        for each in zip(*(run.dropout_masks for run in runs), strict=True)
    ]
    return Screening(runs[0].case, Witness(*weights, calls), masks)


def _split(whole: Trajectory, counts: Sequence[int]) -> list[Trajectory]:
    """Return the trajectories of the runs that were joined."""
    ends = list(itertools.accumulate(counts))
    slices = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    return [
        Trajectory(
            [[array[part] for array in call] for call in whole.outputs],
            whole.largest[part],
            whole.smallest[part],
            whole.finest[part],
        )
        for part in slices
    ]
