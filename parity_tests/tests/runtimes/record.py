"""Writes fixtures/layouts/: what each runtime returns for parameters under its own names.

Run in the environment that has the runtimes: ``python -m parity_tests.tests.runtimes.record [NAME
...]``.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from parity_tests.environment import FIXTURES
from parity_tests.tests.runtimes import conversions
from parity_tests.tests.runtimes.table import ROWS, arguments, case_id

ROOT = FIXTURES / "layouts"


def fixture(name: str) -> dict[str, Any]:
    """Return the fixture of one runtime: every case of its row, small."""
    cases = []
    for given in arguments(name):
        run = conversions.from_runtime(name, given, conversions.SMALL)
        cases.append(
            {
                "id": case_id(given),
                "layout": conversions.as_json(run.layout),
                "x": conversions.as_json(run.x),
                "initial_state": conversions.as_json(run.initial_state),
                "output": conversions.as_json(run.output),
                "state": conversions.as_json(run.state),
            }
        )
    return {"runtime": name, "version": conversions.runner(name).VERSION, "cases": cases}


def main() -> int:
    """Write the fixtures of the runtimes that are named, or of all."""
    parser = argparse.ArgumentParser(prog="python -m parity_tests.tests.runtimes.record")
    parser.add_argument("names", nargs="*", choices=[*ROWS, []], help="default: all")
    ROOT.mkdir(exist_ok=True)
    for name in parser.parse_args().names or ROWS:
        text = json.dumps(fixture(name), separators=(",", ":")).replace('{"id"', '\n{"id"')
        path = ROOT / f"{name}.json"
        path.write_text(text + "\n", encoding="utf-8")
        print(f"{path.relative_to(ROOT.parent)}: {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
