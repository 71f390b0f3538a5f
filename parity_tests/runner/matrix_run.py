"""Runs the matrix: pytest over `live/`, and the exit status that its report comes to."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parity_tests import environment
from parity_tests.reporting import mistakes_page
from parity_tests.runner import writable
from parity_tests.runner.options import ORACLES

SETTINGS = Path(__file__).with_name("live.ini")
# Who runs the matrix may have other plugins and settings for tests of their own.
OTHERS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
# One thread a process: two oracles on two cores, and numbers that do not depend on the machine.
ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # What names no engine is the reference, not what the machine has installed.
    "GRU_REF_ENGINE": "core",
}
NO_PARITY, NOT_RUN = 1, 2


@dataclass(frozen=True)
class MatrixRun:
    """One run: what to compare with, how much of the matrix or of wide/, and what to write."""

    keras_python: str
    keras_from: str
    oracles: tuple[str, ...]
    quick: bool = False
    case: str | None = None
    junit: Path | None = None
    markdown: Path | None = None
    report: Path | None = None
    jobs: int = 2
    write_docs: bool = False
    words: str | None = None
    pytest_arguments: tuple[str, ...] = ()
    folder: str = "live"

    def status(self) -> int:
        """Run, and return 0 for parity, 1 for any other verdict, 2 where there is none."""
        try:
            writable.check("--", self.report, self.junit, self.markdown)
        except ValueError as error:
            print(f"gru-parity: {error}", file=sys.stderr)
            return NOT_RUN
        for name in OTHERS:
            os.environ.pop(name, None)
        os.environ.update(ENVIRONMENT)
        report = (self.report or environment.report_folder()) / "report.json"
        report.unlink(missing_ok=True)
        ended = pytest.main(self._arguments())
        if not report.exists():
            return NOT_RUN
        data = json.loads(report.read_text(encoding="utf-8"))
        if ended != pytest.ExitCode.OK or data["verdict"] != "parity" or data["problems"]:
            return NO_PARITY
        if data["extent"] == "whole" and sorted(self.oracles) == sorted(ORACLES):
            return self._check_docs(data)
        return 0

    def _arguments(self) -> list[str]:
        """Return the arguments of pytest."""
        arguments = [
            str(environment.PACKAGE / "tests" / self.folder), "-c", str(SETTINGS),
            f"--rootdir={environment.ROOT}",
            "-qq", "--no-header", "--tb=short", "-p", "no:cacheprovider",
            # Nothing here logs, and what is printed goes by Python: no more is captured.
            "-p", "no:logging", "--capture=sys",
            "--keras-python", self.keras_python,
            *(f"--oracle={name}" for name in self.oracles),
        ]  # fmt: skip
        for name in ("keras_from", "case", "junit", "markdown", "report"):
            if value := getattr(self, name):
                arguments += [f"--{name.replace('_', '-')}", str(value)]
        if self.quick:
            arguments.append("--quick")
        if self.words:
            arguments += ["-k", self.words]
        if self.jobs > 1 and not self.case and importlib.util.find_spec("xdist"):
            arguments += ["-p", "xdist", "-n", str(self.jobs), "--dist", "worksteal"]
        return [*arguments, *self.pytest_arguments]

    def _check_docs(self, data: dict[str, Any]) -> int:
        """Check, or rewrite, docs/mistakes.md of a clone against the table of this run."""
        if environment.CLONE is None:
            return 0
        path = environment.CLONE / "docs" / "mistakes.md"
        text = mistakes_page.markdown(data["mistakes"])
        if self.write_docs:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"docs/{path.name} is stale: make parity ARGS=--write-docs", file=sys.stderr)
            return NO_PARITY
        return 0
