"""Starts processes of peers and asks them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from benchmarks.files import BUILD, ROOT

_COUNTS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM")


def cpus() -> list[int]:
    """Return the numbers of the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


class Worker:
    """A process that measures one peer, kept to as many CPUs as it has threads."""

    def __init__(self, name: str, threads: int) -> None:
        logs = BUILD / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.name = name
        self._log = logs / f"{name}-{threads}.log"
        chosen = cpus()[-threads:]  # the first CPU serves most interrupts

        def pin() -> None:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, chosen)

        command = [sys.executable, "-m", "benchmarks.worker", name, f"--threads={threads}"]
        counts = {f"{library}_NUM_THREADS": str(threads) for library in _COUNTS}
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **counts},
                cwd=ROOT,
                preexec_fn=pin,
            )

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Return the answer to a request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # the answer says that the process has ended
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            last = "\n".join(self._log.read_text(encoding="utf-8").splitlines()[-12:])
            raise click.ClickException(f"the process of {self.name} has ended; it said:\n{last}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def started(names: Iterable[str], threads: int) -> Iterator[dict[str, Worker]]:
    """Start a process of each peer, and end them all at the end."""
    workers: dict[str, Worker] = {}
    try:
        for name in names:
            workers[name] = Worker(name, threads)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()
