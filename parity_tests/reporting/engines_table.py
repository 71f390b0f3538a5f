"""What each engine of gru_ref came to beside live Keras: compared, equal, not served, mistakes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from parity_tests.judging.engines import CORE, FASTER, installed
from parity_tests.judging.mistakes import MISTAKES
from parity_tests.reporting.mistakes_page import is_shown

HEADINGS = ("engine", "compared", "equal", "worst / bound", "not served", "mistakes seen")
# Of a reason: which activation it is would be a line of its own for each of Keras's.
ONE_ACTIVATION = re.compile(r"(recurrent_)?activation is \w+, expected one of")
Records = Sequence[Mapping[str, Any]]


def engine_data(cases: Records, wrappers: Records = ()) -> dict[str, dict[str, Any]]:
    """Return the figures of every engine as plain data.

    Parameters
    ----------
    cases, wrappers : sequences of mappings
        The records of the cases of a GRU, and of those of cells and of layers around others. Each
        has ``engines``: name → reason, equal and over of a faster engine; see
        `judging.judge.EngineRecord`.

    Returns
    -------
    dict
        Engine → installed, compared, equal, worst (in bounds), not_served (reason → cases), and of
        the mistakes those ``seen``, those made and ``unseen``, and the reasons of those that are
        made in no case but what the engine does not serve: ``elsewhere``. A mistake is seen by an
        engine in a case that this engine computes.
    """
    return {
        name: {"installed": True, **_figures(name, cases, wrappers)}
        if name in (CORE, *installed())
        else {"installed": False}
        for name in (CORE, *FASTER)
    }


def _figures(name: str, cases: Records, wrappers: Records) -> dict[str, Any]:
    reasons: Counter[str] = Counter()
    compared = equal = 0
    worst = 0.0
    seen: set[str] = set()
    made: set[str] = set()
    elsewhere: dict[str, set[str]] = {}
    for record in (*cases, *wrappers):
        own = _of_core(record) if name == CORE else record.get("engines", {}).get(name)
        if own is None:
            continue
        mistakes = record.get("mistakes", {})
        if reason := ONE_ACTIVATION.sub("an activation is none of", own["reason"]):
            reasons[reason] += 1
            for mistake in mistakes:
                elsewhere.setdefault(mistake, set()).add(reason)
            continue
        compared += 1
        equal += own["equal"]
        worst = max(worst, own["over"])
        made.update(mistakes)
        seen.update(m for m, error in mistakes.items() if is_shown(record["lane"], error))
    order = [mistake.name for mistake in MISTAKES if mistake.name in {*made, *elsewhere}]
    return {
        "compared": compared,
        "equal": equal,
        "worst": worst,
        "not_served": dict(reasons.most_common()),
        "mistakes": {
            "seen": [m for m in order if m in seen],
            "unseen": [m for m in order if m in made - seen],
            "elsewhere": {m: sorted(elsewhere[m]) for m in order if m not in made},
        },
    }


def _of_core(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return of the reference what a record has of each faster engine; None if it did not run."""
    if record.get("outcome", "equal") not in ("equal", "within"):
        return None
    error, bound = record["error"], record["bound"]
    over = max(record.get("ratio", 0.0), error / bound if bound else 0.0)
    return {"reason": "", "equal": error == 0, "over": over}


def problems(data: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the mistakes that no case of what an engine computes shows."""
    return [
        f"mistake '{mistake}' shows in no case that engine {name} computes"
        for name, figures in data.items()
        if figures["installed"] and figures["compared"]
        for mistake in figures["mistakes"]["unseen"]
    ]


def rows(data: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each engine's row."""
    for name, figures in data.items():
        if not figures["installed"]:
            yield (name, "not installed", *[""] * 4)
            continue
        mistakes = figures["mistakes"]
        of = sum(map(len, mistakes.values()))
        yield (
            name,
            str(figures["compared"]),
            str(figures["equal"]),
            f"{figures['worst']:.2g}" if figures["compared"] else "",
            str(sum(figures["not_served"].values())),
            f"{len(mistakes['seen'])} of {of}",
        )


def sentences(data: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what an engine does not serve, by the reason, and the mistakes made there alone."""
    for name, figures in data.items():
        if not figures["installed"]:
            continue
        for reason, count in figures["not_served"].items():
            yield f"engine {name}: {count} cases are the core's: {reason}"
        alone: dict[str, list[str]] = {}
        for mistake, reasons in figures["mistakes"]["elsewhere"].items():
            alone.setdefault("; ".join(reasons), []).append(mistake)
        if not figures["compared"]:
            continue
        for where, mistakes in alone.items():
            yield f"engine {name}: made in no case but where {where}: {', '.join(mistakes)}"


def terminal(data: Mapping[str, Mapping[str, Any]]) -> Iterator[Table | str]:
    """Yield what the terminal shows: a table that fits 80 columns, and sentences."""
    if not any(figures.get("compared") for figures in data.values()):
        return
    table = Table(title="the engines against live Keras", title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    for row in rows(data):
        table.add_row(*row)
    yield table
    yield from sentences(data)


def markdown(data: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    if not any(figures.get("compared") for figures in data.values()):
        return
    yield from (f"| {' | '.join(HEADINGS)} |", "|---" + "|---:" * (len(HEADINGS) - 1) + "|")
    for row in rows(data):
        yield f"| {' | '.join(row)} |"
    yield ""
    said = [f"- {sentence}" for sentence in sentences(data)]
    if said:
        yield from (*said, "")
