"""The JSON files of fixtures/: how they are read, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parity_tests.environment import FIXTURES


def read(folder: Path, pattern: str = "*.json") -> Iterator[tuple[Path, Any]]:
    """Yield the files of a folder, by name, and the data that each holds."""
    for path in sorted(folder.glob(pattern)):
        yield path, json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, text: str, held: str) -> None:
    """Write a file, and say how much it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"{path.relative_to(FIXTURES.parent)}: {held}, {path.stat().st_size} bytes")
