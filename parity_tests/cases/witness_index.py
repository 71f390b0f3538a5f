"""Where the witness of every case was found: kept in matrix/witnesses, so that no run searches.

``python -m parity_tests.cases.witness_index`` searches and writes them; changed cases make them
stale.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from typing import NamedTuple

from parity_tests.cases import sweeps
from parity_tests.cases.sweeps import Case
from parity_tests.environment import PACKAGE
from parity_tests.matrix.axes import ORACLES

FOLDER = PACKAGE / "matrix" / "witnesses"


class Place(NamedTuple):
    """The round of draws that holds a witness, and which of its draws it is."""

    round: int
    index: int


@functools.cache
def kept(oracle: str, half: bool = False) -> dict[str, Place]:
    """Return the places by the id of their case; none where they are those of other cases.

    `half` asks for those of the half types, which `half_cases` knows.
    """
    path = FOLDER / f"{'half-' if half else ''}{oracle}.json"
    if not path.exists():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    ids = list(_known(oracle, half))
    if data["cases"] != _digest(ids):
        return {}
    return {case_id: Place(*place) for case_id, place in zip(ids, data["places"], strict=True)}


def _known(oracle: str, half: bool) -> dict[str, Case]:
    """Return the cases by their ids."""
    if half:
        from parity_tests.cases import half_cases  # which needs ml_dtypes

        return half_cases.known(oracle)
    return {case_id: sweeps.find(oracle, case_id) for case_id in sweeps.ids(oracle)}


def write(halves: tuple[bool, ...] = (False, True)) -> None:
    """Search a witness for every case, and keep where it is."""
    from parity_tests.cases.witness import search  # which reads what is kept here

    FOLDER.mkdir(exist_ok=True)
    for half, oracle in itertools.product(halves, ORACLES):
        known = _known(oracle, half)
        found = [search(case) for case in known.values()]
        data = {"cases": _digest(list(known)), "places": found}
        (FOLDER / f"{'half-' if half else ''}{oracle}.json").write_text(
            json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8"
        )
        print(f"{oracle}{' in half types' if half else ''}: {len(found)} witnesses")


def _digest(ids: list[str]) -> str:
    return hashlib.sha256("\n".join([str(sweeps.SEED), *ids]).encode()).hexdigest()


if __name__ == "__main__":
    write()
