"""`lint_vectors`: the classic mistakes that a test of a GRU cannot see, proved by making them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.debugging.lint.better import Better, better
from gru_ref.debugging.lint.reasons import Reason, Reasons
from gru_ref.debugging.lint.vectors import Effect, Vectors, call_of_test
from gru_ref.debugging.mistakes.gru_run import built_gru, layer_attempt
from gru_ref.debugging.mistakes.table import MISTAKES, Mistake
from gru_ref.debugging.mistakes.topics import mistakes_of
from gru_ref.debugging.progress import Interrupted, Progress, unwatched
from gru_ref.errors import shown
from gru_ref.keras.layers.gru import GRU
from gru_ref.presentation.document import Column, Document, PageTable, Row, Section, Sentences
from gru_ref.presentation.report import Report
from gru_ref.presentation.tables import headed_table, plain_text, stack

if TYPE_CHECKING:
    from rich.console import RenderableType

Array = NDArray[Any]

_NAME_WIDTH = 38
_SHOWN = 8  # mistakes of a table that a page does not fold away


class Finding(NamedTuple):
    """The result of a test for one mistake.

    Parameters
    ----------
    mistake, meaning : str
        As in `gru_ref.debugging.mistakes.table`.
    seen : bool
        Whether the test fails when the mistake is made.
    error : float
        The largest error of the outputs then; infinite if arrays do not fit.
    reason : Reason or None
        Why it is not seen.
    """

    mistake: str
    meaning: str
    seen: bool
    error: float
    reason: Reason | None

    @property
    def proved(self) -> bool:
        """Whether it is proved that no test of these sizes sees it."""
        return self.reason is not None and self.reason.proved


@dataclass(frozen=True, repr=False)
class Lint(Report):
    """The mistakes that a test sees, and those that better tests see.

    Parameters
    ----------
    findings : tuple of Finding
        One for every mistake that can be made in this layer.
    cannot_be_made : tuple of str
        The mistakes that cannot be made in this layer.
    better : Better
        Drawn tests of the same sizes that see the most mistakes.
    tolerance, relative_tolerance : float
        Those of the test.
    ignored : tuple of str
        The mistakes that were not to be looked at; none of them is in `findings`.
    untried : tuple of str
        The mistakes of which an interrupt leaves open whether the test, or a better one, sees them.
    """

    kind: ClassVar[str] = "lint-vectors"

    findings: tuple[Finding, ...]
    cannot_be_made: tuple[str, ...]
    better: Better
    tolerance: float
    relative_tolerance: float
    ignored: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()

    @property
    def unseen(self) -> tuple[Finding, ...]:
        """The findings that the test does not see, though a better one of its sizes would."""
        return tuple(
            one for one in self.findings if not one.seen and one.mistake in self.better.seen
        )

    def data(self) -> dict[str, Any]:
        """Return every mistake with what the test sees of it, and what better tests see."""
        return {
            "tolerance": self.tolerance,
            "relative_tolerance": self.relative_tolerance,
            "findings": [
                {
                    "mistake": one.mistake,
                    "meaning": one.meaning,
                    "seen": one.seen,
                    "error": one.error,
                    "hidden_by": [] if one.reason is None else one.reason.causes,
                    "error_without": None if one.reason is None else one.reason.instead,
                    "proved": one.proved,
                }
                for one in self.findings
            ],
            "cannot_be_made": self.cannot_be_made,
            "ignored": self.ignored,
            "untried": self.untried,
            "better": [
                {"name": test.name, "sees": sorted(test.seen)} for test in self.better.chosen
            ],
        }

    def __rich__(self) -> RenderableType:
        return stack(self._parts())

    def document(self) -> Document:
        """Return the mistakes as a page shows them, first those that a better test sees."""
        seen, *unseen = self._groups()
        sections = [
            Section(
                heading.capitalize(),
                (
                    PageTable(
                        (
                            Column("mistake"),
                            Column("what the port does"),
                            Column(other, numeric=other == "off by"),
                        ),
                        [Row((one.mistake, one.meaning, why)) for one, why in rows],
                        _SHOWN,
                    ),
                ),
            )
            for heading, other, rows in (*unseen, seen)
            if rows
        ]
        verdict, *more = self._sentences()
        return Document(
            self.kind, verdict, "bad" if self.unseen else "good", (Sentences(more),), sections
        )

    def _parts(self) -> Iterator[RenderableType]:
        """Yield what the test sees, what it does not see and why, and what a better one sees."""
        for heading, other, rows in self._groups():
            yield from _table(heading, other, rows)
        for sentence in self._sentences():
            yield plain_text(sentence)

    def _groups(self) -> list[tuple[str, str, list[tuple[Finding, str]]]]:
        """Return the mistakes under headings: of the second column too, with its texts."""
        unseen = self.unseen
        never = [one for one in self.findings if not one.seen and one not in unseen]
        groups = [
            ("seen", "off by", [(one, _size(one.error)) for one in self.findings if one.seen]),
            ("not seen", "because", [(one, _why(one)) for one in unseen]),
        ]
        for proved, heading in (
            (False, "not seen, nor by any drawn test"),
            (True, "seen by no test of these sizes"),
        ):
            those = [(one, _why(one)) for one in never if one.proved == proved]
            groups.append((heading, "because", those))
        return groups

    def _sentences(self) -> Iterator[str]:
        seen = sum(one.seen for one in self.findings)
        if self.ignored:
            yield f"Ignored: {', '.join(self.ignored)}."
        which = " and are not ignored" if self.ignored else ""
        count = len(self.findings)
        yield f"The test sees {seen} of the {count} mistakes that can be made here{which}."
        if self.untried:
            names = ", ".join(map(repr, self.untried))
            yield f"Interrupted. Not tried to the end ({len(self.untried)}): {names}."
        if self.unseen:
            names = " and one with ".join(test.name for test in self.better.chosen)
            yield f"A test of the same sizes with {names} sees {len(self.better.seen)}."


def lint_vectors(
    layer: GRU,
    x: Any,
    initial_state: Any = None,
    *,
    mask: Any = None,
    outputs: Any = None,
    tolerance: float = 1e-5,
    relative_tolerance: float = 0.0,
    ignore: Collection[str] = (),
    progress: Progress = unwatched,
) -> Lint:
    """Return the classic mistakes that a test cannot see, given its weights and inputs.

    Every mistake of `gru_ref.debugging.mistakes.table` is made in the call of the test; the test
    sees it if an output is then further from the expected one than the test's own tolerance.

    Parameters
    ----------
    layer : GRU
        With the weights of the test. It is read, not called: a stateful layer starts from its
        recorded state, which does not change.
    x : (batch, timesteps, features), or (timesteps, batch, features) for time_major
        The inputs of the test.
    initial_state : (batch, units), optional
    mask : (batch, timesteps), or (timesteps, batch), optional
        True: use this timestep.
    outputs : (batch, timesteps, units), (timesteps, batch, units) or (batch, units), optional
        The outputs that the test expects: all, or the last. By default what the layer returns, with
        return_state including its state.
    tolerance, relative_tolerance : float
        The test fails where |output − expected| > tolerance + relative_tolerance · |expected|.
    ignore : collection of str
        Mistakes that do not count, by name or by topic (`gru_ref.debugging.mistakes.topics`):
        ``("masks",)`` for a port that takes no masks. A better test has no mask then.
    progress : callable, optional
        Called with what is being made, how many of it are done, and of how many.

    Returns
    -------
    Lint

    Raises
    ------
    TypeError
        An array does not hold numbers, or `layer` is not a GRU.
    ValueError
        A number is not finite, a shape does not fit, a word of `ignore` is no mistake and no topic,
        or the batch is not that of the recorded state, or the layer is not
        built, or it does not return `outputs`, so that the test fails without any mistake.
    Interrupted
        A KeyboardInterrupt came. Its `found` is a Lint of what is known by then, with the rest in
        `untried`.
    UnseededError
        The weights were drawn without a seed, and nobody has read them: they cannot be the test's.

    Warns
    -----
    KerasQuirkWarning
        The recorded state is used, and `initial_state` is ignored.

    Examples
    --------
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> layer.build((None, None, 3))
    >>> lint = lint_vectors(layer, np.ones((1, 4, 3)))
    >>> swapped = next(one for one in lint.findings if one.mistake == "bias rows swapped")
    >>> swapped.seen, swapped.reason.causes
    (False, (('all biases are zero',),))
    """
    ignored = mistakes_of(ignore)
    given = _read_test(layer, x, outputs, initial_state, mask, (tolerance, relative_tolerance))
    found = Better((), frozenset(), given.attempt)
    effects: dict[str, Effect] = {}
    reasons: dict[str, Reason] = {}
    considered = [mistake for mistake in MISTAKES if mistake.name not in ignored]
    left_out = tuple(mistake.name for mistake in MISTAKES if mistake.name in ignored)
    try:
        for mistake in considered:
            progress("mistakes", len(effects), len(considered))
            effects[mistake.name] = given.error_of(mistake)
        progress("better tests", 0, 0)
        found = better(given, ignored)
        hidden = Reasons(given, found.generic)
        made = [one for one in considered if _can_be_made(one, given, found)]
        unseen = [one for one in made if not effects[one.name].seen]
        for mistake in unseen:
            progress("reasons", len(reasons), len(unseen))
            reasons[mistake.name] = hidden.reason(mistake)
    except KeyboardInterrupt:
        raise Interrupted(_lint(given, found, effects, reasons, left_out)) from None
    return _lint(given, found, effects, reasons, left_out)


def _can_be_made(mistake: Mistake, given: Vectors, found: Better) -> bool:
    """Return whether a mistake can be made in the test or in a better one."""
    return mistake.name in found.makeable or given.applies(mistake)


def _lint(
    given: Vectors,
    found: Better,
    effects: Mapping[str, Effect],
    reasons: Mapping[str, Reason],
    ignored: tuple[str, ...],
) -> Lint:
    """Return what is known of a test; what is not is untried."""
    findings, cannot, untried = [], [], []
    for mistake in MISTAKES:
        name = mistake.name
        if name in ignored:
            continue
        shows, reason = effects.get(name), reasons.get(name)
        if found.chosen and not _can_be_made(mistake, given, found):
            cannot.append(name)
        elif shows is None or not (shows.seen or reason):
            untried.append(name)
        else:
            findings.append(Finding(name, mistake.meaning, shows.seen, shows.error, reason))
    return Lint(
        tuple(findings), tuple(cannot), found, given.atol, given.rtol, ignored, tuple(untried)
    )


def _read_test(
    layer: Any,
    x: Any,
    outputs: Any,
    initial_state: Any,
    mask: Any,
    tolerances: tuple[float, float],
) -> Vectors:
    """Check the test as it was given, and return it."""
    gru = built_gru(layer)
    gru.require_comparable()
    config = gru.config
    for name, value in zip(("tolerance", "relative_tolerance"), tolerances, strict=True):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} is {shown(value)}, expected 0 or more")
    features = layer.weight_shapes()["kernel"][0]
    x = _numbers("x", x)
    if x.ndim != 3 or x.shape[2] != features or 0 in x.shape:
        raise ValueError(
            f"x has shape {x.shape}, expected three sizes, none of them 0, the last {features}"
        )
    batch, _ = config.batch_and_time(x.shape)
    last, every = (batch, config.units), (*x.shape[:2], config.units)
    start = None if initial_state is None else _numbers("initial_state", initial_state, last)
    used = None if mask is None else _numbers("mask", mask, x.shape[:2]).astype(bool)
    expected = None if outputs is None else _numbers("outputs", outputs, every, last)
    attempt = call_of_test(
        layer_attempt(layer, x.astype("float64"), start, used),
        sequences=config.return_sequences if expected is None else expected.ndim == 3,
        state=config.return_state and expected is None,
    )
    given = Vectors.of(attempt, *tolerances)
    if expected is None:
        return given
    given = replace(given, expected=(expected.astype("float64"),))
    off = given.tolerances_of(given.right)
    if off > 1:
        raise ValueError(
            f"outputs are {off:.3g} tolerances off, expected what the layer returns: gru-ref diff "
            "says where they part"
        )
    return given


def _numbers(name: str, value: Any, *shapes: tuple[int, ...]) -> Array:
    array = np.asarray(value)
    if dtype_kind(array.dtype) not in "fiub":
        raise TypeError(f"{name} has dtype {array.dtype}, expected numbers")
    if not (finite := np.isfinite(array)).all():
        place = tuple(map(int, np.argwhere(~finite)[0]))
        raise ValueError(f"{name} is {array[place]} at {place}, expected finite numbers")
    if shapes and array.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        raise ValueError(f"{name} has shape {array.shape}, expected {expected}")
    return array


def _table(
    heading: str, other: str, rows: Iterable[tuple[Finding, str]]
) -> Iterator[RenderableType]:
    """Yield a table of mistakes and a line below it, if there are any."""
    table = headed_table()
    table.add_column(heading, width=_NAME_WIDTH)
    table.add_column(other)
    for finding, told in rows:
        table.add_row(plain_text(finding.mistake), plain_text(told))
    if table.row_count:
        yield table
        yield plain_text("")


def _size(error: float) -> str:
    return "arrays do not fit" if error == float("inf") else f"{error:.2g}"


def _why(finding: Finding) -> str:
    """Return what hides a mistake: all of it together, "and" what has to change at once."""
    assert finding.reason is not None  # it is not seen
    why = "; ".join(" and ".join(cause) for cause in finding.reason.causes)
    return f"{why} (off by {_size(finding.error)})" if finding.error else why
