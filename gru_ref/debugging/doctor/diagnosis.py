"""The result of `diagnose`: the class of layouts that explain the outputs, and its report."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gru_ref.debugging.doctor.advice import BlindSpot, ProbeInput
from gru_ref.debugging.doctor.evidence import Evidence, time_first
from gru_ref.debugging.doctor.precision import Array, Rounding
from gru_ref.debugging.doctor.reading import (
    Reading,
    View,
    difference,
    keras_weights,
    output,
)
from gru_ref.debugging.doctor.space import ORDERS, Space
from gru_ref.errors import shown
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.document import Document, FactList, Section, Sentences, Tone
from gru_ref.presentation.report import Report

if TYPE_CHECKING:
    from rich.text import Text

# Keras's own layout in the words of a `Reading`, and its bias by reset_after.
_KERAS_KERNELS = ("(f, 3u)", "(u, 3u)", "zrh")
_KERAS_BIAS = {True: "two rows", False: "one row"}

UNIQUE, CLASS, NONE = "unique", "class", "none"


@dataclass(frozen=True)
class Explanation:
    """One function that reproduces the outputs, and every reading that gives this function.

    Parameters
    ----------
    readings : tuple of Reading
        No input tells them apart: with these weights they are the same function.
    known_as : tuple of str
        The names in `gru_ref.layouts.LAYOUTS` whose conventions match a reading.
    error : float
        The largest error of a run over all timesteps in float64.
    ratio : float
        The largest residual of one output as a share of its margin, below 1.
    """

    readings: tuple[Reading, ...]
    known_as: tuple[str, ...]
    error: float
    ratio: float
    _space: Space = field(repr=False)
    _view: View = field(repr=False)
    _double: bool = field(repr=False)
    _axes: int = field(repr=False)

    @classmethod
    def from_views(
        cls,
        space: Space,
        views: list[View],
        evidence: Evidence,
        rounding: Rounding,
        *,
        double: bool,
    ) -> Explanation:
        """Return the explanation for a group of views."""
        layouts = [(view, layout) for view in views for layout in space.rows[view.candidate.row]]
        layouts.sort(key=lambda one: one[0].rank(one[1]))
        readings = dict.fromkeys(view.reading(layout) for view, layout in layouts)
        known_as = dict.fromkeys(name for view, layout in layouts for name in view.runtimes(layout))
        made = output(space, views[0], evidence.x, evidence.initial_state)
        error = difference(made.reshape(-1), evidence.outputs.reshape(-1))
        ratio = min(view.fit.largest for view in views) / rounding.margin.largest
        axes = evidence.x.ndim
        return cls(tuple(readings), tuple(known_as), error, ratio, space, views[0], double, axes)

    @property
    def is_keras(self) -> bool:
        """Whether a reading is Keras's own layout: what `GRU.get_weights` returns."""
        return any(
            (one.kernel, one.recurrent_kernel, one.gates) == _KERAS_KERNELS
            and one.bias in ("none", _KERAS_BIAS[one.reset_after])
            and one.z_keeps_old
            for one in self.readings
        )

    def layer(self, **arguments: Any) -> GRU:
        """Return a Keras GRU that holds the weights; `arguments` are further arguments of GRU.

        Raises
        ------
        NotRepresentableError
            Keras has no such GRU: z is the share of the candidate, and with this
            recurrent_activation negating the argument of z does not help; or no Keras has both
            activations.
        """
        return keras_weights(self._space, self._view, double=self._double).layer(**arguments)

    def run(self, x: Any, initial_state: Any = None) -> Array:
        """Return the source's output for inputs in its own axes, in float64.

        Parameters
        ----------
        x : with as many axes as the diagnosed inputs
        initial_state : (batch, units), optional

        Raises
        ------
        ValueError
            The inputs have other axes or features.
        """
        x = np.asarray(x, np.float64)
        features = self._space.features
        if x.ndim != self._axes or x.shape[-1] != features or not x.size or not list(time_first(x)):
            sizes = ["two", "three"][self._axes - 2] if self._axes < 4 else self._axes
            raise ValueError(
                f"x has shape {x.shape}, expected {sizes} sizes as in the inputs that were "
                f"diagnosed, the last {features}"
            )
        state = None if initial_state is None else np.asarray(initial_state, np.float64)
        return output(self._space, self._view, x, state)


@dataclass(frozen=True, repr=False)
class Diagnosis(Report):
    """The layouts that explain one pair of input and output.

    Parameters
    ----------
    explanations : tuple of Explanation
        The equivalence class: every function in the space that reproduces the outputs; none if
        no layout explains them. Those of a runtime in `gru_ref.layouts` come first.
    rounding : Rounding
        The assumption about the source's rounding.
    blind_spots : tuple of BlindSpot
        What the evidence cannot show.
    checks : tuple of str
        What to check if no layout explains the outputs.
    closest : Explanation or None
        The layout that comes closest, if none explains the outputs.
    searched : int
        The number of hypotheses that were tried.
    limits : tuple of str
        What was not tried, and why.
    interrupted : bool
        Whether the search was interrupted before anything explained the outputs.
    """

    kind: ClassVar[str] = "doctor"

    explanations: tuple[Explanation, ...]
    rounding: Rounding
    blind_spots: tuple[BlindSpot, ...]
    checks: tuple[str, ...]
    closest: Explanation | None
    searched: int
    limits: tuple[str, ...]
    _probe: ProbeInput | None
    interrupted: bool = False

    @property
    def verdict(self) -> str:
        """One of "unique", "class" and "none"."""
        return (NONE, UNIQUE, CLASS)[min(len(self.explanations), 2)]

    @property
    def probe(self) -> Array | None:
        """An input for the source that splits the class, float32; None for a class of one."""
        return None if self._probe is None else self._probe.inputs

    @property
    def separation(self) -> float | None:
        """The smallest difference between the outputs for `probe` of two explanations."""
        return None if self._probe is None else self._probe.separation

    @property
    def undecided(self) -> int:
        """The number of pairs of explanations that `probe` does not tell apart."""
        return 0 if self._probe is None else self._probe.undecided

    def chosen(self, member: int | None = None) -> Explanation:
        """Return the explanation, or number `member` of several, counted from 0.

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
        """Return a Keras GRU with the weights in the layout that was found.

        Parameters
        ----------
        member : int, optional
            The number of the explanation; may be left out if there is only one.
        **arguments
            Further arguments of GRU, such as return_sequences.

        Raises
        ------
        ValueError
            See `chosen`.
        NotRepresentableError
            See `Explanation.layer`.
        """
        return self.chosen(member).layer(**arguments)

    def data(self) -> dict[str, Any]:
        """Return the verdict, what explains the outputs, and what was tried."""
        return {
            "verdict": self.verdict,
            "rounding": str(self.rounding),
            "explanations": [
                {
                    "readings": [reading._asdict() for reading in one.readings],
                    "is_keras": one.is_keras,
                    "known_as": one.known_as,
                    "error": one.error,
                    "ratio": one.ratio,
                }
                for one in self.explanations
            ],
            "separation": self.separation,
            "undecided": self.undecided,
            "blind_spots": [{"name": spot.name, "hides": spot.hides} for spot in self.blind_spots],
            "searched": self.searched,
            "limits": self.limits,
            "checks": self.checks,
            "interrupted": self.interrupted,
        }

    def document(self) -> Document:
        """Return the report as a page shows it."""
        tones: dict[str, Tone] = {UNIQUE: "good", CLASS: "plain", NONE: "bad"}
        return Document(self.kind, _verdict(self), tones[self.verdict], (), tuple(_sections(self)))

    def __str__(self) -> str:
        return "\n".join(_report_lines(self))

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text(str(self))


_WIDTH = 80
_MOST_SHOWN = 8
_LABELS = {
    "kernel": "kernel",
    "recurrent_kernel": "recurrent kernel",
    "gates": "gates",
    "bias": "bias",
    "reset_after": "reset",
    "z_keeps_old": "z is the share of",
    "activation": "activation",
    "recurrent_activation": "recurrent activation",
    "direction": "direction",
    "output": "output",
    "time_major": "inputs",
    "output_time_major": "outputs",
}
_INDENT = max(map(len, _LABELS.values())) + 4


def _report_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the lines of the report, of 80 columns."""
    count = len(diagnosis.explanations)
    yield _verdict(diagnosis)
    for number, explanation in enumerate(diagnosis.explanations[:_MOST_SHOWN]):
        yield ""
        if count > 1:
            yield f"[{number}]"
        yield from _explanation_lines(explanation)
    left = count - _MOST_SHOWN
    if left > 0:
        yield f"... and {left} more"
    if diagnosis.explanations:
        yield ""
    for sentence in _remarks(diagnosis):
        yield from _wrap(sentence)
    if not diagnosis.explanations:
        yield from _no_layout(diagnosis)


def _sections(diagnosis: Diagnosis) -> Iterator[Section]:
    """Yield what a page shows under the verdict."""
    explanations = diagnosis.explanations
    for number, explanation in enumerate(explanations[:_MOST_SHOWN]):
        heading = "The layout" if len(explanations) == 1 else f"Layout [{number}]"
        yield Section(heading, _explanation_parts(explanation))
    if diagnosis.closest is not None:
        heading = "The closest layout, which does not explain the outputs"
        yield Section(heading, _explanation_parts(diagnosis.closest))
    if not explanations:
        yield Section(_tried(diagnosis), (Sentences(diagnosis.checks, listed=True),))
    if remarks := tuple(_remarks(diagnosis)):
        yield Section("What this rests on", (Sentences(remarks, listed=True),))


def _explanation_parts(explanation: Explanation) -> tuple[FactList, Sentences]:
    facts = FactList(tuple(_facts(explanation)))
    return facts, Sentences((_name_of(explanation), *_same_function(explanation)))


def _verdict(diagnosis: Diagnosis) -> str:
    count = len(diagnosis.explanations)
    if diagnosis.interrupted:
        return "Interrupted: no layout is known yet that explains the outputs."
    return {
        NONE: "No layout explains the outputs.",
        UNIQUE: "One layout explains the outputs.",
        CLASS: f"{count} layouts explain the outputs; other inputs tell them apart.",
    }[diagnosis.verdict]


def _remarks(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what the verdict rests on, and what comes next."""
    if diagnosis.explanations:
        yield f"Rounding: {diagnosis.rounding}."
    for spot in diagnosis.blind_spots:
        yield f"Blind spot: {spot}."
    for limit in diagnosis.limits:
        yield f"Not tried: {limit}."
    if diagnosis.probe is not None:
        yield _next_step(diagnosis)


def _name_of(explanation: Explanation) -> str:
    """Return the sentence that names a layout by whose it is; its parts follow."""
    known = explanation.known_as
    others = " and ".join(filter(None, (", ".join(known[:-1]), *known[-1:])))
    if explanation.is_keras:
        also = f", which {others} {'have' if known[1:] else 'has'} too" if known else ""
        return f"This is Keras's own layout, kernel z | r | h in columns{also}."
    if known:
        return f"This is the layout of {others}."
    return "This is the layout of no runtime that is known here."


def _explanation_lines(explanation: Explanation) -> Iterator[str]:
    yield from textwrap.wrap(
        _name_of(explanation), _WIDTH, initial_indent="  ", subsequent_indent="  "
    )
    for label, text in _facts(explanation):
        yield from _labelled(label, text)
    for sentence in _same_function(explanation):
        yield f"  {sentence}"


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    """Yield the properties of a layout."""
    for name, label in _LABELS.items():
        said = list(dict.fromkeys(_words(name, reading) for reading in explanation.readings))
        yield label, " | ".join(said[:_MOST_SHOWN])
    yield "largest error", f"{explanation.error:.2g}"


def _same_function(explanation: Explanation) -> Iterator[str]:
    if len(explanation.readings) > 1:
        yield f"{len(explanation.readings)} readings are one function with these weights."


def _labelled(label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(textwrap.wrap(text, _WIDTH - _INDENT)):
        yield f"  {label if number == 0 else '':{_INDENT - 2}}{line}"


# Field → its value → words; a field that is not here holds words itself.
_WORDS: Mapping[str, Mapping[bool | None, str]] = {
    "reset_after": {
        True: "after the recurrent product",
        False: "before the recurrent product",
    },
    "z_keeps_old": {True: "the old state", False: "the candidate"},
    "time_major": {True: "time first", False: "batch first"},
    "output_time_major": {True: "time first", False: "batch first", None: "one state"},
}


def _words(field: str, reading: Reading) -> str:
    value = getattr(reading, field)
    if field in _WORDS:
        return _WORDS[field][value]
    return " ".join(value) if value in ORDERS else str(value)


def _next_step(diagnosis: Diagnosis) -> str:
    if diagnosis.undecided:
        return (
            "Next: run the probe through the source and diagnose again; it does not tell apart "
            f"some pairs ({diagnosis.undecided})."
        )
    return (
        "Next: run the probe through the source and diagnose again; any two outputs differ by "
        f"{diagnosis.separation:.2g} or more."
    )


def _no_layout(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.closest is not None:
        yield ""
        yield "The closest layout, which does not explain the outputs:"
        yield from _explanation_lines(diagnosis.closest)
    yield ""
    yield f"{_tried(diagnosis)}:"
    for check in diagnosis.checks:
        yield from textwrap.wrap(check, _WIDTH - 4, initial_indent="  - ", subsequent_indent="    ")


def _tried(diagnosis: Diagnosis) -> str:
    if diagnosis.searched:
        of = "None of the first" if diagnosis.interrupted else "None of"
        return f"{of} {diagnosis.searched:,} hypotheses fits. Check"
    return "Nothing was tried: no layout has arrays of these shapes. Check"


def _wrap(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH, subsequent_indent="  ")
