"""Write files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write files to temporary ones beside them, which take their names once all are complete.

    Raises
    ------
    OSError
        One cannot be written, which it names; then no name is taken.
    """
    written: dict[Path, Path] = {}
    try:
        for path, data in contents.items():
            with _naming(path):
                descriptor, name = tempfile.mkstemp(prefix=".gru-ref-", dir=path.parent)
                written[path] = Path(name)
                with open(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                # mkstemp makes it private: as open() would have made it
                os.chmod(name, 0o666 & ~_umask())
        for path in contents:
            with _naming(path):
                os.replace(written[path], path)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name `path` in what cannot be written, which the user gave, and not the temporary file."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _umask() -> int:
    """Return the umask, which can be read only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
