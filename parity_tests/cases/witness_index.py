"""Where the witness of every case was found: kept in matrix/witnesses, so that no run searches.

``python -m parity_tests.recording.record_witnesses`` searches and writes them; changed cases make
them stale.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from parity_tests.cases import sweeps
from parity_tests.environment import PACKAGE

FOLDER = PACKAGE / "matrix" / "witnesses"


class WitnessPlace(NamedTuple):
    """The round of draws that holds a witness, and which of its draws it is."""

    round: int
    index: int


@functools.cache
def places(oracle: str, half: bool = False) -> dict[str, WitnessPlace]:
    """Return the places by the id of their case; none where they are those of other cases.

    `half` asks for those of the half types, as `sweeps.cases` does.
    """
    path = _path(oracle, half)
    if not path.exists():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    ids = list(sweeps.cases(oracle, half=half))
    if data["cases"] != _digest(ids):
        return {}
    return {
        case_id: WitnessPlace(*place) for case_id, place in zip(ids, data["places"], strict=True)
    }


def write(oracle: str, half: bool, found: Sequence[WitnessPlace]) -> None:
    """Keep the places of all witnesses of an oracle, in the order of `sweeps.cases`."""
    data = {"cases": _digest(list(sweeps.cases(oracle, half=half))), "places": found}
    path = _path(oracle, half)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")


def _path(oracle: str, half: bool) -> Path:
    return FOLDER / f"{'half-' if half else ''}{oracle}.json"


def _digest(ids: list[str]) -> str:
    return hashlib.sha256("\n".join([str(sweeps.SEED), *ids]).encode()).hexdigest()
