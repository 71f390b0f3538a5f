"""Where the suite runs: in a clone, or installed in somebody else's environment."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Beside the package in a clone; a wheel carries what the live run reads inside it.
FIXTURES = HERE / "fixtures" if (HERE / "fixtures").is_dir() else HERE.parent / "fixtures"
CLONE = HERE.parent if (HERE.parent / "pyproject.toml").is_file() else None

_options: list[str] = []


def report_folder() -> Path:
    """Return where a report goes unless its folder is named."""
    return Path("build/parity" if Path.cwd() == CLONE else "gru-parity")


def remember(keras_python: str, keras_from: str) -> None:
    """Keep which Keras this process compares with: `again` names it."""
    _options[:] = [] if keras_python == sys.executable else ["--keras-python", keras_python]
    if keras_from:
        _options.extend(["--keras-from", keras_from])


def again(what: str) -> str:
    """Return the command that runs one case, or one other test, again.

    Parameters
    ----------
    what : str
        ``ORACLE:ID``, as a disagreement names it, or the name of a test.
    """
    named = re.search(r"keras[23]:.+", what)
    case = named.group() if named else ""
    if CLONE and case and "--keras-from" not in _options:
        return f"make parity CASE={case}"
    command = ["python", "-m", "parity_tests"] if CLONE else ["gru-parity"]
    return shlex.join([*command, *_options, *(["--case", case] if case else ["-k", what])])
