"""The process that sees every result: it shows the progress and writes the reports."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from parity_tests import environment
from parity_tests.reporting import disagreements, junit, markdown, progress, report
from parity_tests.reporting.report import is_in_suite, is_of_suite

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
        self.sentences: list[str] = []
        config.stash[report.INSIDE] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how many tests there are, without xdist."""
        self.bar.start(sum(map(is_of_suite, session.items)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn how many tests there are, with xdist."""
        # All that is told of them is the names: one of another's file of the same name counts too.
        own = {path.name for path in HERE.parent.glob("*/test_*.py")}
        self.bar.start(sum(name.partition("::")[0].rpartition("/")[2] in own for name in ids))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Learn of a file of the suite that cannot be imported; each process of xdist tells it."""
        path, known = report.nodeid, self.collected.not_collected
        if report.failed and path not in known and is_in_suite(path):
            known.append(path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Collect the seconds that a worker spent inside Keras."""
        inside = getattr(node, "workeroutput", {}).get("inside")
        if inside:
            self.config.stash[report.INSIDE].append(inside)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show no letter a case: the bar shows the progress.

        pytest prints all that it counts as failed. Where everything disagrees that is thousands of
        lines; a screen of them is printed with the summary.
        """
        if not is_of_suite(report):
            return None
        if report.failed:
            return "disagreeing", "", ""
        return (report.outcome, "", "") if report.when == "call" else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the records of one test; no other report of the run is to hold them."""
        if not is_of_suite(report):
            return
        self.collected.add(report)
        if report.when == "teardown":
            report.user_properties = []
            self.bar.advance()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Give the verdict, and fail a run of which no test says what is wrong."""
        self.bar.stop()
        ended = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED
        if exitstatus not in ended or self.config.option.collectonly:
            return  # it was stopped, and whatever stopped it says why
        if self.collected.nothing_compared:
            self.sentences = [f"nothing compared: {why}" for why in self._nothing_compared()]
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
            return
        seconds = time.perf_counter() - self.began
        inside = self.config.stash[report.INSIDE]
        extent = self._extent()
        self.data = report.summarise(self.collected, inside, seconds, extent=extent)
        self.sentences = self._write(self._folder(), self.data)
        if self.data["problems"] or self.sentences:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _folder(self) -> Path:
        """Return the folder of the report."""
        return self.config.option.parity_report or environment.report_folder()

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
        """Print the table and the worst disagreements, or why there is nothing to print."""
        for sentence in self.sentences:
            terminalreporter.write_line(sentence)
        data = self.data
        if data is None:
            return
        tests, folder = self.collected.tests.values(), self._folder()
        screen = disagreements.screen(data, tests, str(folder / disagreements.FILE))
        report.print_summary(data, screen, str(folder / "report.json"))

    def _nothing_compared(self) -> list[str]:
        """Return why there is nothing to report."""
        asked = self.config.option
        given = {"--case": asked.parity_case, "-k": asked.keyword, "-m": asked.markexpr}
        if self.collected.tests:
            return report.left_out_sentences(self.collected.left_out())
        if self.collected.not_collected:
            return [report.not_collected_sentence(path) for path in self.collected.not_collected]
        return [
            f"{option} is {value!r}, which no test of the matrix matches"
            for option, value in given.items()
            if value
        ] or ["no test of the matrix was selected"]

    def _write(self, folder: Path, data: dict[str, Any]) -> list[str]:
        """Write the report and the files asked for; return a sentence on each that cannot be."""
        asked, tests = self.config.option, self.collected.tests
        cases = (json.dumps(row) for row in self.collected.records["case"])
        summary = markdown.text(data, tests)
        contents = {
            folder / "report.json": json.dumps(data, indent=1) + "\n",
            folder / "cases.jsonl": "\n".join(cases) + "\n",
        }
        if any(test.message for test in tests.values()):
            contents[folder / disagreements.FILE] = disagreements.text(tests.values())
        else:
            (folder / disagreements.FILE).unlink(missing_ok=True)
        if asked.parity_junit:
            contents[asked.parity_junit] = junit.text(data, tests)
        if asked.parity_markdown:
            contents[asked.parity_markdown] = summary
        sentences = []
        for path, text in contents.items():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                sentences.append(f"not written: {path}: {error.strerror}")
        if shown := os.environ.get(STEP_SUMMARY):
            with open(shown, "a", encoding="utf-8") as file:
                file.write(summary)
        return sentences
