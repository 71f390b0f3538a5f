"""What `diagnose` answers: the class of layouts that explain the outputs, or none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gru_ref.debugging.doctor import conventions, report
from gru_ref.debugging.doctor.blind_spots import BlindSpot
from gru_ref.debugging.doctor.canonical import read
from gru_ref.debugging.doctor.evidence import Evidence, time_first
from gru_ref.debugging.doctor.functions import name_of
from gru_ref.debugging.doctor.precision import Rounding
from gru_ref.debugging.doctor.probe import Probe
from gru_ref.debugging.doctor.space import Space
from gru_ref.debugging.doctor.steps import Array
from gru_ref.debugging.doctor.views import View, difference, output
from gru_ref.errors import shown
from gru_ref.keras.layers.gru import GRU

UNIQUE, CLASS, NONE = "unique", "class", "none"


class Reading(NamedTuple):
    """One way to say a layout: how the arrays lie, which formula it is, and where time runs.

    Parameters
    ----------
    kernel, recurrent_kernel : str
        The axes in memory order: "(3u, f)"; f is features, u is units, 3 the gates.
    gates : str
        The order of Keras's letters z, r, h, as they lie: "rzh".
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
        Likewise; None where the output is one state.
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


@dataclass(frozen=True)
class Explanation:
    """One function that reproduces the outputs, and every reading that comes to it.

    Parameters
    ----------
    readings : tuple of Reading
        No input tells these apart: with these weights they are the same function.
    error : float
        The largest error of a run over all timesteps in float64.
    ratio : float
        The largest residual of one output as a share of its margin, below 1.
    """

    readings: tuple[Reading, ...]
    error: float
    ratio: float
    _space: Space
    _views: tuple[View, ...]
    _double: bool
    _axes: int

    @classmethod
    def of(
        cls,
        space: Space,
        views: list[View],
        evidence: Evidence,
        rounding: Rounding,
        *,
        double: bool,
    ) -> Explanation:
        """Return the explanation that a group of views is."""
        readings = dict.fromkeys(
            Reading(
                words.kernel,
                words.recurrent_kernel,
                words.gates,
                words.bias,
                view.candidate.row.reset_after,
                not view.candidate.complement,
                name_of(view.candidate.candidate),
                name_of(view.candidate.gates),
                view.timing.direction,
                view.timing.output,
                view.timing.time_major,
                view.timing.output_time_major,
            )
            for view in views
            for words in space.rows[view.candidate.row]
        )
        made = output(space, views[0], evidence.x, evidence.initial_state)
        theirs = evidence.last if evidence.sequence is None else evidence.sequence
        assert theirs is not None  # one of the two is there
        error = difference(made.reshape(-1), theirs.reshape(-1))
        ratio = min(view.fit.largest for view in views) / rounding.margin.largest
        ordered = sorted(readings, key=conventions.rank)
        return cls(tuple(ordered), error, ratio, space, tuple(views), double, evidence.x.ndim)

    @property
    def known_as(self) -> tuple[str, ...]:
        """The names in `gru_ref.layouts.LAYOUTS` whose conventions a reading has."""
        names = [name for reading in self.readings for name in conventions.runtimes(reading)]
        return tuple(dict.fromkeys(names))

    def layer(self, **arguments: Any) -> GRU:
        """Return a Keras GRU that holds the weights; `arguments` are further ones of GRU.

        Raises
        ------
        NotRepresentableError
            Keras has no such GRU: z is the share of the candidate, and negating what enters it is
            no way out with that recurrent_activation; or no Keras has both activations.
        """
        return read(self._space, self._views[0], double=self._double).layer(**arguments)

    def run(self, inputs: Any, initial_state: Any = None) -> Array:
        """Return what the source would hand out for inputs in its own axes, in float64.

        Parameters
        ----------
        inputs : in as many axes as the inputs that were diagnosed
        initial_state : (batch, units), optional

        Raises
        ------
        ValueError
            The inputs have other axes or features.
        """
        x = np.asarray(inputs, np.float64)
        features = self._space.features
        if x.ndim != self._axes or x.shape[-1] != features or not x.size or not list(time_first(x)):
            sizes = ["two", "three"][self._axes - 2] if self._axes < 4 else self._axes
            raise ValueError(
                f"inputs has shape {x.shape}, expected {sizes} sizes as in the inputs that were "
                f"diagnosed, the last {features}"
            )
        state = None if initial_state is None else np.asarray(initial_state, np.float64)
        return output(self._space, self._views[0], x, state)


@dataclass(frozen=True)
class Diagnosis:
    """The layouts that explain one pair of input and output.

    ``print(diagnosis)`` says all of it.

    Parameters
    ----------
    explanations : tuple of Explanation
        The equivalence class: every function in the space that reproduces the outputs; none if
        no layout explains them. Those that a runtime of `gru_ref.layouts` has come first.
    rounding : Rounding
        What was assumed of the source's rounding.
    blind_spots : tuple of BlindSpot
        What the evidence cannot show.
    checks : tuple of str
        What to look at if no layout explains the outputs.
    searched : int
        How many hypotheses were tried.
    limits : tuple of str
        What was not tried, and why.
    """

    explanations: tuple[Explanation, ...]
    rounding: Rounding
    blind_spots: tuple[BlindSpot, ...]
    checks: tuple[str, ...]
    closest: Explanation | None
    searched: int
    limits: tuple[str, ...]
    _probe: Probe | None

    @property
    def verdict(self) -> str:
        """One of "unique", "class" and "none"."""
        return (NONE, UNIQUE)[len(self.explanations)] if len(self.explanations) < 2 else CLASS

    @property
    def probe(self) -> Array | None:
        """An input for the source that splits the class, float32; None for a class of one."""
        return None if self._probe is None else self._probe.inputs

    @property
    def separation(self) -> float | None:
        """How far apart the outputs to `probe` are of any two that it tells apart."""
        return None if self._probe is None else self._probe.separation

    @property
    def undecided(self) -> int:
        """How many pairs of explanations `probe` does not tell apart."""
        return 0 if self._probe is None else self._probe.undecided

    def chosen(self, member: int | None = None) -> Explanation:
        """Return the explanation, or of several the one of that number, from 0 on.

        Raises
        ------
        ValueError
            There is none, or there are several and `member` names none of them.
        """
        count = len(self.explanations)
        if count == 0:
            raise ValueError("explanations is empty, expected one: no layout explains the outputs")
        if member is None and count > 1:
            raise ValueError(
                f"member is None, expected 0 to {count - 1}: {count} layouts explain the outputs, "
                "and other inputs tell them apart; diagnosis.probe is one"
            )
        if member is not None and not 0 <= member < count:
            raise ValueError(f"member is {shown(member)}, expected 0 to {count - 1}")
        return self.explanations[member or 0]

    def layer(self, member: int | None = None, **arguments: Any) -> GRU:
        """Return a Keras GRU with the found layout's weights.

        Parameters
        ----------
        member : int, optional
            Which explanation; may be left out where there is one.
        **arguments
            Further arguments of GRU, as return_sequences.

        Raises
        ------
        ValueError
            See `chosen`.
        NotRepresentableError
            See `Explanation.layer`.
        """
        return self.chosen(member).layer(**arguments)

    @cached_property
    def _text(self) -> str:
        return report.text(self)

    def __str__(self) -> str:
        return self._text
