"""Measures one release, or takes what is kept of an earlier run of the same code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from parity_tests import environment
from parity_tests.environment import ROOT
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import provenance_of
from parity_tests.runner.drift import sweep
from parity_tests.runner.drift.recorded import ReleaseRecord
from parity_tests.runner.drift.releases import HOSTS, DriftRelease

REGISTRIES = ("activations", "initializers", "regularizers", "constraints")
# The measurements of one release, TensorFlow's start included, on a machine with other work to do.
TIMEOUT = 600.0

# What a measurement and what the matrix depend on beside the release.
CELLS = ("parity_tests/oracles/**/*.py",)
MATRIX = (
    "gru_ref/**/*.py", "parity_tests/*.py", "parity_tests/matrix/**/*.py",
    "parity_tests/matrix/**/*.json", "parity_tests/cases/*.py", "parity_tests/judging/*.py",
    "parity_tests/oracles/*.py", "parity_tests/runner/drift/sweep.py",
)  # fmt: skip


class ReleaseResult(NamedTuple):
    """What one release came to; `seconds` is what it took, in words."""

    recorded: ReleaseRecord
    disagreements: list[dict[str, str]]
    seconds: str


def measure(release: DriftRelease, python: Path, folder: Path, *, again: bool) -> ReleaseResult:
    """Return what the release does: its cells, its registries and its matrix.

    Parameters
    ----------
    folder : Path
        Where results are kept, as RELEASE.cells.json and RELEASE.matrix.json.
    again : bool
        Measure even where the same code has measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    for part, patterns, make in (("cells", CELLS, _cells), ("matrix", MATRIX, matrix)):
        path = folder / f"{release.name}.{part}.json"
        key = _key(release, patterns)
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if again or kept.get("key") != key:
            kept = {"key": key, **make(release, python)}
            part_path = path.with_suffix(".part")
            part_path.write_text(json.dumps(kept), encoding="utf-8")
            part_path.replace(path)
        else:
            print(f"  {part}: kept", flush=True)
        taken.append(kept)
    measured, compared = taken
    seconds = compared["seconds"]
    shown = {key: compared[key] for key in ("lanes", "outcomes", "quirks")}
    return ReleaseResult(
        ReleaseRecord(
            measured["keras_version"], measured["provenance"], measured["cells"],
            measured["registries"], shown,
        ),
        compared["disagreements"],
        f"{seconds['keras'] + seconds['gru_ref_and_suite']:.0f}",
    )  # fmt: skip


def _cells(release: DriftRelease, python: Path) -> dict[str, Any]:
    with Oracle(release.oracle, str(python), release.generation) as oracle:
        description = oracle.describe()
        reply = oracle.request({"op": "behaviours"}, TIMEOUT)
    return {
        **provenance_of(description),
        "cells": reply["cells"],
        "registries": {name: description[name] for name in REGISTRIES},
    }


def matrix(release: DriftRelease, python: Path, case: str = "") -> dict[str, Any]:
    """Return what comparing gru_ref with the release comes to; of one case, if it is named."""
    environment.remember(str(python), "", release=release.name)
    with Oracle(release.oracle, str(python), release.generation) as oracle:
        return sweep.run(oracle, case)


def _key(release: DriftRelease, patterns: Iterable[str]) -> str:
    """Return a hash of the release and of the code that measures it."""
    hashed = hashlib.sha256(json.dumps([release, HOSTS[release.host]]).encode())
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if not path.name.startswith("test_"):
                hashed.update(path.read_bytes())
    return hashed.hexdigest()[:16]
