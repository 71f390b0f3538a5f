"""Text of strangers, made fit to be printed."""

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


def listed(names: list[str], most: int = 12) -> str:
    """Return names as a sentence lists them, quoted; of many the first ones and how many more.

    Examples
    --------
    >>> listed(["a b", "c"]), listed(["a", "b", "c"], most=2)
    ("'a b', 'c'", "'a', 'b' and 1 more")
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def missing(package: str) -> str:
    """Return the sentence on a package of the extra ``cli`` that is not there."""
    return f"{package} is not installed, expected it for this command: pip install 'gru-ref[cli]'"
