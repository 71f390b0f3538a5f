"""What weights, inputs and outputs cannot show, whatever the search does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gru_ref.debugging.doctor.evidence import Evidence
from gru_ref.debugging.doctor.given import Given
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array

_SHAPES = ("there is one feature", "there are as many")
_SATURATED = 1 - 1e-3


class BlindSpot(NamedTuple):
    """Something that the evidence cannot show.

    Parameters
    ----------
    name : str
    hides : str
    in_numbers : bool
        Whether the numbers hide it, not the shapes alone.
    """

    name: str
    hides: str
    in_numbers: bool

    def __str__(self) -> str:
        return f"{self.name}: it hides {self.hides}"


def blind_spots(given: Sequence[Given], space: Space, evidence: Evidence) -> tuple[BlindSpot, ...]:
    """Return what is degenerate about the evidence."""
    return tuple(
        BlindSpot(name, hides, not name.startswith(_SHAPES))
        for name, hides, there in [*_of_the_weights(given, space), *_of_the_run(evidence)]
        if there
    )


def _of_the_weights(given: Sequence[Given], space: Space) -> Iterator[tuple[str, str, bool]]:
    has_bias = space.biases != [] and any(
        words.bias != "none" for known in space.rows.values() for words in known
    )
    nothing = not any(vector[0].any() for vector in space.biases)
    yield "the bias is zero", "how its rows and gates lie", has_bias and nothing
    rows = list(space.rows)
    rival = any(
        row.reset_after
        and row.b_h != row.c_h
        and row._replace(b_h=row.c_h, c_h=row.b_h) in space.rows
        for row in rows
    )
    alike = (
        has_bias
        and not nothing
        and not rival
        and any(
            "recurrent one first" in words.bias for known in space.rows.values() for words in known
        )
    )
    yield "the two bias rows of h are equal", "which row is the recurrent one", alike
    for name, places in (("kernel", (0, 1, 2)), ("recurrent kernel", (3, 4, 5))):
        equal = bool(rows) and all(len({row[place] for place in places}) < 3 for row in rows)
        yield f"two gates of the {name} are equal", "their order", equal
    yield "there is one unit", "the recurrent kernel's layout and the reset form", space.units == 1
    yield "there is one feature", "whether the kernel is transposed", space.features == 1
    sizes = [one.value.size for one in given]
    square = space.features == space.units and len(sizes) > 1
    yield "there are as many features as units", "which kernel is which by its shape", square


def _of_the_run(evidence: Evidence) -> Iterator[tuple[str, str, bool]]:
    x = evidence.alignments[0].x
    start = evidence.initial_state
    from_zero = start is None or not start.any()
    one = max(len(alignment.x) for alignment in evidence.alignments) == 1
    yield (
        "there is one timestep from a zero state",
        "the recurrent kernel, the direction and the order of time",
        one and from_zero,
    )
    yield "there is one timestep", "the direction and the order of time", one and not from_zero
    yield "the inputs are zero", "the kernel", not x.any()
    palindrome = len(x) > 1 and bool(x.any()) and np.array_equal(x, x[::-1])
    yield "the inputs read the same backwards", "the direction", palindrome
    outputs = evidence.last if evidence.sequence is None else evidence.sequence
    assert outputs is not None  # one of the two is there
    yield "the states are saturated", "what drives them", _saturated(outputs)


def _saturated(outputs: Array) -> bool:
    return bool((np.abs(outputs) > _SATURATED).mean() > 0.5)
