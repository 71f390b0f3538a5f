"""The commands of docs/vectors.md print what the page shows."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from parity_tests.environment import ROOT
from parity_tests.reporting.doc_commands import blocks_of, differences
from parity_tests.tests.support.cli_runner import invoke

# Numbers of float32, which another compiler or processor rounds otherwise.
AGREE = 1e-3


def test_every_command_prints_what_the_page_shows(
    cc: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("model.h5", "x.npy"):
        shutil.copy(ROOT / "fixtures" / "debugging" / path, tmp_path)
    shutil.copy(Path(__file__).with_name("gru.c"), tmp_path)
    ran = []
    for block in blocks_of(ROOT / "docs" / "vectors.md"):
        if block.language == "python":
            exec(block.text, {})
        for command, shown in block.commands():
            program, *arguments = shlex.split(command)
            ran.append(program)
            if program == "gru-ref":
                ended = invoke(*arguments)
                printed = ended.out
                assert ended.status == int("Different" in printed), command
                assert max(map(len, printed.splitlines())) <= 80
            else:
                words = [*cc, *arguments] if program == "cc" else shlex.split(command)
                if ">" in words:
                    *words, _, target = words
                    Path(target).write_bytes(subprocess.run(words, capture_output=True).stdout)
                    printed = ""
                else:
                    printed = subprocess.run(words, capture_output=True, text=True).stdout
            assert not differences(shown, printed, AGREE), (command, printed)
    assert {"gru-ref", "cc", "./gru"} <= set(ran)
