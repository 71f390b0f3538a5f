"""The environments of `RELEASES`, made by uv: one a host, and a thin one for each overlay.

uv links files from its cache, and an overlay borrows TensorFlow from its host through a .pth file,
so that all of them together take little more than one copy of each TensorFlow.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from parity_tests.runner.drift.releases import HOSTS, DriftRelease, HostEnvironment

_BUILT = ".ready"


class MissingInterpreterError(LookupError):
    """No Python of the version that a release needs is found."""


class SetUpError(RuntimeError):
    """An environment cannot be made."""


def add_uv(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how uv is run."""
    parser.add_argument(
        "--uv", type=shlex.split, default=shlex.join([sys.executable, "-m", "uv"]),
        help="command that runs uv (default: %(default)s)",
    )  # fmt: skip


@dataclass(frozen=True)
class Environments:
    """The environments below one folder: one a host and one an overlay, by name.

    Parameters
    ----------
    folder : Path
    uv : sequence of str
        The command of uv.
    """

    folder: Path
    uv: Sequence[str]

    def python_of(self, release: DriftRelease) -> Path:
        """Return the interpreter that owns the release, its environment made if it is not there.

        Raises
        ------
        MissingInterpreterError
            See `interpreter`.
        SetUpError
            What uv says.
        """
        python = self.host(release.host, HOSTS[release.host])
        if not release.overlay:
            return python
        place = self.folder / release.name
        key = _key(release.overlay, HOSTS[release.host])
        if not _is_ready(place, key):
            self._make(place, python)
            self._install(place, "--no-deps", *release.overlay)
            # After the overlay's own folder, so that its Keras is found first. A path that is not
            # absolute would be one from that folder on.
            line = f"{_packages(python.parent.parent).resolve()}\n"
            (_packages(place) / "host.pth").write_text(line, encoding="utf-8")
            _finish(place, key, "import tensorflow, keras")
        return place / "bin" / "python"

    def host(self, name: str, host: HostEnvironment) -> Path:
        """Return the interpreter of a host, its environment made if it is not there.

        Parameters
        ----------
        name : str
            Of its folder.
        host : HostEnvironment

        Raises
        ------
        MissingInterpreterError, SetUpError
            See `python_of`.
        """
        place = self.folder / name
        key = _key((), host)
        if not _is_ready(place, key):
            self._make(place, self.interpreter(host.python))
            self._install(place, *host.requirements)
            theano = any(one.startswith("theano") for one in host.requirements)
            imports = "import theano" if theano else "import tensorflow; tensorflow.keras.layers"
            _finish(place, key, imports)
        return place / "bin" / "python"

    def interpreter(self, version: str) -> Path:
        """Return a Python of the version "3.7": from PATH, from pyenv, or the one that uv knows.

        Raises
        ------
        MissingInterpreterError
            There is none, or none that starts.
        """
        for candidate in self._candidates(version):
            if version_of(candidate) == version:
                return candidate
        raise MissingInterpreterError(
            f"python{version} is nowhere, expected it on PATH or in pyenv: "
            f"pyenv install {version} brings it"
        )

    def _candidates(self, version: str) -> Iterator[Path]:
        yield Path(sys.executable)
        if found := shutil.which(f"python{version}"):
            yield Path(found)
        root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
        yield from sorted(root.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
        asked = _run(
            [*self.uv, "python", "find", "--no-python-downloads", "--managed-python", version]
        )
        if asked.returncode == 0:
            yield Path(asked.stdout.strip())

    def _make(self, place: Path, python: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        _run_or_fail([*self.uv, "venv", "--quiet", "--python", str(python), str(place)])

    def _install(self, place: Path, *arguments: str) -> None:
        python = str(place / "bin" / "python")
        _run_or_fail([*self.uv, "pip", "install", "--quiet", "--python", python, *arguments])


def version_of(python: Path) -> str | None:
    """Return "3.7" of an interpreter that starts: a shim of pyenv may not."""
    try:
        asked = _run([str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
    except OSError:
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None


def _key(overlay: tuple[str, ...], host: HostEnvironment) -> str:
    return hashlib.sha256(json.dumps([overlay, host]).encode()).hexdigest()[:16]


def _is_ready(place: Path, key: str) -> bool:
    built = place / _BUILT
    return built.exists() and built.read_text(encoding="utf-8") == key


def _finish(place: Path, key: str, imports: str) -> None:
    """Import once, which compiles what is imported, and say that the environment is ready."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    _run_or_fail([str(place / "bin" / "python"), "-c", imports], {**os.environ, **quiet})
    (place / _BUILT).write_text(key, encoding="utf-8")


def _packages(place: Path) -> Path:
    (found,) = place.glob("lib/python*/site-packages")
    return found


def _run(
    command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def _run_or_fail(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = _run(command, environment)
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise SetUpError(f"{' '.join(command[:6])} … fails:\n{tail}")
