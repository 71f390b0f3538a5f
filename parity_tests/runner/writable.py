"""Sees before a run that what it is to write can be written: a run takes minutes to hours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from parity_tests import environment


def check(prefix: str, report: Path | None, junit: Path | None, markdown: Path | None) -> None:
    """Make the folders of the three options, and see that they can be written.

    Parameters
    ----------
    prefix : str
        What the names of the options begin with.
    report : Path, optional
        A folder; without it that of `environment.report_folder`.
    junit, markdown : Path, optional
        Files.

    Raises
    ------
    ValueError
        Something cannot be written; it is named.
    """
    check_folder(f"{prefix}report", report or environment.report_folder())
    for name, path in (("junit", junit), ("markdown", markdown)):
        if path:
            _check(f"{prefix}{name}", path, path.parent, "a file")


def check_folder(option: str, folder: Path) -> None:
    """Make a folder, and see that files can be made in it.

    Raises
    ------
    ValueError
        They cannot.
    """
    _check(option, folder, folder, "a folder")


def _check(option: str, path: Path, folder: Path, what: str) -> None:
    """Make the folder, and see that files can be made in it; a file that is there stays as it is.

    Raises
    ------
    ValueError
        They cannot, or `path` is there and cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # os.access would say yes to root on a read-only disk.
        with tempfile.TemporaryFile(dir=folder):
            pass
        if path != folder and path.exists():
            path.open("a").close()
    except OSError as error:
        raise ValueError(
            f"{option} is {path}, expected {what} that can be written: {error}"
        ) from None
