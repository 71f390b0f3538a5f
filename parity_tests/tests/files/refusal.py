"""That a file is refused, and what that costs."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from gru_ref.files.malformed import MalformedFileError
from parity_tests.recording.files.recorded_exports import read


def file_of(folder: Path, data: bytes) -> Path:
    """Write bytes under a name that says nothing of them, and return the path."""
    (folder / "x").write_bytes(data)
    return folder / "x"


def check_refused(path: Path, reason: str) -> None:
    """Check that a file is refused for a reason, in less than 8 MiB of memory.

    4 MiB of it is the room for the table of a zip archive.
    """
    tracemalloc.start()
    try:
        with pytest.raises(MalformedFileError, match=reason):
            read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
