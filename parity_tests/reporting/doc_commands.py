"""A page of the documentation that shows commands and what they print, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"(<!-- Not run[^>]*-->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?(?!\w)")
LEFT_OUT = "..."


class FencedBlock(NamedTuple):
    """A fenced block.

    Parameters
    ----------
    language : str
        What stands behind the fence: python, console, diff.
    text : str
    is_run : bool
        No comment before it says "Not run".
    """

    language: str
    text: str
    is_run: bool

    def commands(self) -> Iterator[tuple[str, str]]:
        """Yield each command of a console block, and the output that the page shows of it."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def blocks_of(page: Path) -> list[FencedBlock]:
    """Return the fenced blocks of a page, in order."""
    return [
        FencedBlock(language, text, not mark)
        for mark, language, text in _FENCE.findall(page.read_text(encoding="utf-8"))
    ]


def differences(shown: str, printed: str, agree: float) -> list[str]:
    r"""Return the lines that a page shows and a command does not print there.

    A line `...` of the page stands for any number of lines. Numbers may differ relatively by
    `agree`. One of the page below 1e-5 is an error by rounding: it and those behind it in the line,
    its share of the bound, only have to be below 1.

    Examples
    --------
    >>> shown, printed = "one\n...\nerror 1.6e-07: 0.13", "one\ntwo\nerror 2e-07: 0.2"
    >>> differences(shown, printed, 0)
    []
    >>> differences("one\ntwo", "one\n2", 0), differences("0.5", "0.51", 1e-3)
    (['two'], ['0.5'])
    """
    printed_lines = [line.rstrip() for line in printed.splitlines()]
    place, skipping, missing = 0, False, []
    for line in shown.splitlines():
        if line == LEFT_OUT:
            skipping = True
            continue
        last = len(printed_lines) if skipping else place + 1
        found = (k for k in range(place, last) if _alike(line, printed_lines[k : k + 1], agree))
        k = next(found, None)
        if k is None:
            missing.append(line)
        else:
            place, skipping = k + 1, False
    if place < len(printed_lines) and not skipping and not missing:
        missing.append(f"(end of the output; {printed_lines[place]!r} is printed)")
    return missing


def _alike(shown: str, printed: list[str], agree: float) -> bool:
    """Return whether a line, if there is one, says what the page shows."""
    if not printed or _words(shown) != _words(printed[0]):
        return False
    rounding = False
    for ours, theirs in zip(_numbers(shown), _numbers(printed[0]), strict=True):
        rounding |= 0 < abs(ours) < 1e-5
        if abs(theirs) >= 1 if rounding else abs(ours - theirs) > agree * abs(ours):
            return False
    return True


def _words(line: str) -> str:
    """Return a line without its numbers, and without the spaces that align them."""
    return re.sub(" +#", " #", _NUMBER.sub("#", line))


def _numbers(line: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(line)]
