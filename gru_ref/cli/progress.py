"""A bar on a terminal for whatever takes longer than a second, and what an interrupt leaves."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

from gru_ref.debugging.progress import Progress, unwatched

# The exit status of a command that was interrupted, as a shell has it: 128 + SIGINT.
INTERRUPTED = 130
# Nothing is shown of what is done sooner, in seconds.
_PATIENCE = 1.0


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Show a bar on standard error while something runs, if that is a terminal.

    Parameters
    ----------
    what : str
        What is done: "diff".

    Yields
    ------
    Progress
        What to call with the parts that are done; the bar moves to and fro where nothing does.
    """
    if not sys.stderr.isatty():
        yield unwatched
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )
    task = bar.add_task(what, total=None)

    def show(part: str, done: int, of: int) -> None:
        bar.update(task, description=f"{what}: {part}", completed=done, total=of or None)

    later = threading.Timer(_PATIENCE, bar.start)
    later.daemon = True
    later.start()
    try:
        yield show
    finally:
        later.cancel()
        later.join()
        if bar.live.is_started:
            bar.stop()
