"""The tool that counts the files of a folder fails where a file is not as the live model was."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from parity_tests.recording.files.recorded_files import ROOT
from parity_tests.tests.files import compare_files

RELEASE = ROOT / "keras-3.15.1"


@pytest.mark.filterwarnings("ignore")
class TestCompareFiles:
    """Its exit status."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["compare_files", str(tmp_path)])
        self.release = tmp_path / RELEASE.name
        self.release.mkdir()

    def test_a_folder_without_files_is_a_failure(self) -> None:
        assert compare_files.main() == 1

    def test_a_file_beside_the_expectations_of_another_is_a_failure(self) -> None:
        shutil.copy(RELEASE / "trained.model.keras", self.release)
        assert compare_files.main() == 1  # nothing is expected of it
        shutil.copy(RELEASE / "trained.expected.npz", self.release)
        assert compare_files.main() == 0
        shutil.copy(RELEASE / "eleven.expected.npz", self.release / "trained.expected.npz")
        assert compare_files.main() == 1
