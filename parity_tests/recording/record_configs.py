"""Writes fixtures/configs: `python -m parity_tests.recording.record_configs`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from parity_tests.matrix.configs import CONFIGS, constructor
from parity_tests.oracles.client import Oracle, OracleError
from parity_tests.oracles.pool import GENERATIONS, provenance_of
from parity_tests.recording import fixture_files, recorded_configs


def record(oracle: Oracle) -> None:
    """Write what the release of `oracle` does with every row."""
    origin = provenance_of(oracle.describe())
    default: dict[str, Any] = {}
    rows = []
    for name in CONFIGS:
        given = constructor(name)
        seen = recorded_configs.live_config(oracle, given)
        if "config" in seen:
            default = default or seen["config"]
            seen = recorded_configs.difference(seen["config"], default)
        rows.append({"id": name, "constructor": given, **seen})
    data = {**origin, "default": default, "rows": rows}
    path = recorded_configs.FOLDER / f"{origin['keras_version']}.json"
    fixture_files.write(path, recorded_configs.text(data), f"{len(rows)} rows")


def main(prog: str, record: Callable[[Oracle], None]) -> int:
    """Have `record` write what every Keras of an interpreter does."""
    parser = argparse.ArgumentParser(prog=prog)
    parser.add_argument("--keras-python", required=True, help="the interpreter that has Keras")
    parser.add_argument("--oracle", action="append", choices=sorted(GENERATIONS))
    options = parser.parse_args()
    written = 0
    for name in options.oracle or sorted(GENERATIONS):
        with Oracle(name, options.keras_python, GENERATIONS[name]) as oracle:
            try:
                record(oracle)
                written += 1
            except OracleError as error:
                print(error, file=sys.stderr)
    if not written:
        return 1
    # Imported late: nothing that is recorded passes through what export imports.
    from parity_tests.recording import export

    export.write_manifest()
    return 0


if __name__ == "__main__":
    sys.exit(main("python -m parity_tests.recording.record_configs", record))
