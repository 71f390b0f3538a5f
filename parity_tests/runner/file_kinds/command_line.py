"""`gru-ref run` on one file: the same numbers as `load_layers`, and the same assumptions said."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from gru_ref import load_layers
from gru_ref.cli.group import command
from parity_tests.runner.file_kinds.judging import (
    ARGUMENTS,
    FileOutcome,
    RecordedCase,
    first_output,
)


def differences(path: Path, recorded: RecordedCase, outcome: FileOutcome) -> list[str]:
    """Return a sentence for each way in which `gru-ref run` does other than `load_layers`."""
    if outcome.error is None and outcome.verdict != "refused":
        return []  # nothing is computed
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["run", str(path), "-o", f"{folder}/y.npz"]
        for option, name in (
            ("--inputs", "x"), ("--mask", "mask"), ("--initial-state", "initial_state"),
        ):  # fmt: skip
            if name in recorded.arrays:
                np.save(f"{folder}/{name}.npy", recorded.arrays[name])
                arguments += [option, f"{folder}/{name}.npy"]
        if outcome.verdict == "refused":
            status, told = _run(arguments)
            return [] if status == 2 and told else [f"{path}: is refused, but status {status}"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name, layer = next(iter(load_layers(path).items()))
        arguments += ["--layer", name]
        provenance = layer.provenance
        assumed = [] if provenance is None else [n for n in ARGUMENTS if n in provenance.assumed]
        found = []
        status, told = _run([*arguments, "--strict"])
        if assumed and (status != 2 or Path(f"{folder}/y.npz").exists()):
            found.append(f"{path}: --strict with assumptions has status {status}")
        status, told = _run([*arguments, "--force"])
        if status:
            return [*found, f"{path}: status {status}: {told}"]
        unsaid = [one for one in assumed if one not in told]
        if unsaid:
            found.append(f"{path}: standard error does not say {', '.join(unsaid)}")
        with np.load(f"{folder}/y.npz") as file:
            output = file["output"]
    arrays: Any = recorded.arrays
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = first_output(
            layer(arrays["x"], arrays.get("initial_state"), mask=arrays.get("mask"))
        )
    if not np.array_equal(output, expected):
        found.append(f"{path}: the command computes other numbers than load_layers")
    return found


def _run(arguments: list[str]) -> tuple[Any, str]:
    """Return the status of a command and what it wrote on standard error."""
    err = io.StringIO()
    status: Any = 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        try:
            command(arguments, prog_name="gru-ref")
        except SystemExit as ended:
            status = ended.code or 0
    return status, " ".join(err.getvalue().split())
