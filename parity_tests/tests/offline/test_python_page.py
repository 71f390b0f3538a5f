"""The Python of docs/python.md runs, and prints what stands below it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

import gru_ref
from parity_tests.environment import ROOT
from parity_tests.reporting.doc_commands import differences

PAGE = ROOT / "docs" / "python.md"
_REPORTS = "Difference", "Trace", "Lint", "Diagnosis", "GoldenVectors"
BLOCKS = re.findall(r"```(python|text)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_every_block_prints_what_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    compared = 0
    for (language, block), (after, shown) in pairwise([*BLOCKS, ("", "")]):
        if language != "python":
            continue
        exec(block, names)
        printed = capsys.readouterr().out
        if printed:
            assert after == "text"
            assert not differences(shown, printed, 0.0), block
            compared += 1
    assert compared == 3
    with pytest.raises(AssertionError, match=r"^the port starts from zeros"):
        names["test_port"]()


def test_the_table_names_every_tool_that_returns_a_report() -> None:
    table = re.findall(r"^\| `gru_ref\.(\w+)\(.*`(\w+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    for name, result in table:
        assert getattr(gru_ref, name).__annotations__["return"] == result
    tools = {
        name
        for name in gru_ref.__all__
        if hasattr(value := getattr(gru_ref, name), "__annotations__")
        and value.__annotations__.get("return") in _REPORTS
    }
    assert {name for name, _ in table} == {*tools, "inspect"}
