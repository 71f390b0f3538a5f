"""A progress bar on a terminal; a line every tenth where there is none."""

from __future__ import annotations

import sys

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """The progress of a run of known length."""

    def __init__(self) -> None:
        self._total = self._done = 0
        self._progress: Progress | None = None

    def start(self, total: int, done: int = 0) -> None:
        """Begin; a second call is a second worker that tells the same number."""
        if self._total:
            return
        self._total, self._done = total, done
        if sys.stdout.isatty():
            self._progress = Progress(
                TextColumn("comparing"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                refresh_per_second=2,
            )
            self._progress.add_task("", total=total, completed=done)
            self._progress.start()

    def advance(self, count: int = 1) -> None:
        """Count one more, or more than one."""
        before, self._done = self._done, self._done + count
        if self._progress:
            self._progress.advance(self._progress.task_ids[0], count)
        elif self._total >= 10 and self._done * 10 // self._total > before * 10 // self._total:
            print(f"compared {self._done} of {self._total}", flush=True)

    def stop(self) -> None:
        """End the bar."""
        if self._progress:
            self._progress.stop()
