"""Which oracles a run compares with: those of an interpreter, or the one of a source tree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from parity_tests.oracles.checkout import find
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import GENERATIONS

NEEDED = {"keras2": "tf_keras", "keras3": "keras 3 or later"}
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
    try:
        asked = subprocess.run([python, str(INSTALLED)], capture_output=True, text=True)
    except OSError as error:
        raise ValueError(f"--keras-python is {python}, which cannot be started: {error}") from None
    if asked.returncode:
        raise ValueError(f"--keras-python is {python}, which fails:\n{asked.stderr}")
    try:
        found = json.loads(asked.stdout)
        installed = {name: found[name] for name in GENERATIONS}
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"--keras-python is {python}, which prints {asked.stdout[:80]!r} when it is to run "
            f"{INSTALLED.name}, expected a Python"
        ) from None
    names = list(wanted) or sorted(GENERATIONS)
    return Choice(
        {name: installed[name] for name in names if installed[name]},
        [
            f"not compared: {name}: {python} lacks tensorflow or {NEEDED[name]}, expected both"
            for name in names
            if not installed[name]
        ],
    )


def check_source(python: str, keras_from: str) -> str:
    """Return the file that the GRU of a source tree's worker came from; the worker has ended.

    Raises
    ------
    OracleError
        The worker cannot import the tree, or imports another Keras.
    """
    tree = find(keras_from)
    with Oracle(tree.oracle, python, tree.generation, package=tree.package) as oracle:
        oracle.describe()
        return oracle.source
