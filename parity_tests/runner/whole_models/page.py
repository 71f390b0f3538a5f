"""docs/whole-models.md: how many models Keras 3 opens, before and after `gru-ref convert`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from parity_tests.environment import ROOT
from parity_tests.runner.whole_models.verdicts import TOLERANCES, ModelOutcome

PATH = ROOT / "docs" / "whole-models.md"

_HEAD = """# Whole models of old Keras in Keras 3

Written by `make models`, which has each release of Keras write models of the architectures in
`parity_tests/recording/files/live_whole_models.py` and `live_whole_keras_1.py`, with what it
computes of random inputs. Live Keras {reader} opens every file by `load_model(path,
compile=False)`, `gru-ref convert FILE --to keras3 -o NEW.keras` converts it, and the same Keras
opens the new file.
A difference is the greatest of any output, relative to the larger of 1 and the recorded output.

*Right* means opened and every output within its tolerance. *Named* means that `convert` wrote
nothing and named every layer that Keras 3 cannot have: a Lambda, a class or a function of the
user's own, a class that Keras 3 dropped.
"""
COUNTS = (
    "writer", "Keras", "architectures", "files", "opened before", "right before", "opened after",
    "right after", "named", "failed", "worst difference",
)  # fmt: skip


def write(verdicts: Sequence[ModelOutcome], releases: Mapping[str, str], reader: str) -> None:
    """Write the page of a whole run."""
    PATH.write_text(text(verdicts, releases, reader), encoding="utf-8")


def text(verdicts: Sequence[ModelOutcome], releases: Mapping[str, str], reader: str) -> str:
    """Return the page.

    Parameters
    ----------
    verdicts : sequence of ModelOutcome
    releases : mapping
        Writer → its Keras's own version.
    reader : str
        Version of the live Keras 3.
    """
    by_writer = {name: [v for v in verdicts if v.model.writer == name] for name in releases}
    rows = [counts(name, releases[name], of) for name, of in by_writer.items()]
    for ending in ("h5", "keras", "saved_model"):
        rows.append(counts(f"all .{ending}", "", [v for v in verdicts if v.model.ending == ending]))
    rows.append(counts("all", "", verdicts))
    parts = [
        _HEAD.format(reader=reader),
        _table(COUNTS, rows),
        "Tolerances:\n\n" + "\n".join(
            f"- {name or 'every other architecture'}: {allowed.value:g}: {allowed.reason}"
            for name, allowed in TOLERANCES.items()
        ),
        "## By architecture\n\nThe worst difference of the converted models. A dash: the release "
        "cannot build the model.\n\n" + _architectures(verdicts, list(releases)),
        "## What Keras 3 says of the originals\n\n" + _errors(verdicts),
    ]  # fmt: skip
    failed = [f"- {v.model.key}: {v.reason[:300]}" for v in verdicts if v.outcome == "failed"]
    if failed:
        parts.append("## Failures\n\n" + "\n".join(failed))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def counts(name: str, release: str, verdicts: Sequence[ModelOutcome]) -> list[str]:
    """Return one row of the table of counts."""
    after = [v.after for v in verdicts if v.after is not None]
    outcomes = Counter(v.outcome for v in verdicts)
    worst = [v.after.worst for v in verdicts if v.outcome == "right" and v.after is not None]
    return [
        name,
        release,
        str(len({(v.model.writer, v.model.architecture) for v in verdicts})),
        str(len(verdicts)),
        str(sum(v.before.opened for v in verdicts)),
        str(sum(v.before_is_right for v in verdicts)),
        str(sum(opening.opened for opening in after)),
        *(str(outcomes[outcome]) for outcome in ("right", "named", "failed")),
        _number(max((w for w in worst if w is not None), default=None)),
    ]


def _architectures(verdicts: Sequence[ModelOutcome], writers: Sequence[str]) -> str:
    """Return the table of worst differences, a row an architecture and a column a writer."""
    names = list(dict.fromkeys(v.model.architecture for v in verdicts))
    rows = []
    for name in names:
        cells = []
        for writer in writers:
            cells.append(
                _cell(
                    v for v in verdicts if (v.model.writer, v.model.architecture) == (writer, name)
                )
            )
        rows.append([f"`{name}`", *cells])
    return _table(["architecture", *writers], rows)


def _cell(verdicts: Iterable[ModelOutcome]) -> str:
    found = list(verdicts)
    if not found:
        return "–"
    for outcome in ("failed", "named"):
        if any(v.outcome == outcome for v in found):
            return outcome
    worst = [v.after.worst for v in found if v.after is not None and v.after.worst is not None]
    return _number(max(worst, default=None))


def _number(worst: float | None) -> str:
    return "–" if worst is None else f"{worst:.1g}"


# A file by its whole path, which is another on each machine.
_PLACE = re.compile(r"(?<=[= '\"])/[^ '\",]+")


def _errors(verdicts: Sequence[ModelOutcome]) -> str:
    """Return what the originals raise, by count."""
    said = Counter(
        _PLACE.sub("…", " ".join(v.before.error.split()))[:90].replace("|", "\\|").replace("`", "'")
        for v in verdicts
        if not v.before.opened
    )
    return _table(("files", "error"), [[str(n), f"`{e}`"] for e, n in said.most_common(12)])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))
