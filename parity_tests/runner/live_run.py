"""What the live tests of one process share: the oracles, and the records for the report."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import pytest

from parity_tests.oracles.client import Oracle, OracleError
from parity_tests.oracles.pool import Pool, keras_version_of

pool: Pool | None = None
# Whether the mistakes of people who port a GRU are tried on every case, as few of them run.
every_mistake = False
_records: list[tuple[str, Any]] = []
_described: set[str] = set()


def record(name: str, value: Any) -> None:
    """Keep plain data for the report of the test that runs now."""
    _records.append((name, value))


def take() -> list[tuple[str, Any]]:
    """Return the records kept since the last call, and forget them."""
    taken = list(_records)
    _records.clear()
    return taken


def leave_out(name: str, reason: str) -> NoReturn:
    """End a test that has nothing to compare with an oracle; the report counts it by its reason."""
    record("left_out", {"oracle": name, "reason": reason})
    pytest.skip(reason)


def oracle(name: str) -> Oracle:
    """Return a live Keras; the first time a test asks for it, record what it is."""
    assert pool is not None, "live tests run through `python -m parity_tests`"
    if name not in _described:
        _described.add(name)
        try:
            description = pool[name].describe()
        except OracleError as error:
            # Without its Keras no test can run, and that all of them fail would be no verdict. What
            # a process of pytest-xdist exits with is shown by nobody.
            print(error, file=sys.__stderr__)
            pytest.exit(f"{name} cannot run", returncode=2)
        kept = {k: description[k] for k in ("keras", "tensorflow", "python", "numpy", "corrupt")}
        record("oracle", {"name": name, **kept})
    return pool[name]


def keras_version(name: str) -> str:
    """Return the release that gru_ref is to be beside an oracle."""
    return keras_version_of(oracle(name).describe())
