"""`gru-parity --keras-from` on a source tree of Keras with one line of its GRU changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parity_tests.runner import live_run
from parity_tests.tests.live.each_case import for_each

ORACLES = ("keras2", "keras3")
PACKAGES = {"keras2": "tf_keras", "keras3": "keras"}
PLACE = Path("src", "layers", "rnn", "gru.py")
RIGHT, WRONG = "z * h_tm1 + (1 - z) * hh", "(1 - z) * h_tm1 + z * hh"
# Golden, so that three sources are compared; unrolled, so that Keras 2 takes the line changed.
CASE = "double+reset_after-false+unroll-true+initial_state-given+timesteps-1"


def _tree(oracle: str, folder: Path) -> Path:
    """Lay the oracle's own Keras into a folder: links, but for the file of its GRU."""
    package = PACKAGES[oracle]
    code = f"import importlib.util as u; print(u.find_spec({package!r}).origin)"
    python = live_run.oracle(oracle).python
    asked = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    source, made = Path(asked.stdout.strip()).parent, folder / package
    for part in PLACE.parts:
        made.mkdir(parents=True)
        for entry in source.iterdir():
            if entry.name not in (part, "__pycache__"):
                (made / entry.name).symlink_to(entry)
        source, made = source / part, made / part
    made.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    return made


def _report(oracle: str, folder: Path) -> tuple[int, str, dict[str, Any]]:
    """Return the exit status of the command on a tree, what it printed, and its report."""
    ran = subprocess.run(
        [
            sys.executable, "-m", "parity_tests", "--case", f"{oracle}:{CASE}",
            "--keras-python", live_run.oracle(oracle).python,
            "--keras-from", str(folder), "--report", str(folder),
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return ran.returncode, ran.stdout, report


class TestCheckouts:
    """A source tree, as it is and with z and 1 - z swapped."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @for_each(ORACLES)
    def test_one_changed_line_is_a_drift_that_is_named(self, oracle: str) -> None:
        gru = _tree(oracle, self.folder)
        status, printed, report = _report(oracle, self.folder)
        assert (status, report["verdict"]) == (0, "parity"), printed
        assert f"its GRU is {gru.resolve()}" in printed
        text = gru.read_text(encoding="utf-8")
        assert RIGHT in text
        gru.write_text(text.replace(RIGHT, WRONG), encoding="utf-8")
        status, printed, report = _report(oracle, self.folder)
        assert (status, report["verdict"]) == (1, "Keras drifted"), printed
        assert report["oracles"][oracle]["looks_like"] == {"1 - z for z": 1}
