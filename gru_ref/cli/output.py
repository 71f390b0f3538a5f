"""Files that the commands write: whole or not at all, and nothing overwritten unasked."""

from __future__ import annotations

import math
from pathlib import Path

from gru_ref.atomic_write import write_all

__all__ = ["check_free", "finite", "write_all"]


def finite(value: float | None) -> float | None:
    """Return a number as JSON has it: None for one that is not finite."""
    return value if value is not None and math.isfinite(value) else None


def check_free(path: Path, source: Path, *, force: bool) -> None:
    """Refuse an output path before any work is done for it.

    Raises
    ------
    ValueError
        It is the file that is read, a folder, in no folder, or there already without `force`.
    """
    if path.is_dir():
        raise ValueError(f"output is the folder {str(path)!r}, expected the path of a file")
    if not path.parent.is_dir():
        raise ValueError(f"output is {str(path)!r}, expected a folder that is there")
    if path.exists():
        if source.exists() and path.samefile(source):
            raise ValueError(f"output is {str(path)!r}, expected another file than the one read")
        if not force:
            raise ValueError(
                f"output is {str(path)!r}, which is there already, expected a new name, or --force"
            )
