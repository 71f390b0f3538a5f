"""Recorded files are kept in archives: one a recorder and a release."""

from __future__ import annotations

import tarfile
from pathlib import Path


def read_archive(path: Path) -> dict[str, bytes]:
    """Return the files of an archive, by their paths in it."""
    with tarfile.open(path) as tar:
        streams = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}
