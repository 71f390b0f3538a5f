"""The story of docs/debugging.md happens as it is told: its commands print what it shows.

The one command that draws needs matplotlib and is run by
`parity_tests/tests/runtimes/test_picture.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import gru_ref
from parity_tests.environment import ROOT
from parity_tests.reporting.doc_commands import FencedBlock, blocks_of, differences
from parity_tests.tests.support.cli_files import arrays_of
from parity_tests.tests.support.page_commands import follow

FILES = ROOT / "fixtures" / "debugging"
BLOCKS = blocks_of(ROOT / "docs" / "debugging.md")
# Numbers of float32, which another NumPy or processor rounds otherwise, printed with 2 to 9 digits.
AGREE = 1e-3


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with the files that the story begins with."""
    for path in FILES.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _script(name: str) -> str:
    """Return the Python block whose first line is its file name."""
    (text,) = (block.text for block in BLOCKS if block.text.startswith(f"# {name}\n"))
    return text


def _happen(block: FencedBlock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a block of the page says, and compare what it prints."""
    if block.language == "diff":
        old, new = (line[1:] for line in block.text.splitlines())
        text = Path("port.py").read_text(encoding="utf-8")
        assert text.count(old) == 1
        Path("port.py").write_text(text.replace(old, new), encoding="utf-8")
    for command, shown in block.commands():
        status, printed, err = follow(command, monkeypatch)
        fails = "Different" in printed or "not seen" in printed
        assert (status, err) == (int(fails), ""), command
        assert max(map(len, printed.splitlines()), default=0) <= 80
        assert not differences(shown, printed, AGREE), command


def test_every_command_prints_what_the_page_shows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "port.py").write_text(_script("port.py"), encoding="utf-8")
    for block in BLOCKS:
        if block.is_run:
            _happen(block, monkeypatch)
    with np.load("port.npz") as port, np.load("trace.npz") as trace:
        np.testing.assert_allclose(port["z"], trace["z"], rtol=0, atol=1e-6)


def test_only_the_picture_is_left_to_another_test() -> None:
    (block,) = (block for block in BLOCKS if not block.is_run)
    ((command, _),) = block.commands()
    assert "--picture debugging-gates.png" in command
    assert (ROOT / "docs" / "images" / "debugging-gates.png").is_file()


def test_the_weights_are_what_the_export_by_hand_makes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (layer,) = gru_ref.load_layers("model.h5").values()
    model = SimpleNamespace(get_layer={"gru": layer}.get)
    recorded = arrays_of(Path("weights.npz"))
    exec(_script("export.py"), {"np": np, "model": model})
    np.testing.assert_equal(arrays_of(Path("weights.npz")), recorded)
