"""The result of a diff: the first number that differs, and the mistakes that would explain it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.diff.compared_steps import ComparedSteps
from gru_ref.debugging.diff.figures import (
    error_map,
    error_maps,
    gate_maps,
    number_table,
    unit_lines,
)
from gru_ref.presentation.document import (
    Column,
    Document,
    FactList,
    PageTable,
    Row,
    Section,
    Sentences,
)
from gru_ref.presentation.report import Report
from gru_ref.presentation.tables import fact_table, headed_table, indent, plain_text, stack

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_BEST = 5  # hypotheses that are shown of those that explain nothing
_WHAT = {
    "z": "z, the update gate",
    "r": "r, the reset gate",
    "candidate": "the candidate, from their own r",
    "h": "h, the state",
    "output": "the output, which repeats a state or is zero",
    "last output": "the last output",
    "final state": "the final state",
}
_CHECK = (
    "No single usual mistake explains it. Check whether this is the right layer and file, whether "
    "the inputs are scaled and ordered in the same way, whether only one side has an initial state "
    "or a mask, whether dropout is on, and whether two mistakes were made at once."
)
_NOT_FINITE = (
    "None of the usual mistakes explains a number that is not finite. Check whether the weights or "
    "inputs of one side hold NaN or infinity, and whether anything overflows."
)
_RESTARTED = Sentences(
    (
        "What is expected at a step is computed from their own previous state, so that a wrong "
        "step does not make the steps after it wrong.",
    )
)


class FirstDifference(NamedTuple):
    """The first number outside its bound.

    Parameters
    ----------
    timestep : int or None
        In the input; None if only a final state is known.
    position : int or None
        In processing order.
    batch, unit : int
    what : str
        "z", "r", "candidate", "h", "output" (a copy of a state, or zero), "final state", or,
        if both are given, "last output".
    theirs, expected, bound, ratio : float
        ratio is |theirs − expected| / bound.
    outside, numbers : int
        How many numbers of this timestep are outside, of how many.
    """

    timestep: int | None
    position: int | None
    batch: int
    unit: int
    what: str
    theirs: float
    expected: float
    bound: float
    ratio: float
    outside: int
    numbers: int

    @property
    def place(self) -> tuple[int, int, int] | None:
        """The position, the row and the unit; None if only a final state is known."""
        return None if self.position is None else (self.position, self.batch, self.unit)


class Hypothesis(NamedTuple):
    """A mistake, and the error that remains if it was made.

    Parameters
    ----------
    name, meaning : str
        As in `gru_ref.debugging.mistakes.table.MISTAKES`.
    ratio : float
        The largest |error| / bound that remains; at most 1 explains everything.
    error : float
        The largest error that remains.
    at_least : bool
        The ratio and the error are those of some timesteps, which refute the mistake: over all
        timesteps they may be larger.
    """

    name: str
    meaning: str
    ratio: float
    error: float
    at_least: bool = False

    @property
    def explains(self) -> bool:
        """Whether every number is inside its bound if this mistake was made."""
        return self.ratio <= 1


class Remainder(NamedTuple):
    """The error of the states alone, in the terms of `Hypothesis`, if no mistake was made."""

    ratio: float
    error: float


class Interruption(NamedTuple):
    """How far a search came that was interrupted.

    Parameters
    ----------
    untried : tuple of str
        The names of the mistakes that are neither judged to the end nor refuted.
    judged, timesteps : int
        How many timesteps are judged, of how many: no error of a hypothesis is of any other. 0 and
        0 if only a final state is known, which is judged under one mistake after the other.
    """

    untried: tuple[str, ...]
    judged: int = 0
    timesteps: int = 0


@dataclass(frozen=True, repr=False)
class Difference(Report):
    """The result of `diff`.

    Parameters
    ----------
    worst : float
        The largest |error| / bound without any mistake; at most 1 if the numbers agree.
    error : float
        The largest error without any mistake: of one step, or of the final state.
    left : Remainder
        The same for the states alone, to compare the hypotheses with: they are judged without the
        given gates.
    first : FirstDifference or None
        None if they agree.
    hypotheses : tuple of Hypothesis
        Those that explain everything first, then by the remaining error; empty if they agree.
    unknown : tuple of str
        What the given arrays cannot show.
    arithmetic : FloatFormat
        The arithmetic for which the bounds hold.
    steps : ComparedSteps or None
        The numbers that were compared; None if only a final state is known.
    interruption : Interruption or None
        How far it came, if it was interrupted.
    """

    kind: ClassVar[str] = "diff"

    worst: float
    error: float
    left: Remainder
    first: FirstDifference | None
    hypotheses: tuple[Hypothesis, ...]
    unknown: tuple[str, ...]
    arithmetic: FloatFormat
    steps: ComparedSteps | None = field(default=None, compare=False)
    interruption: Interruption | None = None

    @property
    def equal(self) -> bool:
        """Whether every number is inside its bound."""
        return self.first is None

    @property
    def explanations(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that explain everything: none, one, or several with the same effect."""
        return tuple(hypothesis for hypothesis in self.hypotheses if hypothesis.explains)

    @property
    def headline(self) -> str:
        """The verdict in one sentence, what explains it first."""
        dtype = self.arithmetic.dtype
        if self.first is None:
            return f"equal up to rounding in {dtype}"
        causes = " or ".join(f"the port {one.meaning}" for one in self.explanations)
        return (
            f"{causes}{causes and ': '}different by more than rounding in {dtype}, "
            f"{_label(self.first)} at {_place(self.first)}, in {self.first.what}"
        )

    def data(self) -> dict[str, Any]:
        """Return the verdict, the first place that differs, and every hypothesis."""
        return {
            "equal": self.equal,
            "worst_ratio": self.worst,
            "largest_error": self.error,
            "states_alone": self.left._asdict(),
            "dtype": self.arithmetic.dtype,
            "first": None if self.first is None else self.first._asdict(),
            "hypotheses": [{**h._asdict(), "explains": h.explains} for h in self.hypotheses],
            "unknown": list(self.unknown),
            "interruption": self.interruption and self.interruption._asdict(),
        }

    def text(self, *, every_hypothesis: bool = False) -> RenderableType:
        """Return the verdict as rich prints it: a few lines and a table.

        Parameters
        ----------
        every_hypothesis : bool
            Whether those that explain nothing are all shown, and not the best of them alone.
        """
        return stack(self._parts(every_hypothesis))

    def __rich__(self) -> RenderableType:
        return self.text()

    def document(self, *, brief: bool = True) -> Document:
        """Return the verdict as a page shows it.

        Parameters
        ----------
        brief : bool
            Whether it has the most important picture alone, for a notebook.
        """
        return Document(
            "diff",
            self._verdict,
            "good" if self.equal else "bad",
            tuple(self._lead()),
            tuple(self._sections(brief=brief)),
        )

    @property
    def _verdict(self) -> str:
        if self.equal:
            return "Equal up to rounding."
        return f"Different by more than rounding in {self.arithmetic.dtype}."

    @property
    def _size(self) -> str:
        return (
            f"The largest error is {self.error:.2g}: {self.worst:.2g} of the bound for rounding "
            f"in {self.arithmetic.dtype}."
        )

    def _lead(self) -> Iterator[FactList | Sentences]:
        if self.first is None:
            yield Sentences((self._size,))
            return
        sentence, meanings = self._conclusion()
        if sentence:
            yield Sentences((sentence,))
        if meanings:
            yield Sentences(meanings, listed=True)
        yield FactList(tuple(_facts(self.first)))

    def _sections(self, *, brief: bool) -> Iterator[Section]:
        steps = self.steps
        place = None if self.first is None else self.first.place
        if steps is not None:
            heading = "How close every number is" if self.equal else "Where the numbers differ"
            picture = error_map(steps, place) if brief else error_maps(steps, place)
            yield Section(heading, (picture,))
        if self.hypotheses and not self._hopeless():
            yield Section("What would explain it", (self._hypotheses(),))
        if steps is not None and not brief:
            at = place or steps.worst_place
            _, row, unit = at
            lines = (unit_lines(steps, at, place),) if len(steps.timestep) > 1 else ()
            parts = _RESTARTED, *lines, number_table(steps, at)
            yield Section(f"Unit {unit} of row {row}", parts)
            yield Section(f"All units of row {row} beside theirs", (gate_maps(steps, at, place),))
        if not brief:
            facts = _arithmetic(self.arithmetic, step_by_step=steps is not None)
            yield Section("What the bound is", (FactList(tuple(facts)),))
        if self.unknown:
            yield Section("What this cannot tell", (Sentences(self.unknown, listed=True),))

    def _hypotheses(self) -> PageTable:
        columns = (
            Column("if the port"),
            Column("mistake"),
            Column("error left", numeric=True),
            Column("of the bound", numeric=True),
        )
        none = Row(("makes no mistake", "", f"{self.left.error:.2g}", _ratio(self.left.ratio)))
        rows = (
            Row(
                (one.meaning, one.name, *_remains(one)),
                "good" if one.explains else "plain",
            )
            for one in self.hypotheses
        )
        return PageTable(columns, (none, *rows), 1 + max(_BEST, len(self.explanations)))

    def _parts(self, every_hypothesis: bool) -> Iterator[RenderableType]:
        if self.first is None:
            yield plain_text(self._verdict, "bold green")
            yield plain_text(self._size)
        else:
            yield plain_text(self._verdict, "bold red")
            yield indent(fact_table(_facts(self.first)))
            yield plain_text("")
            if not self._hopeless():
                yield self._table(every_hypothesis)
                yield plain_text("")
            sentence, meanings = self._conclusion()
            if sentence:
                yield plain_text(sentence, "bold" if self.explanations else "")
            for meaning in meanings:
                yield indent(plain_text(f"- {meaning}"))
        if self.interruption is not None:
            yield plain_text(_told(self.interruption), "bold")
        if self.unknown:
            yield plain_text("What this cannot tell", "dim")
        for sentence in self.unknown:
            yield indent(plain_text(f"- {sentence}"))

    def _table(self, every_hypothesis: bool) -> Table:
        count = len(self.hypotheses) if every_hypothesis else max(_BEST, len(self.explanations))
        table = headed_table()
        table.add_column("if this mistake was made", overflow="fold")
        for heading in ("error left", "of the bound"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_row(
            plain_text("(none)", "dim"), f"{self.left.error:.2g}", _ratio(self.left.ratio)
        )
        for hypothesis in self.hypotheses[:count]:
            table.add_row(
                plain_text(hypothesis.name, "bold green" if hypothesis.explains else ""),
                *_remains(hypothesis),
            )
        return table

    def _hopeless(self) -> bool:
        """Return whether no mistake comes anywhere near: numbers are not finite."""
        return bool(self.hypotheses) and all(math.isinf(one.error) for one in self.hypotheses)

    def _conclusion(self) -> tuple[str, tuple[str, ...]]:
        """Return the sentence under the table, and the mistakes that it introduces."""
        explanations = self.explanations
        meanings = tuple(f"the port {one.meaning}" for one in explanations)
        if len(explanations) == 1:
            return f"Explained: {meanings[0]}.", ()
        if explanations:
            count = len(explanations)
            return (
                f"Explained by each of {count} mistakes, which these numbers cannot tell apart:",
                meanings,
            )
        if self.left.ratio > 1 and not (self.interruption and self.interruption.untried):
            return _NOT_FINITE if self._hopeless() else _CHECK, ()
        return "", ()


def _facts(first: FirstDifference) -> Iterator[tuple[str, str]]:
    """Yield what is known about the first place, or the worst one, that differs."""
    numbers = f"{first.outside} of {first.numbers} numbers"
    if first.timestep is not None:
        numbers += " of this timestep"
    yield _label(first), _place(first)
    yield "what", _WHAT[first.what]
    yield "theirs", f"{first.theirs:.9g}"
    if first.bound:
        yield "expected", f"{first.expected:.9g} ± {first.bound:.1e}"
        yield "off by", f"{_ratio(first.ratio)} times the bound; {numbers} are outside"
    else:
        yield "expected", f"{first.expected:.9g}, which nothing rounds"
        error = abs(first.theirs - first.expected)
        yield "off by", f"{error:.2g}; {numbers} are outside"


def _arithmetic(arithmetic: FloatFormat, *, step_by_step: bool) -> Iterator[tuple[str, str]]:
    """Yield what the bounds rest on."""
    one_step = "what rounding can do in one step, from their own previous state"
    every_step = "an estimate of what rounding can do in all steps together"
    yield "bound", one_step if step_by_step else every_step
    yield "dtype", arithmetic.dtype
    yield "sums", f"of products, in {arithmetic.summing_dtype}"
    yield "activations", f"within {arithmetic.activation_ulps:g} unit roundoffs"
    for name in ("kernel_scale", "recurrent_kernel_scale"):
        scale = getattr(arithmetic, name)
        if np.any(scale):
            yield "quantised", f"{name} {np.max(scale):g}"


def _told(stopped: Interruption) -> str:
    """Return what an interrupt leaves open."""
    after = f" after {stopped.judged} of {stopped.timesteps} timesteps" if stopped.timesteps else ""
    if not stopped.untried:
        return f"Interrupted{after}."
    names = ", ".join(map(repr, stopped.untried))
    return f"Interrupted{after}. Not tried to the end ({len(stopped.untried)}): {names}."


def _label(first: FirstDifference) -> str:
    """Return which place it is: of a final state alone the worst is known, not the first."""
    return "worst" if first.timestep is None else "first"


def _place(first: FirstDifference) -> str:
    where = f"row {first.batch} of the batch, unit {first.unit}"
    if first.timestep is None:
        return where
    step = f"timestep {first.timestep}"
    if first.position != first.timestep:
        step += f" of the input, step {first.position} in processing order"
    return f"{step}, {where}"


def _remains(one: Hypothesis) -> tuple[str, str]:
    """Return the error that remains, and its ratio to the bound."""
    least = "≥ " if one.at_least and not math.isinf(one.ratio) else ""
    return f"{least}{one.error:.2g}", f"{least}{_ratio(one.ratio)}"


def _ratio(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"
