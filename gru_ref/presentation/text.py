"""Text from files, made safe to print."""

from __future__ import annotations


def one_line(text: str) -> str:
    r"""Return `text` on one line, with everything that steers a terminal escaped.

    Examples
    --------
    >>> one_line("a\x1b[31m\n  b\u202e")
    'a\\x1b[31m b\\u202e'
    """
    joined = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in joined
    )
