"""Zip archives whose bytes depend on their members alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# What an archive says of every member, whenever and wherever it is written.
_DATE, _UNIX, _MODE = (1980, 1, 1, 0, 0, 0), 3, 0o644 << 16


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a zip archive, its members stored as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            member = zipfile.ZipInfo(name, _DATE)
            member.create_system, member.external_attr = _UNIX, _MODE
            archive.writestr(member, data)
    return buffer.getvalue()
