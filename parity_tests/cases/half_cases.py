"""The cases of the half types: the rows of `matrix.halves` in each of the four dtypes."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import ml_dtypes

from parity_tests.cases import covering, sweeps
from parity_tests.cases.sweeps import USUAL, Case
from parity_tests.matrix import halves
from parity_tests.oracles import codec

# Arrays of bfloat16 that a worker sends are to stay that.
codec.take_dtype(ml_dtypes.bfloat16)


def expand(sweep: str, oracle: str) -> tuple[Case, ...]:
    """Return the cases of a sweep; none if it is not one of the oracle's."""
    return tuple(case for case in known(oracle).values() if case.sweep == sweep)


def find(oracle: str, case_id: str) -> Case:
    """Return the case of an id."""
    return known(oracle)[case_id]


def shows_mistakes(case: Case) -> bool:
    """Return whether the mistakes of people who port a GRU are tried on this case too."""
    one_of = halves.SWEEPS[case.sweep]["mistakes_in_one_of"]
    return sweeps.drawn(case.id, "mistakes") % one_of == 0


@functools.lru_cache
def known(oracle: str) -> dict[str, Case]:
    """Return every case of an oracle by its id, in the order of the sweeps."""
    found: dict[str, Case] = {}
    for sweep in halves.SWEEPS:
        for case in _expanded(sweep, oracle):
            found.setdefault(case.id, case)
    return found


def _expanded(sweep: str, oracle: str) -> Iterator[Case]:
    row = halves.SWEEPS[sweep]
    if oracle not in row["oracles"]:
        return
    sizes = USUAL._replace(timesteps=row.get("timesteps", USUAL.timesteps))
    axes = covering.axes_of(oracle, row["fixed"])
    rows = covering.covering_rows(axes, row["strength"], covering.impossible_of(oracle))
    for lane in row["lanes"]:
        for dtype in halves.DTYPES:
            for levels in rows:
                exact = lane == "exact"
                activations = halves.EXACT_ACTIVATIONS if exact else ("tanh", "sigmoid")
                yield Case(oracle, lane, levels, *activations, dtype, sizes, sweep)
