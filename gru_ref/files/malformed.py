"""The error for every file that is damaged, hostile or of no known format."""

from __future__ import annotations

_SHOWN = 400


class MalformedFileError(ValueError):
    r"""A file is damaged, hostile, beyond the limits, or of no known format.

    Parameters
    ----------
    file : str
        The file as the caller named it.
    place : str
        Where in the file: a member, a group, an attribute; "" for the file as a whole.
    reason : str
        What is there, and what was expected.

    Examples
    --------
    >>> print(MalformedFileError("m.keras", "config.json", "it is no JSON"))
    m.keras, config.json: it is no JSON
    >>> print(MalformedFileError("m.h5", "gru\x1b[2J", "it is a soft link"))
    m.h5, gru\x1b[2J: it is a soft link
    """

    def __init__(self, file: object, place: str, reason: str) -> None:
        super().__init__(str(file), place, reason)
        self.file = str(file)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{printable(where)}: {printable(self.reason)}"


def printable(text: str) -> str:
    r"""Return `text`, which a stranger may have written, escaped and short enough to print.

    Examples
    --------
    >>> printable("a\x1b[31m\nb\u202e")
    'a\\x1b[31m\\nb\\u202e'
    """
    escaped = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text[:_SHOWN]
    )
    return escaped if len(escaped) <= _SHOWN else escaped[: _SHOWN - 4] + " ..."
