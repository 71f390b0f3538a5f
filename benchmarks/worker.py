"""A process that measures one peer, or commands, as it is asked: ``-m benchmarks.worker NAME``.

A request and its answer are a line of JSON each. pyperf does the timing, as a worker of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from typing import Any

import numpy as np
import pyperf

from benchmarks.peers import PEERS, Call, NotServedError
from benchmarks.problems import STREAM_STEPS, Problem

STREAM_CALLS = 10_000


class PeerProcess:
    """The calls that a process has made, and pyperf's runner in it."""

    def __init__(self, name: str, threads: int) -> None:
        self.peer = PEERS.get(name)
        self.threads = threads
        self.calls: dict[str, Call] = {}
        self.runner = pyperf.Runner()
        self.runner.parse_args(["--worker", "--loops=1", "--warmups=0", "--quiet"])
        self.timed = 0

    def make(self, problem: Problem, output: str | None) -> dict[str, Any]:
        """Make what runs a problem, and write what it returns where a file is named."""
        assert self.peer is not None
        try:
            call = self.peer.make(problem, self.threads)
        except NotServedError as reason:
            return {"reason": str(reason)}
        if output is not None:
            returned = [call() for _ in range(STREAM_STEPS if problem.streams else 1)]
            if self.peer.checked:
                steps = [np.reshape(one, (problem.batch, 1, -1)) for one in returned]
                np.save(output, np.concatenate(steps, axis=1) if problem.streams else returned[0])
        self.calls[problem.name] = call
        return {}

    def time(
        self, name: str, *, loops: int, min_time: float, warmups: int, values: int
    ) -> dict[str, Any]:
        """Return what pyperf measures of a problem; the first time it finds the loops itself."""
        arguments = self.runner.args
        arguments.min_time = min_time
        arguments.calibrate_loops = not loops
        arguments.loops, arguments.warmups, arguments.values = loops, warmups, values
        if not loops:
            arguments.warmups, arguments.values = 0, 1
        self.timed += 1  # pyperf wants another name each time
        found = self.runner.bench_func(f"{name} #{self.timed}", self.calls[name])
        return _answer(found, name)

    def command(self, name: str, command: list[str]) -> dict[str, Any]:
        """Return what pyperf measures of a command that is run once."""
        arguments = self.runner.args
        arguments.calibrate_loops = False
        arguments.loops, arguments.warmups, arguments.values = 1, 0, 1
        self.timed += 1
        return _answer(self.runner.bench_command(f"{name} #{self.timed}", command), name)

    def forget(self, name: str) -> dict[str, Any]:
        """Let go of what runs a problem."""
        del self.calls[name]
        return {}

    def versions(self) -> dict[str, Any]:
        """Return the versions of the peer's packages."""
        assert self.peer is not None
        return {"versions": self.peer.versions()}


def _answer(found: pyperf.Benchmark, name: str) -> dict[str, Any]:
    found.update_metadata({"name": name})
    text = io.StringIO()
    pyperf.BenchmarkSuite([found]).dump(text)
    return {"suite": text.getvalue()}


def main() -> None:
    """Answer requests until there are no more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    # What libraries and pyperf print goes where errors go: answers alone have the standard output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    process = PeerProcess(chosen.name, chosen.threads)
    for line in sys.stdin:
        request = json.loads(line)
        if "problem" in request:
            request["problem"] = Problem(**request["problem"])
        answer = getattr(process, request.pop("do"))(**request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
