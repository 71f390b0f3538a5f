"""Where a run keeps what it makes, under build/."""

from __future__ import annotations

from pathlib import Path

from benchmarks.problems import Problem

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "bench"
RESULTS = BUILD / "results.json"


def model_path(problem: Problem, ending: str) -> Path:
    """Return the path of a problem's model in a format of another runtime."""
    folder = BUILD / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{problem.file_name}.{ending}"
