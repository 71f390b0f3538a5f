"""What depends on the system, with a system made to lack it: none other than this one is run."""

from __future__ import annotations

import errno
import io
import mmap
import os
import shlex
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import atomic_write
from gru_ref.cli import group
from gru_ref.files.formats import hdf5
from parity_tests import environment
from parity_tests.environment import ROOT
from parity_tests.tests.support.cli_files import NPZ

# What POSIX has and Windows lacks, and modules of the standard library that only POSIX has.
_PROGRAM = """
import builtins, contextlib, io, os, pkgutil, signal, sys, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore", EncodingWarning)  # Numba reads what processor this is
    import numba
import click, numpy, pytest, rich.console, rich.progress  # what others need of POSIX stays theirs
for module, names in {
    os: "fork forkpty killpg getpgid setpgid setsid getuid geteuid getloadavg mkfifo O_NONBLOCK "
        "sched_getaffinity sched_setaffinity",
    signal: "SIGKILL SIGALRM SIGHUP SIGUSR1 pthread_sigmask",
}.items():
    for name in names.split():
        delattr(module, name)
real = builtins.__import__

def on_windows(name, globals=None, *more, **named):
    importer = (globals or {}).get("__name__", "")
    if importer.startswith(("gru_ref", "parity_tests")):
        assert name not in ("fcntl", "grp", "pwd", "resource", "termios"), importer
    return real(name, globals, *more, **named)

builtins.__import__ = on_windows
import gru_ref.cli.group
modules = [one.name for one in pkgutil.walk_packages(gru_ref.__path__, "gru_ref.")]
for name in modules:
    if not name.endswith("__main__"):
        __import__(name)
from parity_tests.runner import command, matrix_run, plugin
from gru_ref.cli.group import command
command(sys.argv[1:], prog_name="gru-ref")
"""


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    (layer,) = gru_ref.load_layers(NPZ).values()
    path = tmp_path / "x.npy"
    np.save(path, np.ones((2, 3, layer.weight_shapes()["kernel"][0]), "float32"))
    return path


def test_nothing_is_asked_of_posix_and_no_encoding_is_left_to_the_system(
    inputs: Path, tmp_path: Path
) -> None:
    written = tmp_path / "y.npz"
    strict = ["-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    arguments = ["run", NPZ, "--inputs", inputs, "-o", written]
    ended = subprocess.run(
        [sys.executable, *strict, "-c", _PROGRAM, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert written.is_file()


# ---- files


def _refuse(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make `os.replace` refuse names, as Windows does where a file is open elsewhere."""
    replace = os.replace

    def windows_replace(source: Any, target: Any) -> None:
        if Path(target).name in names and not str(source).endswith("-old"):
            raise PermissionError(errno.EACCES, "Access is denied", str(source), None, str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", windows_replace)


def test_a_name_that_is_refused_leaves_every_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, refused = (tmp_path / name for name in ("old", "new", "refused"))
    old.write_bytes(b"before")
    refused.write_bytes(b"open elsewhere")
    _refuse(monkeypatch, "refused")
    with pytest.raises(PermissionError):
        atomic_write.write_all({old: b"1", new: b"2", refused: b"3"})
    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert contents == {"old": b"before", "refused": b"open elsewhere"}
    monkeypatch.undo()
    atomic_write.write_all({old: b"1", new: b"2", refused: b"3"})
    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert contents == {"old": b"1", "new": b"2", "refused": b"3"}


def test_nothing_of_a_file_stays_open_once_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows neither renames over a mapped file nor removes it."""
    maps: list[weakref.ref[Any]] = []

    class RecordedMap(mmap.mmap):
        def __init__(self, *_: Any, **__: Any) -> None:
            maps.append(weakref.ref(self))

    monkeypatch.setattr(hdf5.mmap, "mmap", RecordedMap)
    files = sorted((ROOT / "fixtures").rglob("*.h5"))[:8]
    for file in files:
        gru_ref.load_layers(file)
    assert len(maps) > 3
    assert [one() for one in maps] == [None] * len(maps)


# ---- the command line


class _ClosedPipe(io.StringIO):
    """Standard output that nobody reads any more, as Windows tells."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    def fileno(self) -> int:
        return -1


@pytest.mark.parametrize(("windows", "status"), [(True, 1), (False, 2)])
def test_a_pipe_that_windows_calls_invalid_is_closed(
    windows: bool, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirected: list[int] = []
    monkeypatch.setattr(group, "_ON_WINDOWS", windows)
    monkeypatch.setattr(os, "dup2", lambda _new, old: redirected.append(old))
    monkeypatch.setattr(sys, "stdout", _ClosedPipe())
    with pytest.raises(SystemExit) as ended:
        group.command(["layouts"], prog_name="gru-ref")
    assert (ended.value.code, redirected) == (status, [-1] * windows)


def test_a_command_is_quoted_as_the_systems_shell_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "CLONE", None)
    monkeypatch.setattr(environment, "_compared", {"--keras-python": "C:\\Program Files\\python"})
    monkeypatch.setattr(environment, "_quoted", subprocess.list2cmdline)
    said = environment.again("keras3:mask-holes")
    assert said == 'gru-parity --keras-python "C:\\Program Files\\python" --case keras3:mask-holes'
    monkeypatch.setattr(environment, "_quoted", shlex.join)
    assert "'C:\\Program Files\\python'" in environment.again("keras3:mask-holes")
