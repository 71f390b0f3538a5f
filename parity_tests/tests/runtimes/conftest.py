"""Prints the worst error of every runtime under the run."""

from __future__ import annotations

from collections import defaultdict

import pytest

# No tests, and each needs one runtime or another at import.
collect_ignore_glob = ["runners/*", "record*.py"]

_WORST: dict[str, float] = defaultdict(float)
_CASES: dict[str, int] = defaultdict(int)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the errors that tests record."""
    if report.when == "call":
        for name, value in report.user_properties:
            _WORST[name] = max(_WORST[name], float(str(value)))
            _CASES[name] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print them."""
    for name, error in _WORST.items():
        terminalreporter.write_line(f"{name}: {error:.2e} in {_CASES[name]} cases")
