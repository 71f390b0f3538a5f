"""How far a long search has come: what its caller may watch, and what an interrupt leaves."""

from __future__ import annotations

from typing import Any, Protocol


class Progress(Protocol):
    """A function that is called while something takes long.

    Examples
    --------
    >>> def show(what: str, done: int, of: int) -> None:
    ...     print(f"{what}: {done} of {of}")
    >>> watched: Progress = show
    """

    def __call__(self, what: str, done: int, of: int) -> None:
        """Take note that `done` of `of` parts of something are done; `of` is 0 if not known."""


def unwatched(what: str, done: int, of: int) -> None:
    """Do nothing: the progress of a call that nobody watches."""


class Interrupted(KeyboardInterrupt):
    """An interrupt of a search, with what was known by then.

    It is a KeyboardInterrupt, so that a program ends by it as by any other.

    Parameters
    ----------
    found : object
        The search's own kind of result, as far as it came: its `interruption` says how far.
    """

    def __init__(self, found: Any) -> None:
        super().__init__(found)
        self.found = found
