"""The live run: its options, its oracles, and the report at its end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parity_tests import progress, report
from parity_tests.live import run
from parity_tests.oracles.pool import GENERATIONS, Pool


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `python -m parity_tests` passes on."""
    group = parser.getgroup("parity")
    group.addoption("--keras-python", required=True, help="the interpreter that has Keras")
    group.addoption("--oracle", action="append", choices=sorted(GENERATIONS), help="only this one")
    group.addoption("--case", default="", help="only the case ORACLE:ID")
    group.addoption("--report", type=Path, default=Path("build/parity"), help="the report's folder")


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests of this process their oracles."""
    run.pool = Pool(config.getoption("--keras-python"))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Controller(config), "parity-report")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the oracles and the case asked for."""
    wanted = config.getoption("--oracle") or sorted(GENERATIONS)
    case = config.getoption("--case")
    kept = []
    for item in items:
        needed = run.oracles_of(item.name)
        if all(oracle in wanted for oracle in needed) and (
            not case or item.name.endswith(f"_{case}")
        ):
            kept.append(item)
    kept_items = set(kept)
    dropped = [item for item in items if item not in kept_items]
    # One oracle after the other, so that a process seldom needs to start both.
    items[:] = sorted(kept, key=lambda item: run.oracles_of(item.name))
    if case and not kept:
        raise pytest.UsageError(
            f"--case is {case!r}, expected ORACLE:ID as a disagreement names it"
        )
    if dropped:
        config.hook.pytest_deselected(items=dropped)


@pytest.fixture(autouse=True)
def _hand_over_records(record_property: Any) -> Iterator[None]:
    """Attach what the test recorded to its report, which travels between processes."""
    yield
    for name, value in run.take():
        record_property(name, json.dumps(value))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over the seconds this process spent inside each Keras, and end the oracles."""
    if run.pool is None:
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["inside"] = run.pool.inside()
    else:
        session.config.stash[report.INSIDE].append(run.pool.inside())
    run.pool.close()


class Controller:
    """The process that sees every result: it shows the progress and writes the report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.began = time.perf_counter()
        self.collected = report.Collected()
        self.bar = progress.Bar()
        config.stash[report.INSIDE] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how many tests there are, without xdist."""
        self.bar.start(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn how many tests there are, with xdist."""
        self.bar.start(len(ids))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Collect the seconds that a worker spent inside Keras."""
        inside = getattr(node, "workeroutput", {}).get("inside")
        if inside:
            self.config.stash[report.INSIDE].append(inside)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show no letter a test: the bar shows the progress."""
        return (report.outcome, "", "") if report.when == "call" else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the records of one test."""
        self.collected.add(report)
        if report.when == "teardown":
            self.bar.advance()

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        """Print the table and write build/parity/report.json."""
        self.bar.stop()
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # nothing ran, so there is no verdict
        seconds = time.perf_counter() - self.began
        chosen = self.config.option.keyword or self.config.getoption("--case")
        whole = not chosen and Path(self.config.args[0]).is_dir()
        inside = self.config.stash[report.INSIDE]
        data = report.summarise(self.collected, inside, seconds, whole=whole)
        folder = self.config.getoption("--report")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        cases = (json.dumps(row) for row in self.collected.records["case"])
        (folder / "cases.jsonl").write_text("\n".join(cases) + "\n", encoding="utf-8")
        report.print_summary(data)
        terminalreporter.write_line(f"report: {folder / 'report.json'}")
