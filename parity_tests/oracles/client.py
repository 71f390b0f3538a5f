"""The client of an oracle: starts its process, sends requests and waits for replies."""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from parity_tests.oracles import codec

WORKER = Path(__file__).with_name("worker.py")

# Amount that the worker adds to the first output of every run, for the tests of the suite itself.
CORRUPT_VARIABLE = "PARITY_CORRUPT"

START_TIMEOUT = 300.0
REPLY_TIMEOUT = 120.0
STDERR_LINES = 30


class OracleError(RuntimeError):
    """An oracle cannot start, ended, or does not reply."""


class Oracle:
    """A live Keras in a process of its own, started at the first request.

    Parameters
    ----------
    name : str
        What reports call it, e.g. ``"keras2"``.
    python : str
        The interpreter that has TensorFlow and that Keras.
    generation : int
        2 (tf_keras, or the Keras of an old TensorFlow) or 3.
    package : str, optional
        The folder of a Keras to import instead of the one installed there: ``"…/keras"`` or
        ``"…/tf_keras"`` of a source tree.
    corrupt : float, optional
        What the worker adds to the first output element of every run. The environment variable
        ``PARITY_CORRUPT`` sets it too: ``0.001`` for every oracle, ``keras2=0.001`` for one.

    Attributes
    ----------
    seconds : float
        Time this process has spent waiting for the oracle.
    source : str
        The file of its GRU, once it has started.
    inside : float
        Time that the worker reports for its runs, from construction to the last output.

    Raises
    ------
    OracleError
        When the interpreter cannot be started or lacks TensorFlow, Keras or NumPy, when its GRU
        does not come from `package`, when the worker ends by itself, and when a reply takes too
        long.
    """

    def __init__(
        self, name: str, python: str, generation: int, corrupt: float = 0.0, package: str = ""
    ) -> None:
        self.name = name
        self.python = str(python)
        self.generation = generation
        self.package = package
        self.source = ""
        self.corrupt = corrupt or _corrupt_from_environment(name)
        self.seconds = 0.0
        self.inside = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.Queue[str | None] = queue.Queue()
        self._stderr: collections.deque[str] = collections.deque(maxlen=STDERR_LINES)
        self._readers: list[threading.Thread] = []
        self._description: dict[str, Any] | None = None

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def request(self, request: dict[str, Any], timeout: float = REPLY_TIMEOUT) -> dict[str, Any]:
        """Return the reply to one request; arrays are NumPy arrays on both sides."""
        self._send(request)
        return self._receive(timeout)

    def requests(
        self, requests: Iterable[dict[str, Any]], ahead: int = 8, timeout: float = REPLY_TIMEOUT
    ) -> Iterator[dict[str, Any]]:
        """Yield the reply to each request, in order, with up to `ahead` requests under way.

        The worker computes while this process prepares and compares, so two oracles and their
        client keep two cores busy. No other request may come between.
        """
        pending = 0
        source = iter(requests)
        try:
            while True:
                for request in itertools.islice(source, ahead - pending):
                    self._send(request)
                    pending += 1
                if not pending:
                    return
                reply = self._receive(timeout)
                pending -= 1
                yield reply
        finally:
            # Left early: the replies under way would answer later requests.
            if pending:
                self.close()

    def describe(self) -> dict[str, Any]:
        """Return the versions, the constructor's signature and the names that resolve."""
        if self._description is None:
            self._description = self.request({"op": "describe"})
        return self._description

    def close(self) -> None:
        """End the process; a later request starts another."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write('{"op":"quit"}\n')
                self._process.stdin.flush()
            self._end(10)

    def _send(self, request: dict[str, Any]) -> None:
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(codec.dumps(request) + "\n")
            process.stdin.flush()
        except OSError as error:
            raise self._failure("ended") from error

    def _receive(self, timeout: float) -> dict[str, Any]:
        began = time.perf_counter()
        try:
            line = self._replies.get(timeout=timeout)
        except queue.Empty:
            raise self._failure(f"has not replied for {timeout:g} s") from None
        finally:
            self.seconds += time.perf_counter() - began
        if line is None:
            raise self._failure("ended")
        reply: dict[str, Any] = codec.loads(line)
        self.inside += reply.get("seconds", 0.0)
        return reply

    def _start(self) -> subprocess.Popen[str]:
        command = [self.python, str(WORKER), "--generation", str(self.generation)]
        if self.package:
            command += ["--package", self.package]
        if self.corrupt:
            command += ["--corrupt", repr(self.corrupt)]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        except OSError as error:
            raise OracleError(f"oracle {self.name}: cannot start {self.python}: {error}") from error
        self._process = process
        self._replies = queue.Queue()
        self._stderr.clear()
        # Threads read both pipes, so that neither process waits for the other to read.
        self._readers = [
            threading.Thread(target=read, args=(process,), daemon=True)
            for read in (self._read_replies, self._read_stderr)
        ]
        for thread in self._readers:
            thread.start()
        self._greet()
        return process

    def _greet(self) -> None:
        greeting = self._receive(START_TIMEOUT)
        if not greeting["ok"]:
            self.close()
            raise OracleError(f"oracle {self.name}: {self._why_not(greeting)}")
        self.source = os.path.realpath(greeting["source"])
        if self.package and not self.source.startswith(os.path.realpath(self.package) + os.sep):
            self.close()
            raise OracleError(
                f"oracle {self.name}: its GRU is {self.source}, expected a file of {self.package}"
            )

    def _why_not(self, greeting: dict[str, Any]) -> str:
        """Return the sentence on a worker that has no Keras, or one that cannot be imported."""
        executable = greeting["executable"]
        started = "" if executable == self.python else f" (started as {self.python})"
        if "missing" in greeting:
            needed = "tf_keras" if self.generation == 2 else "keras (3 or later)"
            return (
                f"{executable}{started} has no Keras {self.generation}, expected tensorflow and "
                f"{needed} there: {greeting['missing']}"
            )
        what = self.package or f"Keras {self.generation} of {executable}{started}"
        where = greeting["where"] and f", raised at {greeting['where']}"
        return f"{what} cannot be imported: {greeting['broken']}{where}"

    def _read_replies(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        replies = self._replies
        for line in process.stdout:
            replies.put(line)
        replies.put(None)

    def _read_stderr(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._stderr.append(line)

    def _failure(self, what: str) -> OracleError:
        status = self._end(1 if what == "ended" else 0)
        tail = "".join(self._stderr) or "(nothing)\n"
        return OracleError(
            f"oracle {self.name}: the worker of {self.python} {what} ({status}); "
            f"the end of its standard error:\n{tail}"
        )

    def _end(self, patience: float) -> str:
        """Wait for the process to end, or kill it; return how it ended."""
        process, self._process = self._process, None
        if process is None:
            return "not running"
        try:
            status = f"exit status {process.wait(timeout=patience)}"
        except subprocess.TimeoutExpired:
            status = "killed"
            process.kill()
            process.wait()
        for thread in self._readers:
            thread.join(timeout=10)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return status


def _corrupt_from_environment(name: str) -> float:
    setting = os.environ.get(CORRUPT_VARIABLE, "")
    if not setting:
        return 0.0
    target, _, amount = setting.rpartition("=")
    try:
        return float(amount) if target in ("", name) else 0.0
    except ValueError:
        raise OracleError(
            f"{CORRUPT_VARIABLE} is {setting!r}, expected a number, or one after {name}="
        ) from None
