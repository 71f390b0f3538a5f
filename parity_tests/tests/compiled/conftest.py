"""The C compiler."""

from __future__ import annotations

import os
import shlex
import shutil

import pytest


@pytest.fixture(scope="session")
def cc() -> list[str]:
    """Return the command of the C compiler, which ``CC`` names."""
    named = os.environ.get("CC", "cc")
    command = shlex.split(named)
    if not command or shutil.which(command[0]) is None:
        pytest.fail(f"CC is {named!r}, which is no command here, expected a C compiler", False)
    return command
