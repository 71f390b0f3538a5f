"""The examples of docs/gallery run as they stand there, from their folder.

Those that draw need matplotlib, which is in no environment of `make test`: `make docs` runs every
example and fails on an exception in one of them.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from parity_tests.environment import ROOT

FOLDER = ROOT / "docs" / "gallery"
EXAMPLES = sorted(FOLDER.glob("*.py"))
TEXTS = {path: path.read_text(encoding="utf-8") for path in EXAMPLES}
DRAWING = [path for path, text in TEXTS.items() if "import matplotlib" in text]


@pytest.mark.parametrize(
    "path", [path for path in EXAMPLES if path not in DRAWING], ids=lambda path: path.stem
)
def test_an_example_runs(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_the_site_runs_all_of_them() -> None:
    assert len(EXAMPLES) == 6
    assert len(DRAWING) == 3
    settings = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    assert '"abort_on_example_error": True' in settings
