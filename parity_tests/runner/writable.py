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
            check_file(f"{prefix}{name}", path)


def check_folder(option: str, folder: Path) -> None:
    """Make a folder, and see that files can be made in it.

    Raises
    ------
    ValueError
        They cannot.
    """
    try:
        _make(folder)
    except OSError as error:
        raise ValueError(
            f"{option} is {folder}, expected a folder that can be written: {error}"
        ) from None


def check_file(option: str, path: Path) -> None:
    """Make the folder of a file, and see that the file can be written; it stays as it is.

    Raises
    ------
    ValueError
        It cannot.
    """
    try:
        _make(path.parent)
        if path.exists():
            path.open("a").close()
    except OSError as error:
        raise ValueError(
            f"{option} is {path}, expected a file that can be written: {error}"
        ) from None


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # os.access would say yes to root on a read-only disk.
    with tempfile.TemporaryFile(dir=folder):
        pass
