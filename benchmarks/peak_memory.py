"""Prints the bytes that a call takes at its peak beyond input and output.

``-m benchmarks.peak_memory NAME``, with the problem on standard input, in a process of its own: the
peak of its resident memory as Linux counts it, which sees every library's memory. What getrusage
says would not do: a process inherits that peak from the one that started it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.peers import PEERS, NotServedError
from benchmarks.problems import Problem

WARM_UP_TIMESTEPS = 300  # so many that all code is loaded, and compiled


def resident(field: str) -> int:
    """Return the bytes of this process that are resident (VmRSS), or were at the peak (VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"the status of a process has no {field}, expected Linux")


def main() -> None:
    """Print the bytes, or why there are none, as JSON."""
    peer = PEERS[sys.argv[1]]
    problem = Problem(**json.load(sys.stdin))
    try:
        peer.make(replace(problem, timesteps=WARM_UP_TIMESTEPS), 1)()
        call = peer.make(problem, 1)
    except NotServedError as reason:
        print(json.dumps({"reason": str(reason)}))
        return
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts again
    before = resident("VmRSS")  # the input is there, the output is not
    output = call()
    print(json.dumps({"bytes": max(0, resident("VmHWM") - before - output.nbytes)}))


if __name__ == "__main__":
    main()
