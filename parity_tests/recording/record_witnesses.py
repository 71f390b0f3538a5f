"""Writes matrix/witnesses: `python -m parity_tests.recording.record_witnesses`."""

from __future__ import annotations

import itertools

from parity_tests.cases import witness_index
from parity_tests.cases.sweeps import cases
from parity_tests.cases.witness import search
from parity_tests.matrix.axes import ORACLES


def main() -> None:
    """Search a witness for every case, and keep where it is."""
    for half, oracle in itertools.product((False, True), ORACLES):
        found = [search(case) for case in cases(oracle, half=half).values()]
        witness_index.write(oracle, half, found)
        print(f"{oracle}{' in half types' if half else ''}: {len(found)} witnesses")


if __name__ == "__main__":
    main()
