"""What a run measures, part by part."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import agreement, commands
from benchmarks.files import BUILD, ROOT
from benchmarks.peers import ENGINES
from benchmarks.problems import GROWTH, SHAPES, STREAMS, VARIANTS, Problem
from benchmarks.rounds import measure
from benchmarks.workers import cpus

GROWING = ("numba", "numpy", "core", "onnxruntime", "torch", "products")


@dataclass(frozen=True)
class Run:
    """What was asked for.

    Parameters
    ----------
    shapes : tuple of Problem
        What the parts "shapes" and "threads" measure.
    peers : list of str
    sessions, rounds : int
        See `benchmarks.rounds.measure`.
    say : callable
        It is told how far the run is.
    """

    shapes: tuple[Problem, ...]
    peers: list[str]
    sessions: int
    rounds: int
    say: Callable[[str], None]

    @property
    def quick(self) -> bool:
        """Whether each problem is measured but once."""
        return self.rounds == 1

    def measure(self, part: str) -> dict[str, Any]:
        """Return what a part measured, and when; "cells" holds what its tables show."""
        begun, load = time.monotonic(), os.getloadavg()[0]
        data = PARTS[part](self)
        return {
            "date": datetime.date.today().isoformat(),
            "minutes": round((time.monotonic() - begun) / 60, 1),
            "load": round(load, 1),
            "sessions": self.sessions,
            "rounds": self.rounds,
            **data,
        }

    def compare(self, part: str, problems: Sequence[Problem], **more: Any) -> dict[str, Any]:
        """Return the times of peers that run problems in turns."""
        given = {"threads": 1, "sessions": self.sessions, "peers": self.peers, **more}
        measured = measure(problems, rounds=self.rounds, say=self.say, **given)
        measured.write(BUILD / part)
        apart = dict.fromkeys(agreement.TOLERANCE, 0.0)
        kinds = {problem.name: problem.dtype for problem in problems}
        for (problem, _), distance in measured.apart.items():
            apart[kinds[problem]] = max(apart[kinds[problem]], distance)
        return {
            "cells": measured.as_data(problems, [e.name for e in ENGINES if e.name in self.peers]),
            "versions": dict(sorted(measured.versions.items())),
            "apart": apart,
        }


def _shapes(run: Run) -> dict[str, Any]:
    streams = STREAMS if run.shapes == SHAPES else ()
    return run.compare("shapes", (*run.shapes, *streams))


def _calls(run: Run) -> dict[str, Any]:
    return run.compare("calls", VARIANTS, sessions=1)


def _threads(run: Run) -> dict[str, Any]:
    return run.compare("threads", run.shapes, threads=len(cpus()), sessions=1)


def _growth(run: Run) -> dict[str, Any]:
    problems = dict.fromkeys(one for kind in GROWTH.values() for one in kind)
    return run.compare(
        "growth",
        [one for one in problems if one.timesteps <= 10**4 or not run.quick],
        peers=[peer for peer in GROWING if peer in run.peers],
        sessions=1,
        long_rounds=2,
        keep=False,
    )


def _memory(run: Run) -> dict[str, Any]:
    return {"cells": commands.memory(run.peers, run.say, 10**5 if run.quick else 10**6)}


def _start(run: Run) -> dict[str, Any]:
    timed = commands.time_commands(commands.start_commands(run.peers), run.rounds, run.say)
    return {"cells": timed.commands()}


def _commands(run: Run) -> dict[str, Any]:
    timed = commands.time_commands(commands.file_commands(), run.rounds, run.say)
    return {"cells": timed.commands()}


def _suite(run: Run) -> dict[str, Any]:
    """Return what the last `make parity` says of its own speed; "cells" is empty without one."""
    report = ROOT / "build" / "parity" / "report.json"
    if not report.exists():
        return {"cells": {}}
    data = json.loads(report.read_text(encoding="utf-8"))
    lanes = [lane for oracle in data["oracles"].values() for lane in oracle["lanes"].values()]
    cases = sum(lane["compared"] for lane in lanes)
    return {"cells": {"cases": cases, "extent": data["extent"], **data["seconds"]}}


PARTS: Mapping[str, Callable[[Run], dict[str, Any]]] = {
    "shapes": _shapes,
    "calls": _calls,
    "threads": _threads,
    "growth": _growth,
    "memory": _memory,
    "start": _start,
    "commands": _commands,
    "suite": _suite,
}


def machine() -> dict[str, Any]:
    """Return what the times depend on."""
    from pyperf import Run as PyperfRun

    facts = PyperfRun([1.0]).get_metadata()
    blas = np.show_config("dicts")["Build Dependencies"]["blas"]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": facts.get("cpu_model_name", platform.processor()),
        "cpus": len(cpus()),
        "memory": round(memory / 1e9),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": f"{blas['name']} {blas['version']}",
    }
