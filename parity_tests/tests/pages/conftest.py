"""The browser, the pages that it looks at, and what is printed of each at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from parity_tests.tests.pages.visit import SCREENSHOTS
from parity_tests.tests.support import page_cases
from parity_tests.tests.support.page_cases import PageCase

_DIFFS = {make.__name__: make for make in page_cases.DIFFS}
NAMES = (*_DIFFS, "large", "trace")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser that CHROMIUM names; it may run as root, as in a container."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session", params=NAMES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PageCase:
    """Write a page."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    if name == "large":
        return page_cases.write_large(folder)
    if name == "trace":
        return page_cases.write_trace(folder)
    return page_cases.write_diff(_DIFFS[name], folder)


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Return an empty folder for pictures of the pages."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for old in SCREENSHOTS.glob("*.png"):
        old.unlink()
    return SCREENSHOTS


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the size and the time of each page."""
    passed = terminalreporter.stats.get("passed", [])
    lines = [value for report in passed for name, value in report.user_properties if name == "page"]
    if lines:
        terminalreporter.section(f"pages; pictures of them are in {SCREENSHOTS}")
        for line in lines:
            terminalreporter.line(line)
