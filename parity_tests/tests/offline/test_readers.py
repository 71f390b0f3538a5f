"""The pages for each kind of reader hold: their commands print what they show, their Python runs.

A command that installs something or needs live Keras is not run: what it names has to be there.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from parity_tests.environment import ROOT
from parity_tests.reporting.doc_commands import blocks_of, differences
from parity_tests.runner.command import command as gru_parity
from parity_tests.tests.support.page_commands import follow

PAGES = [*sorted((ROOT / "docs" / "readers").glob("*.md")), *(
    ROOT / path for path in ("README.md", "docs/index.md", "docs/layers.md", "docs/parity.md")
)]  # fmt: skip
KERAS = ROOT / "fixtures" / "files" / "keras"
MODELS = {
    "old.h5": "keras-1.2.2/default.model.h5",
    "weights.h5": "tf.keras-2.6.0/hard_sigmoid.weights-alone.h5",
    "model.json": "tf.keras-2.6.0/hard_sigmoid.json",
}
# Numbers of float32, which another NumPy or processor rounds otherwise, printed with 2 to 9 digits.
AGREE = 1e-3


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with the files that the pages name."""
    shutil.copytree(ROOT / "fixtures" / "debugging", tmp_path, dirs_exist_ok=True)
    for name, source in MODELS.items():
        shutil.copy(KERAS / source, tmp_path / name)
    with np.load(KERAS / "keras-1.2.2" / "default.expected.npz") as expected:
        np.save(tmp_path / "x1.npy", expected["x/0"])
    (layer,) = gru_ref.load_layers(tmp_path / "model.h5").values()
    kernel, recurrent_kernel, bias = layer.get_weights()
    order = {"a": kernel.T, "b": recurrent_kernel.T, "c": bias[0], "d": bias[1]}
    swapped = {name: _r_z_h(array) for name, array in order.items()}
    np.savez(tmp_path / "unknown.npz", **swapped)
    port = gru_ref.GRU.from_config(layer.get_config())
    port.build((None, None, 3))
    port.set_weights([_r_z_h(array.T).T for array in (kernel, recurrent_kernel, bias)])
    np.save(tmp_path / "port.npy", port(np.load(tmp_path / "x.npy")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _r_z_h(array: Any) -> Any:
    """Return an array whose rows are the blocks z, r, h with these in the order r, z, h."""
    z, r, h = np.split(array, 3)
    return np.concatenate([r, z, h])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_holds(
    page: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names: dict[str, Any] = {}
    for block in blocks_of(page):
        if block.language == "python":
            exec(block.text, names)
            printed = capsys.readouterr().out
            for line in re.findall(r"print\(.*  # (.*)$", block.text, re.MULTILINE):
                assert line in printed
        for command, shown in block.commands() if block.language == "console" else ():
            if command.startswith(("gru-ref ", "python ")) and shown:
                status, out, err = follow(command, monkeypatch)
                assert status in (0, 1), err
                assert not differences(shown, err + out, AGREE), command
            else:
                _check_named(command)


def _check_named(command: str) -> None:
    """Check that a command which is not run names what there is."""
    program, *arguments = shlex.split(command, comments=True)
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for target in arguments:
            assert "=" in target or re.search(rf"^{target}:", makefile, re.MULTILINE), command
    elif program == "pip":
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        for extra in re.findall(r"(?<=\[).*?(?=\])", command):
            assert all(re.search(rf"^{one} = \[", project, re.M) for one in extra.split(","))
    elif program == "gru-parity":
        known = {option for parameter in gru_parity.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= known, command
    else:
        assert program == "gru-ref", command
