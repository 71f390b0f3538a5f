"""The README's Python runs, as it stands there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from parity_tests.environment import ROOT

README = ROOT / "README.md"


def test_every_block_runs_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(README.parent)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    printed = capsys.readouterr().out
    assert len(blocks) == 3
    assert printed.startswith("(2, 3, 5) [")
    for line in re.findall(r"print\(.*?# (\(.*)$", "".join(blocks), re.MULTILINE):
        assert line in printed
