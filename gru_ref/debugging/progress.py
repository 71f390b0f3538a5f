"""How far a long search has come: what its caller may watch, and what an interrupt leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Called while something takes long, with its name, how many parts of it are done, and of how many:
# 0 if that is not known.
Progress = Callable[[str, int, int], None]


def unwatched(_what: str, _done: int, _of: int) -> None:
    """Do nothing: the progress of a call that nobody watches."""


class Interrupted(KeyboardInterrupt):
    """An interrupt of a search, with what was known by then.

    It is a KeyboardInterrupt, so that a program ends by it as by any other.

    Parameters
    ----------
    found : object
        The search's own kind of result, as far as it came.

    Examples
    --------
    >>> try:
    ...     raise Interrupted("the first half")
    ... except KeyboardInterrupt as stopped:
    ...     stopped.found
    'the first half'
    """

    def __init__(self, found: Any) -> None:
        super().__init__(found)
        self.found = found
