"""BOUNDS: how far gru_ref may be from live Keras, in eps of the lane's dtype, and why.

An error is relative to max(1, |expected|). Exactly one row matches a case; `measured` is the worst
error seen over the whole sweep, on processors with AVX-512 and without. A tolerance above zero is
there because matrix products sum in another order and the two libraries round exp and tanh
differently, never because a case failed.
"""

from __future__ import annotations

from typing import NamedTuple


class Bound(NamedTuple):
    """One row: whose cases it holds for, the bound, the worst error measured, and the reason.

    `activations` are those of which a case needs one, or "any"; `without` those it must not have.
    """

    name: str
    lane: str
    sweeps: tuple[str, ...]
    activations: tuple[str, ...]
    without: tuple[str, ...]
    eps: float
    measured: float
    reason: str


# A toleranced lane reveals a mistake only where its error is ten times what the lane allows.
MARGIN = 10.0

ANY = ("any",)
# A gate of exponential exceeds 1, one of log_softmax is negative without limit: the state grows,
# and rounding with it.
GROWING = ("exponential", "log_softmax")
LAYERS = ("activation-layers",)
PAIRS = ("activation-pairs",)

BOUNDS: tuple[Bound, ...] = (
    Bound("exact", "exact", ANY, ANY, (), 0, 0, "every number is an integer below 2**24"),
    Bound("saturated", "saturated", ANY, ANY, (), 0, 0, "every gate is exactly 0, 1/2, 1 or -1"),
    Bound(
        "double",
        "double",
        ("rounded", "fused-rounded", "long"),
        ANY,
        (),
        8,
        3.5,
        "sums in another order, and exp of two libraries; a thousand steps add nothing, for the GRU forgets",
    ),
    Bound(
        "double, pairs",
        "double",
        PAIRS,
        ANY,
        GROWING,
        16,
        6,
        "selu and its like do not limit a gate: r multiplies the rounding of its product, then 1 - z",
    ),
    Bound(
        "double, growing pairs",
        "double",
        PAIRS,
        GROWING,
        (),
        128,
        60.4,
        "the gate is far outside [0, 1], and multiplies rounding",
    ),
    Bound(
        "single",
        "single",
        ("rounded", "fused-rounded", "sequences"),
        ANY,
        (),
        8,
        3,
        "sums in another order, and tanh and sigmoid of two libraries, two units in the last place each",
    ),
    Bound(
        "single, layers",
        "single",
        LAYERS,
        ANY,
        (),
        24,
        11.5,
        "ELU and LeakyReLU as a gate do not limit it: rounding is multiplied by the state",
    ),
)


# The derived bound of one float32 step (step_local.py) holds besides in these sweeps, whose sequences
# are those of the states.
STEP_LOCAL = ("sequences",)


def bounds_of(
    lane: str, sweep: str, activations: tuple[str, str], table: tuple[Bound, ...] = BOUNDS
) -> list[Bound]:
    """Return the rows that match; a test holds it to exactly one."""
    used = set(activations)
    return [
        row
        for row in table
        if row.lane == lane
        and (row.sweeps == ANY or sweep in row.sweeps)
        and (row.activations == ANY or used & set(row.activations))
        and not used & set(row.without)
    ]
