"""A candidate as users see it: in their axes, under a runtime's name, as a Keras GRU."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.doctor.computation import states
from gru_ref.debugging.doctor.evidence import (
    AS_PROCESSED,
    AT_LAST_INPUT,
    BACKWARD,
    LAST,
    Timing,
    time_first,
)
from gru_ref.debugging.doctor.precision import Array
from gru_ref.debugging.doctor.space import SYMMETRIC, Candidate, Fit, Space, SpaceRow, function_name
from gru_ref.errors import NotRepresentableError
from gru_ref.layouts import LAYOUTS, Facts
from gru_ref.layouts.reading import Read


class Reading(NamedTuple):
    """One description of a layout: the arrangement of the arrays, the formula, the axis of time.

    Parameters
    ----------
    kernel, recurrent_kernel : str
        The axes in memory order: "(3u, f)"; f is features, u is units, 3 the gates.
    gates : str
        Keras's letters z, r, h in the order of the arrays: "rzh".
    bias : str
    reset_after : bool
    z_keeps_old : bool
        z is the share of the old state, as in Keras, or of the candidate.
    activation, recurrent_activation : str
    direction : "forward" or "backward"
    output : str
        The order of the sequence, or which state it is.
    time_major : bool
        The inputs' first axis is time.
    output_time_major : bool or None
        The same for the outputs; None if the output is one state.
    """

    kernel: str
    recurrent_kernel: str
    gates: str
    bias: str
    reset_after: bool
    z_keeps_old: bool
    activation: str
    recurrent_activation: str
    direction: str
    output: str
    time_major: bool
    output_time_major: bool | None


class View(NamedTuple):
    """A candidate, and one way to see time in its inputs and outputs."""

    fit: Fit
    timing: Timing

    @property
    def candidate(self) -> Candidate:
        """The candidate."""
        return self.fit.candidate


def output(space: Space, view: View, inputs: Array, initial_state: Array | None) -> Array:
    """Return the source's output for an input.

    Parameters
    ----------
    inputs : in the axes of the user's inputs
    """
    timing = view.timing
    seen = dict(time_first(inputs))
    x = seen.get(timing.time_major, seen[True])  # one step of one row is seen in one way
    x = x[::-1] if timing.direction == BACKWARD else x
    if timing.output == AT_LAST_INPUT:
        x = x[:1]
    made = states(space, view.candidate, x, initial_state)
    if timing.output in (LAST, AT_LAST_INPUT):
        last: Array = made[-1]
        return last
    ordered = made if timing.output == AS_PROCESSED else made[::-1]
    return ordered if timing.output_time_major else np.swapaxes(ordered, 0, 1)


def difference(one: Array, other: Array) -> float:
    """Return the largest difference between two outputs; infinity if their shapes differ."""
    if one.shape != other.shape:
        return float("inf")
    with np.errstate(all="ignore"):
        found = float(np.abs(one - other).max())
    return found if np.isfinite(found) else float("inf")


# A runtime's letter → Keras's; any other letter is the candidate's.
_KERAS = {"z": "z", "i": "z", "r": "r"}


def runtimes(reading: Reading) -> tuple[str, ...]:
    """Return the layouts that have the gates, formula and transposes of the reading.

    Names of arrays and kinds of bias are not compared.
    """
    return tuple(name for name, module in LAYOUTS.items() if _is_of_runtime(reading, module.FACTS))


def rank(reading: Reading) -> tuple[bool, bool, bool, str]:
    """Return a key that sorts readings of one function, the usual ones first."""
    return (
        not runtimes(reading),
        "alone" in reading.bias or reading.bias == "ignored",
        reading.direction != "forward",
        reading.gates,
    )


def _is_of_runtime(reading: Reading, facts: Facts) -> bool:
    forms = {form.partition(" ")[0] for form in facts.reset_forms}
    gates = "".join(_KERAS.get(gate, "h") for gate in facts.gates)
    orders = {"zrh", "rzh"} if facts.name == "webnn" else {gates}
    return (
        reading.gates in orders
        and ("after" if reading.reset_after else "before") in forms
        and reading.z_keeps_old == facts.z_keeps_old
        and reading.kernel in _kernels(facts)
    )


def _kernels(facts: Facts) -> tuple[str, ...]:
    """Return how the report writes the kernel of a runtime."""
    if facts.name == "cudnn_gru":
        return ("(f, 3u), each gate transposed in place",)
    if facts.transposes == "nothing" or "as Keras" in facts.transposes:
        return ("(f, 3u)", "(3, f, u)")
    return ("(3u, f)", "(3u, f), one buffer")


def keras_weights(space: Space, view: View, *, double: bool) -> Read:
    """Return the weights in Keras's order, and the arguments of GRU that belong to them.

    Bias rows that the layout adds are returned as the input row.

    Parameters
    ----------
    double : bool
        Return float64, as the arrays were; otherwise float32.

    Raises
    ------
    NotRepresentableError
        z is the share of the candidate, and negating its argument does not give 1 − z.
    """
    candidate = view.candidate
    row = candidate.row
    if candidate.complement and candidate.gates not in SYMMETRIC:
        raise NotRepresentableError(
            "Keras's GRU",
            "z",
            f"the share of the candidate under {function_name(candidate.gates)}",
            "the share of the old state, or sigmoid or hard_sigmoid",
            "1 − z, which negated weights do not give there",
        )
    dtype = np.float64 if double else np.float32
    sign = -1.0 if candidate.complement else 1.0
    kernel = _side_by_side([space.kernels[number][0] for number in row[0:3]], sign)
    recurrent = _side_by_side([space.recurrents[number][0] for number in row[3:6]], sign)
    bias = _bias(space, row, sign)
    there = any(words.bias not in ("none", "ignored") for words in space.rows[row])
    weights = GRUWeights(
        kernel.astype(dtype), recurrent.astype(dtype), bias.astype(dtype) if there else None
    )
    return Read.from_weights(
        weights,
        reset_after=row.reset_after,
        go_backwards=view.timing.direction == BACKWARD,
        candidate=candidate.candidate,
        gates=candidate.gates,
    )


def _bias(space: Space, row: SpaceRow, sign: float) -> Array:
    """Return (2, 3u), or (3u,) for the reset before; rows that were added are the input's."""
    sums = _side_by_side([space.biases[number][0] for number in row[6:9]], sign)
    if not row.reset_after:
        return sums
    if row in space.split:
        return np.stack([_side_by_side(np.split(one, 3), sign) for one in space.split[row]])
    zeros = np.zeros(2 * space.units)
    return np.stack([sums, np.concatenate([zeros, space.biases[row.c_h][0]])])


def _side_by_side(blocks: list[Array], sign: float) -> Array:
    """Return the blocks of z, r and h side by side, that of z times `sign`."""
    return np.concatenate([sign * blocks[0], *blocks[1:]], axis=-1)
