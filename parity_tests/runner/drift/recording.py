"""What a release leaves in fixtures/ beside its cells: configs, and model files of every format.

What is there already stays: a file written again differs in its dates.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from parity_tests.environment import FIXTURES, ROOT
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import keras_version_of
from parity_tests.oracles.worker import ENVIRONMENT
from parity_tests.recording import record_configs, recorded_configs
from parity_tests.recording.files.record_exports import RECORDED
from parity_tests.recording.files.record_files import KEPT
from parity_tests.runner.drift.releases import DriftRelease


def record(release: DriftRelease, python: Path) -> None:
    """Write what is missing of one release.

    Raises
    ------
    RuntimeError
        A recorder fails, or says what it could not write.
    """
    with Oracle(release.oracle, str(python), release.generation) as oracle:
        description = oracle.describe()
        version = keras_version_of(description)
        if not (recorded_configs.FOLDER / f"{version}.json").exists():
            record_configs.record(oracle)
    package = _package(release)
    files = FIXTURES / "files"
    keras = str(description["keras"])
    if f"{package}-{keras}" in KEPT and not (files / "keras" / f"{package}-{keras}").exists():
        _run(python, "record_files", files / "keras", package, "--kept")
    if keras in RECORDED and not (files / f"exports-{keras}.tar.xz").exists():
        _run(python, "record_exports", files, package)


def _package(release: DriftRelease) -> str:
    """Return what the recorders call the Keras of a release."""
    if release.generation == 3:
        return "keras"
    return "tf_keras" if release.name.startswith("tf_keras") else "tf.keras"


def _run(python: Path, recorder: str, out: Path, package: str, *options: str) -> None:
    module = f"parity_tests.recording.files.{recorder}"
    command = [str(python.absolute()), "-m", module, str(out), "--keras", package, *options]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **ENVIRONMENT},
        check=False,
    )  # fmt: skip
    if done.returncode or "all written" not in done.stdout:
        raise RuntimeError(f"{recorder} with {python} fails:\n{done.stdout}{done.stderr[-2000:]}")
