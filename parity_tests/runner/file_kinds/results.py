"""The outcomes of all files: gathered, counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from parity_tests.environment import ROOT
from parity_tests.runner.file_kinds import command_line, judging
from parity_tests.runner.file_kinds.judging import FileOutcome, RecordedCase

# Kind of file → what its path ends in after the case.
ENDINGS = {
    "model_h5": ".h5",
    "model_keras": ".keras",
    "v3_keras": ".keras",
    "weights_alone_h5": ".h5",
    "weights_h5": ".weights.h5",
    "npz": ".npz",
    "checkpoint": "/weights",
    "saved_model": "",
    "export": "",
    "tflite": ".tflite",
    "tflite_float16": ".tflite",
    "tflite_int8": ".tflite",
    "onnx": ".onnx",
}
# Kinds without a config, which are judged once more beside model.to_json().
WITH_JSON = ("weights_alone_h5", "weights_h5", "checkpoint")
# The command line reads one file in so many.
_SAMPLE = 12


class Judged(NamedTuple):
    """One file and what became of it.

    Parameters
    ----------
    writer, kind, case : str
        "KIND + json" where model.to_json() was given too.
    outcome : FileOutcome
    """

    writer: str
    kind: str
    case: str
    outcome: FileOutcome


class Results(NamedTuple):
    """What became of all files of some writers.

    Parameters
    ----------
    judged : list of Judged
    unwritten : list of (writer, kind, reason)
        One for each file that the exporter itself fails to write.
    commands : list of str
        A sentence for each run of the command line that did not do as `load_layers` does.
    sampled : int
        How many runs of the command line there were.
    """

    judged: list[Judged]
    unwritten: list[tuple[str, str, str]]
    commands: list[str]
    sampled: int


def gather(corpora: Mapping[str, Path]) -> Results:
    """Judge every file of some writers: the name of each → its folder.

    Beside each folder the outcomes are kept, for as long as the code and the files are the same.
    """
    all_judged, unwritten, commands, sampled = [], [], [], 0
    for writer, folder in corpora.items():
        kept = folder.parent / f"{writer}.json"
        key = _key(folder)
        held = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if held.get("key") != key:
            held = {"key": key, **_judged(writer, folder)._asdict()}
            part = kept.with_suffix(".part")
            part.write_text(json.dumps(held), encoding="utf-8")
            part.replace(kept)
        for *name, outcome in held["judged"]:
            all_judged.append(Judged(*name, FileOutcome(*outcome)))
        unwritten += [(writer, kind, reason) for _, kind, reason in held["unwritten"]]
        commands += held["commands"]
        sampled += held["sampled"]
    return Results(all_judged, unwritten, commands, sampled)


def _judged(writer: str, folder: Path) -> Results:
    """Judge every file of one writer."""
    results = Results([], [], [], 0)
    sampled = 0
    for place in sorted(folder.glob("*.npz")):
        recorded = RecordedCase.read(place)
        for kind, reason in recorded.about["failed"].items():
            results.unwritten.append((writer, kind, reason))
        for kind, path, given in _files(folder, place.stem, recorded):
            outcome = judging.judge(path, kind.partition(" ")[0], recorded, **given)
            results.judged.append(Judged(writer, kind, place.stem, outcome))
            if len(results.judged) % _SAMPLE == 0 and not given:
                sampled += 1
                results.commands.extend(command_line.differences(path, recorded, outcome))
    return results._replace(sampled=sampled)


def _key(folder: Path) -> str:
    """Return a hash of the code, and of when each case was written."""
    hashed = hashlib.sha256()
    for pattern in ("gru_ref/**/*.py", "parity_tests/runner/file_kinds/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            hashed.update(path.read_bytes())
    for place in sorted(folder.glob("*.npz")):
        hashed.update(f"{place.name} {place.stat().st_mtime_ns}".encode())
    return hashed.hexdigest()[:16]


def _files(
    folder: Path, case: str, recorded: RecordedCase
) -> Iterator[tuple[str, Path, dict[str, object]]]:
    """Yield (kind, path, what `load_layers` is given) of each file of a case."""
    for kind, ending in ENDINGS.items():
        if kind not in recorded.about["kinds"]:
            continue
        if kind == "npz" and recorded.about["merge"] != "one":
            continue  # the arrays of one of its two GRUs
        path = Path(f"{folder / kind / case}{ending}")
        yield kind, path, {}
        if kind in WITH_JSON:
            yield f"{kind} + json", path, {"config": folder / "json" / f"{case}.json"}


def count(judged: Iterable[Judged]) -> dict[str, int]:
    """Return how many files have each verdict."""
    counts = dict.fromkeys(judging.VERDICTS, 0)
    for one in judged:
        counts[one.outcome.verdict] += 1
    return counts


def worst(judged: Iterable[Judged]) -> float:
    """Return the greatest error of the files that are right; nan if there are none."""
    errors = [j.outcome.error for j in judged if j.outcome.verdict.startswith("right")]
    return max((e for e in errors if e is not None), default=float("nan"))
