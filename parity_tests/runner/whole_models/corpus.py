"""The models below build/whole-models: what wrote each, and what is expected of it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parity_tests.environment import ROOT
from parity_tests.oracles.worker import ENVIRONMENT
from parity_tests.recording.files.live_whole_keras_1 import KERAS_1
from parity_tests.recording.files.live_whole_models import KERAS_2
from parity_tests.runner.whole_models.writers import Writer

ENDINGS = ("h5", "keras", "saved_model")


@dataclass(frozen=True)
class WrittenModel:
    """One file of a model, and what is recorded of it.

    Parameters
    ----------
    path : Path
    expected : Path
        The ``.npz`` with its inputs and outputs.
    writer, architecture, ending : str
    not_carried : tuple of str
        Names of the layers that Keras 3 cannot have: `convert` is to name each, and write nothing.
    perhaps : tuple of str
        Names of layers that may be refused by name instead of being carried.
    says : tuple of str
        Words that the report of the conversion has to have.
    """

    path: Path
    expected: Path
    writer: str
    architecture: str
    ending: str
    not_carried: tuple[str, ...]
    perhaps: tuple[str, ...]
    says: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name of the model in reports."""
        return f"{self.writer}/{self.architecture}.{self.ending}"


def record(writer: Writer, python: Path, folder: Path) -> None:
    """Write the models of one release that are not there yet.

    Raises
    ------
    RuntimeError
        The recorder ends before it says that all is done.
    """
    module = "parity_tests.recording.files.record_whole_models"
    command = [
        *(str(python.absolute()), "-m", module, str(folder.absolute())),
        *("--keras", writer.package),
    ]
    for variables in writer.passes(folder.parent / "theano"):
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, **ENVIRONMENT, **variables},
        )  # fmt: skip
        if done.returncode or "all done" not in done.stdout:
            raise RuntimeError(f"the recorder fails with {python}:\n{done.stderr[-2000:]}")


def models(folder: Path, writer: str) -> Iterator[WrittenModel]:
    """Yield the files of one release."""
    for expected in sorted((folder / writer).glob("*.npz")):
        if expected.name.endswith(".partial.npz"):
            continue
        with np.load(expected) as arrays:
            about = json.loads(str(arrays["about"]))
        function = (KERAS_1 if about["keras"].startswith("1.") else KERAS_2)[expected.stem]
        for ending in ENDINGS:
            path = expected.with_suffix(f".{ending}")
            if path.exists():
                yield WrittenModel(
                    path, expected, writer, expected.stem, ending,
                    function.not_carried, function.perhaps, function.says,
                )  # fmt: skip


def digest(*paths: Path) -> str:
    """Return a hash of files, and of the files in folders."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                total.update(file.read_bytes())
    return total.hexdigest()[:16]
