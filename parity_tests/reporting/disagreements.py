"""The tests that failed, the worst first: a screen of them for people, all of them for a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from parity_tests import environment
from parity_tests.reporting.report import Test

FILE = "disagreements.txt"
LINES = 12  # of one test
SCREEN, WIDTH = 20, 80


def worst_first(tests: Iterable[Test]) -> list[Test]:
    """Return the tests that failed, by the size of the difference; those without a number last."""
    failed = [test for test in tests if test.message]
    return sorted(failed, key=lambda test: (-test.error, test.name))


def lines_of(test: Test, most: int = LINES) -> list[str]:
    """Return what a failed test says, at most so many lines, with the command that runs it again.

    The last lines of a traceback say more than its first ones.
    """
    lines = test.message.strip().splitlines()
    if any(line.strip().startswith("again: ") for line in lines):
        return lines[:most]
    kept = lines if len(lines) < most else ["…", *lines[-(most - 2) :]]
    return [*kept, f"  again: {environment.again(test.name)}"]


def text(tests: Iterable[Test]) -> str:
    """Return every failed test with all that it says."""
    blocks = ("\n".join([test.name, *lines_of(test, most=10_000)]) for test in worst_first(tests))
    return "\n\n".join(blocks) + "\n"


def screen(data: Mapping[str, Any], tests: Iterable[Test], where: str) -> list[str]:
    """Return a screen of lines on the worst tests, and where the others are.

    Parameters
    ----------
    data : mapping
        The report: what its mistakes say of the tests stands before them.
    tests : iterable of Test
        All of the run.
    where : str
        The file that has all of them.
    """
    tests = list(tests)
    failed = worst_first(tests)
    if not failed:
        return []
    shown: list[str] = []
    count = 0
    for test in failed:
        block = _again_last(lines_of(test))
        if count and _rows(shown) + _rows(block) > SCREEN:
            break
        shown += ["", *block]
        count += 1
    which = "" if count == len(failed) else f"; the worst {count}, of all in {where}"
    head = f"{len(failed)} of {len(tests)} tests disagree{which}"
    return [head, *_as_if(data["oracles"]), *shown, ""]


def _again_last(lines: list[str]) -> list[str]:
    """Return lines up to the command that runs the test again."""
    numbers = (number for number, line in enumerate(lines, 1) if line.startswith("  again: "))
    return lines[: next(numbers, None)]


def _as_if(oracles: Mapping[str, Any]) -> list[str]:
    """Return which mistakes explain how many of the disagreements."""
    return [
        f"  {count} of {len(oracle['disagreements'])} are as if {name} made the mistake: {mistake}"
        for name, oracle in oracles.items()
        for mistake, count in oracle["looks_like"].items()
    ]


def _rows(lines: Iterable[str]) -> int:
    """Return how many rows of a terminal some lines take."""
    return sum(1 + max(len(line) - 1, 0) // WIDTH for line in lines)
