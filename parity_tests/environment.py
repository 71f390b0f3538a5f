"""Where the suite runs: in a clone, or installed in somebody else's environment."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# The folder around the package: of a clone, its root.
ROOT = PACKAGE.parent
# Beside the package in a clone; a wheel carries what the live run reads inside it.
FIXTURES = PACKAGE / "fixtures" if (PACKAGE / "fixtures").is_dir() else ROOT / "fixtures"
CLONE = ROOT if (ROOT / "pyproject.toml").is_file() else None

# The interpreter that make compares with unless another is named.
OWN_KERAS = ".venv-keras/bin/python"

# A command as the shell of the system takes it.
_quoted = subprocess.list2cmdline if os.name == "nt" else shlex.join

_compared: dict[str, str] = {}
_drift: list[str] = []


def report_folder() -> Path:
    """Return where a report goes unless its folder is named."""
    return Path("build/parity" if Path.cwd() == CLONE else "gru-parity")


def remember(keras_python: str, keras_from: str, *, release: str = "") -> None:
    """Keep which Keras this process compares with: `again` names it.

    Parameters
    ----------
    release : str
        The one of `make drift` that it is; empty where it is none of those.
    """
    _compared.update({"--keras-python": keras_python, "--keras-from": keras_from})
    _drift[:] = [release] if release else []


def again(what: str, target: str = "parity") -> str:
    """Return the command that runs one case, or one other test, again.

    Parameters
    ----------
    what : str
        ``ORACLE:ID``, as a disagreement names it, or the name of a test.
    target : str
        The one of make that has the case.
    """
    named = re.search(r"keras[23]:.+", what)
    case = named.group() if named else ""
    if case and _drift:
        arguments = shlex.join(["--only", *_drift, "--case", case.partition(":")[2]])
        return f"make drift ARGS={shlex.quote(arguments)}"
    if CLONE and case and not _compared.get("--keras-from"):
        return " ".join(["make", target, *_keras_python_of_make(CLONE), f"CASE={case}"])
    command = ["python", "-m", "parity_tests"] if CLONE else ["gru-parity"]
    for option, value in _compared.items():
        if value and (option, value) != ("--keras-python", sys.executable):
            command += [option, value]
    return _quoted([*command, *(["--case", case] if case else ["-k", what])])


def _keras_python_of_make(clone: Path) -> list[str]:
    """Return what make has to be told to take the same interpreter."""
    python = _compared.get("--keras-python", "")
    if os.sep in python:
        # make runs in the clone. Links stay: that of a virtual environment leads out of it.
        python = os.path.abspath(python)
    if python in ("", str(clone / OWN_KERAS)):
        return []
    return [f"KERAS_PYTHON={shlex.quote(python)}"]
