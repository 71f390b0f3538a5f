"""Both commands complete themselves in a shell, as docs/cli.rst says."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from parity_tests.environment import ROOT


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("program", ["gru-ref", "gru-parity"])
def test_a_shell_gets_a_completion_script(shell: str, program: str) -> None:
    package = {"gru-ref": "gru_ref.cli", "gru-parity": "parity_tests"}[program]
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    page = (ROOT / "docs" / "cli.rst").read_text(encoding="utf-8")
    assert variable in page
    done = subprocess.run(
        [sys.executable, "-m", package],
        env={**os.environ, variable: f"{shell}_source"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert program in done.stdout
    assert "complet" in done.stdout


def test_options_are_completed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gru_ref.cli"],
        env={
            **os.environ,
            "_GRU_REF_COMPLETE": "bash_complete",
            "COMP_WORDS": "gru-ref diff --th",
            "COMP_CWORD": "2",
        },
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["plain,--theirs"]
