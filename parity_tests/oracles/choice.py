"""Which oracles a run compares with: those of an interpreter, or the one of a source tree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from parity_tests.oracles.checkout import find
from parity_tests.oracles.pool import GENERATIONS

NEEDED = {"keras2": "tf_keras", "keras3": "keras 3 or later"}
# The Pythons that a worker runs in: those of the releases in the ledger.
OLDEST_PYTHON = (3, 7)
ANSWER_TIMEOUT = 60.0  # seconds, for a Python on a slow disk
INSTALLED = Path(__file__).with_name("installed.py")


class Choice(NamedTuple):
    """The oracles to compare with, each with what it is, and a sentence on each that is missing."""

    found: dict[str, str]
    missing: list[str]


def choose(python: str, wanted: Sequence[str] = (), keras_from: str = "") -> Choice:
    """Return which of the wanted oracles there are; all of them if none is named.

    Parameters
    ----------
    python : str
        The interpreter that has TensorFlow, and Keras unless `keras_from` is given.
    wanted : sequence of str
        ``"keras2"``, ``"keras3"``.
    keras_from : str
        A source tree of Keras; it has one generation, and its interpreter need have none.

    Raises
    ------
    ValueError
        The interpreter cannot be run or is no Python, the folder holds no Keras, or it is of a
        generation that is not wanted.
    """
    if keras_from:
        tree = find(keras_from)
        if wanted and tree.oracle not in wanted:
            raise ValueError(
                f"--oracle is {' and '.join(wanted)}, expected {tree.oracle}: --keras-from "
                f"{keras_from} is {tree}"
            )
        return Choice({tree.oracle: str(tree)}, [])
    installed = _installed(python)
    names = list(wanted) or sorted(GENERATIONS)
    found = {name: installed[name] for name in names if installed[name]}
    hint = "" if found else "; --keras-python names a Python that has both"
    if not installed["tensorflow"]:
        return Choice(found, [f"{python} has neither tensorflow nor a Keras on it{hint}"])
    return Choice(
        found,
        [
            f"{name}: {python} has tensorflow, but no {NEEDED[name]}{hint}"
            for name in names
            if not installed[name]
        ],
    )


def _installed(python: str) -> dict[str, Any]:
    """Return what `installed.py` prints when an interpreter runs it.

    Raises
    ------
    ValueError
        It cannot be run, is no Python, or is too old a one.
    """
    given = f"--keras-python is {python}"
    try:
        asked = _run(python, str(INSTALLED))
        said = _run(python, "-c", _VERSION).stdout if asked.returncode else asked.stdout
    except OSError as error:
        raise ValueError(f"{given}, which cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{given}, which does not answer within {ANSWER_TIMEOUT:g} s, expected a Python"
        ) from None
    try:
        found = json.loads(said)
        version = str(found["python"])
        too_old = tuple(map(int, version.split(".")[:2])) < OLDEST_PYTHON
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"{given}, expected a Python: asked which Kerases it has, it "
            f"{_answer(asked)} (exit status {asked.returncode})"
        ) from None
    if too_old:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise ValueError(f"{given}, which is Python {version}, expected {oldest} or newer")
    if asked.returncode:
        raise ValueError(
            f"{given}, a Python that cannot say which Kerases it has: {_answer(asked)}"
        )
    return dict(found)


# In a form that Python 2 prints as well.
_VERSION = """import sys; print('{"python": "%d.%d.%d"}' % tuple(sys.version_info[:3]))"""


def _answer(asked: subprocess.CompletedProcess[str]) -> str:
    """Return what a program answered: its last line on standard error, or its first letters."""
    lines = asked.stderr.strip().splitlines()
    if lines:
        return f"says {lines[-1][:200]!r}"
    return f"prints {asked.stdout[:80]!r}"


def _run(python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=ANSWER_TIMEOUT,
    )
