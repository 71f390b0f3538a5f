"""Runs the recorder in the environment of each writer; what an earlier run has written is kept."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from parity_tests.environment import ROOT
from parity_tests.runner.file_kinds.writers import KindWriter

# One thread a process, and nothing that depends on the machine.
_VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONPATH": str(ROOT),
}


def record(writer: KindWriter, python: Path, folder: Path) -> None:
    """Write every file of one writer that is not in the folder.

    Raises
    ------
    RuntimeError
        The recorder ends before it is done; it says what it says.
    """
    command = [
        str(python), "-W", "ignore", "-m", "parity_tests.recording.files.live_file_kinds",
        str(folder), "--keras", writer.package, "--kinds", ",".join(writer.kinds),
    ]  # fmt: skip
    environment = {**os.environ, **_VARIABLES, **dict(writer.variables)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the recorder of {writer.name} fails:\n{done.stderr[-2000:]}")
