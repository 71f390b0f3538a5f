"""Sentences that several commands share."""

from __future__ import annotations

import shutil
import sys
import textwrap

from gru_ref.presentation.text import one_line


def say(text: str) -> None:
    """Print a message of gru-ref on standard error: one line, which a terminal gets wrapped."""
    line = f"gru-ref: {one_line(text)}"
    if sys.stderr.isatty():
        line = textwrap.fill(
            line,
            max(shutil.get_terminal_size().columns, 20),
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    print(line, file=sys.stderr)


def quoted_names(names: list[str], most: int = 12) -> str:
    """Return names quoted and separated by commas, at most `most` of them, and how many are left.

    Examples
    --------
    >>> quoted_names(["a b", "c"]), quoted_names(["a", "b", "c"], most=2)
    ("'a b', 'c'", "'a', 'b' and 1 more")
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def needs(package: str) -> str:
    """Return the message for a package of the extra ``cli`` that is not installed."""
    return f"this command needs {package}, which is not installed: pip install 'gru-ref[cli]'"
