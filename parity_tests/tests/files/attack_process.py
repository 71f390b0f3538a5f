"""Reads attack files in a process of its own and prints what it did, as JSON.

``python -m parity_tests.tests.files.attack_process FOLDER < PATHS``: FOLDER holds the files, PATHS
is JSON, the path of each attack.

``forbidden`` are the events of Python's audit hooks that reading a file may not raise; ``memory``
is by how many bytes each attack raised the peak of the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import warnings
from pathlib import Path
from typing import Any

from gru_ref import Limits, MalformedFileError, load_layers

LIMITS = Limits(max_bytes=16 << 20)
# Events by which code runs, files change, or the network is reached.
FORBIDDEN = (
    "compile", "exec", "import", "marshal", "os.", "pickle", "shutil", "socket", "subprocess",
    "pty", "ctypes", "tempfile", "urllib",
)  # fmt: skip
HARMLESS = ("os.listdir", "os.scandir")
PROCESS = Path("/proc/self")


class Watch:
    """An audit hook that keeps what is forbidden while it is on."""

    def __init__(self) -> None:
        self.folder: str | None = None
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one event."""
        if self.folder is None or event in HARMLESS:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            inside = str(path).startswith(self.folder) or isinstance(path, int)
            if writes or not inside or "secret" in os.path.basename(str(path)):
                self.seen.append(f"open {path} {mode}")
        elif event.startswith(FORBIDDEN):
            self.seen.append(f"{event} {arguments!r:.100}")


def peak(*, forget: bool = False) -> int:
    """Return the most memory that the process has held, in bytes, maybe forgetting it first."""
    if not PROCESS.exists():  # here an earlier peak hides lower ones
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if forget:
        (PROCESS / "clear_refs").write_text("5")
    status = dict(line.split(":", 1) for line in (PROCESS / "status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


def _read(path: str) -> None:
    with contextlib.suppress(MalformedFileError):
        load_layers(path, limits=LIMITS)


def main() -> None:
    """Read all of them and report."""
    warnings.simplefilter("ignore")
    folder, paths = sys.argv[1], json.load(sys.stdin)
    memory: dict[str, int] = {}
    watch = Watch()
    sys.addaudithook(watch)
    # The first time each costs its memory; the second time everything is imported.
    for name, path in paths.items():
        before = peak(forget=True)
        _read(path)
        memory[name] = peak() - before
    watch.folder = folder
    for path in paths.values():
        _read(path)
    watch.folder = None
    print(json.dumps({"forbidden": watch.seen, "memory": memory}))


if __name__ == "__main__":
    main()
