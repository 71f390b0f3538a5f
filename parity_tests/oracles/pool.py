"""The oracles of one process: started when first asked for, ended with the process."""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from parity_tests.oracles.client import Oracle

GENERATIONS = {"keras2": 2, "keras3": 3}


def keras_version_of(description: dict[str, Any]) -> str:
    """Return what gru_ref calls the Keras that a worker describes.

    The Keras inside TensorFlow up to 2.15 is named by its TensorFlow: 2.3 and 2.4 both write
    ``keras.__version__`` 2.4.0.
    """
    keras, tensorflow = str(description["keras"]), str(description["tensorflow"])
    minor = int(tensorflow.split(".")[1])
    if keras.startswith("2.") and minor <= 15:
        return f"tf-2.{minor}"
    return keras


def provenance_of(description: dict[str, Any]) -> dict[str, Any]:
    """Return what every fixture says of the Keras that it records, by the worker's description."""
    versions = {key: description[key] for key in ("keras", "tensorflow", "python", "numpy")}
    return {"keras_version": keras_version_of(description), "provenance": versions}


class Pool:
    """Oracles by name, for one interpreter; all of the Keras in the folder `package`, if any."""

    def __init__(self, python: str, package: str = "") -> None:
        self.python = python
        self.package = package
        self._oracles: dict[str, Oracle] = {}
        atexit.register(self.close)

    def __getitem__(self, name: str) -> Oracle:
        if name not in self._oracles:
            self._oracles[name] = Oracle(name, self.python, GENERATIONS[name], package=self.package)
        return self._oracles[name]

    def start(self, names: Iterable[str]) -> dict[str, str]:
        """Start the workers of some oracles side by side; return the file of the GRU of each.

        Raises
        ------
        OracleError
            One of them cannot start.
        """
        oracles = [self[name] for name in names]
        with ThreadPoolExecutor() as threads:
            list(threads.map(Oracle.describe, oracles))
        return {oracle.name: oracle.source for oracle in oracles}

    def inside(self) -> dict[str, float]:
        """Return the seconds spent inside each Keras so far."""
        return {name: oracle.inside for name, oracle in self._oracles.items()}

    def close(self) -> None:
        """End every process."""
        for oracle in self._oracles.values():
            oracle.close()
