"""Write files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
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
        _take_names(written)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def _take_names(written: Mapping[Path, Path]) -> None:
    """Rename temporary files, all or none: Windows refuses the name of a file that is open."""
    old: dict[Path, Path] = {}
    taken: list[Path] = []
    try:
        for path, temporary in written.items():
            with _naming(path):
                if len(written) > 1 and path.is_file():
                    old[path] = Path(shutil.copy2(path, f"{temporary}-old"))
                os.replace(temporary, path)
            taken.append(path)
    except OSError:
        for path in taken:
            if path in old:
                os.replace(old[path], path)
            else:
                path.unlink()
        raise
    finally:
        for copy in old.values():
            copy.unlink(missing_ok=True)


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
