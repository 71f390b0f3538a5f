"""`python -m parity_tests`: compare gru_ref with the live Keras of an interpreter."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parity_tests import mistakes
from parity_tests.oracles.pool import GENERATIONS

HERE = Path(__file__).parent


def main() -> int:
    """Run the live tests and write build/parity/report.json; 0 is parity."""
    parser = argparse.ArgumentParser(prog="python -m parity_tests", description=__doc__)
    parser.add_argument("--keras-python", required=True, help="the interpreter that has Keras")
    parser.add_argument("--oracle", action="append", choices=sorted(GENERATIONS), help="only this")
    parser.add_argument("--case", default="", help="only one case, as a disagreement names it")
    parser.add_argument("--jobs", default=None, help="processes, each with its own oracles")
    parser.add_argument("--report", default="build/parity", help="folder of the report")
    parser.add_argument("--write-docs", action="store_true", help="rewrite docs/mistakes.md")
    options, pytest_arguments = parser.parse_known_args()

    wanted = options.oracle or sorted(GENERATIONS)
    found = _found(options.keras_python, wanted, explicit=bool(options.oracle))
    if not found:
        return 2
    arguments = [
        str(HERE / "live"), "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider",
        # Nothing here logs, and what the command line prints goes by Python: no more is captured.
        "-p", "no:logging", "--capture=sys",
        f"--rootdir={HERE.parent}", "--keras-python", options.keras_python,
        "--report", options.report,
        *(f"--oracle={name}" for name in found), *pytest_arguments,
    ]  # fmt: skip
    if options.case:
        arguments += ["--case", options.case]
    jobs = options.jobs or "2"
    if jobs != "1" and not options.case:
        arguments += ["-n", jobs, "--dist", "worksteal"]
    # One thread a process: two oracles on two cores, and numbers that do not depend on the machine.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    report = Path(options.report) / "report.json"
    report.unlink(missing_ok=True)
    status = int(pytest.main(arguments))
    if not report.exists():
        return status or 1
    data = json.loads(report.read_text(encoding="utf-8"))
    if data["problems"]:
        status = status or 1
    whole = not options.case and not pytest_arguments and found == sorted(GENERATIONS)
    if whole and status == 0:
        status = _check_docs(data, write=options.write_docs)
    return status


def _found(python: str, wanted: list[str], *, explicit: bool) -> list[str]:
    """Return the oracles that the interpreter has, and say which it lacks."""
    try:
        asked = subprocess.run(
            [python, str(HERE / "oracles" / "installed.py")], capture_output=True, text=True
        )
    except OSError as error:
        print(f"--keras-python is {python}, which cannot be started: {error}", file=sys.stderr)
        return []
    if asked.returncode:
        print(f"--keras-python is {python}, which fails:\n{asked.stderr}", file=sys.stderr)
        return []
    installed = json.loads(asked.stdout)
    missing = [name for name in wanted if not installed[name]]
    for name in wanted:
        if name not in missing:
            print(f"{name}: {installed[name]}", flush=True)
    for name in missing:
        needed = "tf_keras" if name == "keras2" else "keras 3 or later"
        print(
            f"not compared: {name}: {python} lacks tensorflow or {needed}, expected both",
            file=sys.stderr,
        )
    return [] if explicit and missing else [name for name in wanted if name not in missing]


def _check_docs(data: dict[str, Any], *, write: bool) -> int:
    """Check, or rewrite, docs/mistakes.md against the table of this run."""
    path = HERE.parent / "docs" / "mistakes.md"
    text = mistakes.markdown(data["mistakes"])
    if write:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        print(f"docs/{path.name} is stale: make parity ARGS=--write-docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
