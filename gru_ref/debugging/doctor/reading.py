"""A candidate as users see it: in words, in their axes, under a runtime's name, as a Keras GRU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.debugging.doctor.arrangements import BiasLayout, BiasUse, Holder, KernelLayout
from gru_ref.debugging.doctor.computation import states
from gru_ref.debugging.doctor.evidence import (
    AS_PROCESSED,
    AT_LAST_INPUT,
    BACKWARD,
    FORWARD,
    LAST,
    Timing,
    time_first,
)
from gru_ref.debugging.doctor.precision import Array
from gru_ref.debugging.doctor.space import (
    SYMMETRIC,
    ArrayLayout,
    Candidate,
    Fit,
    Space,
    SpaceRow,
    function_name,
)
from gru_ref.errors import NotRepresentableError
from gru_ref.layouts import LAYOUTS, Facts
from gru_ref.layouts.reading import Read


class Reading(NamedTuple):
    """One layout in words: the arrangement of the arrays, the formula, the axis of time.

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

    def reading(self, layout: ArrayLayout) -> Reading:
        """Return the view of one layout of the arrays in words."""
        candidate = self.candidate
        kernel, recurrent_kernel, bias = layout.orders
        mixed = f"kernel {kernel}, recurrent kernel {recurrent_kernel}, bias {bias}"
        return Reading(
            _kernel_words(layout.kernel, "f") + _HOLDERS[layout.holder],
            _kernel_words(layout.recurrent_kernel, "u"),
            kernel if layout.is_of_one_order else mixed,
            _bias_words(layout.bias),
            candidate.row.reset_after,
            not candidate.complement,
            function_name(candidate.candidate),
            function_name(candidate.gates),
            **self.timing._asdict(),
        )

    def runtimes(self, layout: ArrayLayout) -> tuple[str, ...]:
        """Return the runtimes whose conventions these are, with one layout of the arrays."""
        candidate = self.candidate
        return runtimes(
            layout,
            reset_after=candidate.row.reset_after,
            z_keeps_old=not candidate.complement,
        )

    def rank(self, layout: ArrayLayout) -> tuple[bool, bool, bool, tuple[str, ...]]:
        """Return a key that sorts the layouts of one function, the usual ones first."""
        return (
            not self.runtimes(layout),
            layout.bias.use in ("first row alone", "second row alone", "ignored"),
            self.timing.direction != FORWARD,
            layout.orders,
        )


# Memory order → words, r for the letter of the rows.
_KERNELS = {
    "igo": "({r}, 3u)",
    "iog": "({r}, u·3), a unit's gates together",
    "gio": "(3, {r}, u)",
    "goi": "(3u, {r})",
    "ogi": "(u·3, {r}), a unit's gates together",
    "oig": "(u, {r}, 3), a unit's gates together",
}
_HOLDERS: Mapping[Holder, str] = {
    "arrays": "",
    "buffer": ", one buffer",
    "input first": ", input rows above the state's",
    "state first": ", the state's rows above the input's",
}
_BIASES = {
    "go": "one row",
    "og": "one row, a unit's gates together",
    "rgo": "two rows",
    "gro": "two rows, gate by gate",
    "gor": "(3u, 2): two rows as columns",
    "rog": "two rows, a unit's gates together",
}
_USES: Mapping[BiasUse, str] = {
    "no bias": "none",
    "ignored": "ignored",
    "as it lies": "",
    "the other row first": ", the recurrent one first",
    "rows added": ", added",
    "first row alone": ", the first alone",
    "second row alone": ", the second alone",
    "swapped with the vector": ", swapped with the input one",
    "vector added": ", added",
    "vector ignored": ", which is ignored",
    "recurrent": ", as recurrent bias",
}


def _kernel_words(layout: KernelLayout, letter: str) -> str:
    in_place = ", each gate transposed in place" if layout.transposed_in_place else ""
    return _KERNELS[layout.order].format(r=letter) + in_place


def _bias_words(layout: BiasLayout) -> str:
    if layout.vector:
        rows = f"four vectors, the recurrent one of h in place {layout.vector}"
    else:
        rows = _BIASES.get(layout.order, "")
    beside = " and the recurrent one of h" if layout.vector == 0 else ""
    return rows + beside + _USES[layout.use]


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
# How a runtime's blocks lie → the kernels that the doctor sees in its arrays, and what holds them.
_RUNTIME_KERNELS: Mapping[str, tuple[tuple[Holder, KernelLayout], ...]] = {
    "as Keras": (("arrays", KernelLayout("igo")), ("arrays", KernelLayout("gio"))),
    "transposed": (("arrays", KernelLayout("goi")), ("buffer", KernelLayout("goi"))),
    "transposed in place": (("arrays", KernelLayout("igo", transposed_in_place=True)),),
}


def runtimes(layout: ArrayLayout, *, reset_after: bool, z_keeps_old: bool) -> tuple[str, ...]:
    """Return the runtimes in `gru_ref.layouts.LAYOUTS` with these gates, formula and transposes.

    Names of arrays and kinds of bias are not compared.
    """
    form = "after" if reset_after else "before"
    return tuple(
        name
        for name, module in LAYOUTS.items()
        if form in {said.partition(" ")[0] for said in module.FACTS.reset_forms}
        and z_keeps_old == module.FACTS.z_keeps_old
        and (layout.holder, layout.kernel) in _RUNTIME_KERNELS[module.FACTS.blocks]
        and layout.is_of_one_order
        and layout.orders[0] in _gate_orders(module.FACTS)
    )


def _gate_orders(facts: Facts) -> tuple[str, ...]:
    """Return the gate orders of a runtime, in Keras's letters."""
    if facts.name == "webnn":  # an attribute says which
        return ("zrh", "rzh")
    return ("".join(_KERAS.get(gate, "h") for gate in facts.gates),)


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
    there = any(layout.bias.use not in ("no bias", "ignored") for layout in space.rows[row])
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
