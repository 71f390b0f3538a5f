"""Models opened by live Keras 3, in a process of its own; what is answered once is kept."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity_tests.environment import ROOT
from parity_tests.oracles.worker import ENVIRONMENT
from parity_tests.runner.whole_models.corpus import WrittenModel, digest


@dataclass(frozen=True)
class Opening:
    """What live Keras 3 makes of one file.

    Parameters
    ----------
    opened : bool
    error : str
        What it raises, opening or running.
    worst : float, optional
        The greatest difference of an output, relative to the larger of 1 and what is recorded.
    """

    opened: bool
    error: str
    worst: float | None


def openings(
    wanted: Mapping[Path, WrittenModel], python: Path, results: Path, *, again: bool = False
) -> dict[Path, Opening]:
    """Return what comes of opening each file, those in `results` not opened again.

    Parameters
    ----------
    wanted : mapping of Path to WrittenModel
        The file to open → the model whose inputs and outputs are recorded.
    python : Path
        Interpreter of the live Keras.
    results : Path
        A file with a line an answer, which grows.
    again : bool
        Whether all are opened again.

    Raises
    ------
    RuntimeError
        The process does not come to open anything.
    """
    keys = {path: digest(path, model.expected) for path, model in wanted.items()}
    known = {} if again else _answers(results)
    jobs = [path for path in wanted if keys[path] not in known]
    while jobs:
        lines = [
            json.dumps(
                {
                    "key": keys[path],
                    "model": str(path.absolute()),
                    "expected": str(wanted[path].expected.absolute()),
                }
            )
            for path in jobs
        ]
        # Once it has said that it is ready, what ends the process is a model.
        done = _run(python, results, lines)
        known = _answers(results)
        left = [path for path in jobs if keys[path] not in known]
        if left and (not done.returncode or "ready" not in done.stdout):
            raise RuntimeError(f"{python} does not open models:\n{done.stderr[-2000:]}")
        if left:
            _append(results, keys[left[0]], f"ends the process with status {done.returncode}")
            known = _answers(results)
        jobs = left[1:]
    return {path: known[key] for path, key in keys.items()}


def _answers(results: Path) -> dict[str, Opening]:
    """Return the last answer for each key."""
    if not results.exists():
        return {}
    lines = map(json.loads, results.read_text("utf-8").splitlines())
    return {line["key"]: Opening(line["opened"], line["error"], line["worst"]) for line in lines}


def _append(results: Path, key: str, error: str) -> None:
    answer: dict[str, Any] = {"key": key, "opened": False, "error": error, "worst": None}
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(answer) + "\n")


def _run(python: Path, results: Path, lines: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run the process that opens the models."""
    command = [str(python.absolute()), "-m", "parity_tests.oracles.open_models", str(results)]
    return subprocess.run(
        command, input="\n".join(lines) + "\n", text=True, cwd=ROOT, check=False,
        capture_output=True, env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
