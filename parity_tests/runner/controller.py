"""The process that sees every result: it shows the progress and writes the reports."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from parity_tests import environment
from parity_tests.reporting import junit, markdown, progress, report
from parity_tests.reporting.report import is_of_suite

HERE = Path(__file__).resolve().parents[1] / "tests" / "live"
# GitHub shows what is appended to this file on the page of the run.
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class Controller:
    """Collects what every test recorded, and gives the verdict at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.began = time.perf_counter()
        self.collected = report.Collected()
        self.bar = progress.Bar()
        self.data: dict[str, Any] | None = None
        config.stash[report.INSIDE] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how many tests there are, without xdist."""
        self._start([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn how many tests there are, with xdist."""
        self._start(ids)

    def _start(self, ids: list[str]) -> None:
        self.bar.start(sum(map(is_of_suite, ids)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Collect the seconds that a worker spent inside Keras."""
        inside = getattr(node, "workeroutput", {}).get("inside")
        if inside:
            self.config.stash[report.INSIDE].append(inside)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show no letter a case: the bar shows the progress."""
        of_suite = is_of_suite(report.nodeid)
        return (report.outcome, "", "") if report.when == "call" and of_suite else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the records of one test; no other report of the run is to hold them."""
        if not is_of_suite(report.nodeid):
            return
        self.collected.add(report)
        if report.when == "teardown":
            report.user_properties = []
            self.bar.advance()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Give the verdict, and fail a run of which no test says what is wrong."""
        self.bar.stop()
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # nothing ran, so there is no verdict
        if self.collected.nothing_compared:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
            return
        seconds = time.perf_counter() - self.began
        inside = self.config.stash[report.INSIDE]
        extent = self._extent()
        self.data = report.summarise(self.collected, inside, seconds, extent=extent)
        if self.data["problems"]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _extent(self) -> str:
        """Return how much ran: "whole", "quick" or "part"."""
        asked = self.config.option
        named = {argument for argument in self.config.args if argument == "parity_tests.tests.live"}
        folders = {Path(argument).resolve() for argument in self.config.args} & {HERE}
        chosen = asked.keyword or asked.markexpr or asked.parity_case or asked.deselect
        if chosen or not (named or folders):
            return "part"
        return "quick" if asked.parity_quick else "whole"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, and write the report and the files asked for."""
        data = self.data
        if data is None:
            for sentence in report.left_out_sentences(self.collected.left_out()):
                terminalreporter.write_line(f"nothing compared: {sentence}")
            return
        asked = self.config.option
        folder = asked.parity_report or environment.report_folder()
        cases = (json.dumps(row) for row in self.collected.records["case"])
        _write(folder / "report.json", json.dumps(data, indent=1) + "\n")
        _write(folder / "cases.jsonl", "\n".join(cases) + "\n")
        report.print_summary(data)
        terminalreporter.write_line(f"report: {folder / 'report.json'}")
        if asked.parity_junit:
            _write(asked.parity_junit, junit.text(data, self.collected.tests))
        summary = markdown.text(data, self.collected.tests)
        if asked.parity_markdown:
            _write(asked.parity_markdown, summary)
        if shown := os.environ.get(STEP_SUMMARY):
            with open(shown, "a", encoding="utf-8") as file:
                file.write(summary)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
