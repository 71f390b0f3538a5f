"""The finished blocks on disk: a file each, in a folder named by all that decides its content."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

import gru_ref
import parity_tests
from parity_tests.cases.product import Block
from parity_tests.oracles.client import CORRUPT_VARIABLE, Oracle

# What a comparison runs through: of gru_ref all but these packages, of the suite these paths alone.
NOT_COMPARED = ("cli", "files", "layouts")
COMPARING = (
    "cases", "environment.py", "judging", "matrix", "oracles", "runner/full/compare_block.py",
)  # fmt: skip


@functools.cache
def code_digest() -> str:
    """Return a digest of the code and of the tables that decide what a comparison gives."""
    digest = hashlib.sha256()
    for package in (gru_ref, parity_tests):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if package is parity_tests:
                compared = name.startswith(COMPARING)
            else:
                compared = name.partition("/")[0] not in NOT_COMPARED
            if compared:
                digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def surroundings(oracle: Oracle) -> dict[str, Any]:
    """Return what a block's result depends on beside its cases."""
    described = oracle.describe()
    return {
        "code": code_digest(),
        "keras": described["keras"],
        "tensorflow": described["tensorflow"],
        "numpy": np.__version__,
        "python": platform.python_version(),
        "corrupt": os.environ.get(CORRUPT_VARIABLE, "") if described["corrupt"] else "",
    }


class BlockStore:
    """The finished blocks of an oracle in one folder."""

    def __init__(self, folder: Path, surroundings: dict[str, Any]) -> None:
        key = hashlib.sha256(json.dumps(surroundings, sort_keys=True).encode()).hexdigest()[:16]
        self._folder = folder / key

    def get(self, block: Block) -> dict[str, Any] | None:
        """Return the result of a block; None unless it was finished in these surroundings."""
        try:
            return dict(json.loads(self._path(block).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def put(self, block: Block, result: dict[str, Any]) -> None:
        """Keep the result of a block: its file is there whole, or not at all."""
        path = self._path(block)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")
        part.replace(path)

    def _path(self, block: Block) -> Path:
        return self._folder / f"{block.name}.json"
