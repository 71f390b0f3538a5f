"""The files in fixtures/files/keras, which `record_files` wrote in live Keras."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gru_ref import GRU
from parity_tests.environment import FIXTURES
from parity_tests.recording.files.record_files import KEPT

ROOT = FIXTURES / "files" / "keras"
# A .json is a config beside them.
NAMES = [f"{r}/{name}" for r, names in KEPT.items() for name in names if ".json" not in name]
NAMES += [f"{r}/{name}" for r, names in KEPT.items() for name in names if ".weights.json" in name]

Array = np.ndarray[Any, Any]


def apart(y: Array, expected: Array) -> float:
    """Return the distance in eps32 · max(1, |expected|)."""
    assert y.shape == expected.shape
    eps = np.finfo(np.float32).eps
    return float((np.abs(y - expected) / np.maximum(1, np.abs(expected))).max() / eps)


def _chain(layers: Sequence[GRU], x: Array) -> Array:
    """Return the output of the layers run one after the other."""
    for layer in layers:
        y = layer(x)
        x = y[0] if isinstance(y, (list, tuple)) else y
    return x


class Recorded:
    """One file, and what the live model beside it held and computed.

    Parameters
    ----------
    name : str
        RELEASE/MODEL.ENDING.

    Attributes
    ----------
    path : Path
    keras_version : str
    grus : list of list of arrays
        What get_weights() of each GRU returned, in the order of the model.
    runs : list of (list of int, array, array)
        Which of `grus` a layer runs one after the other, its input, its output.
    """

    def __init__(self, name: str, root: Path = ROOT) -> None:
        self.path = root / name
        model = self.path.parent / self.path.name.partition(".")[0]
        with np.load(f"{model}.expected.npz") as arrays:
            about = json.loads(str(arrays["about"]))
            self.keras_version = about["keras"]
            names = [("kernel", "recurrent_kernel", "bias")] * len(about["names"])
            self.grus: list[list[Array]] = [
                [arrays[f"{name}/{k}"] for name in three if f"{name}/{k}" in arrays]
                for k, three in enumerate(names)
            ]
            self.runs: list[tuple[list[int], Array, Array]] = [
                (members, arrays[f"x/{k}"], arrays[f"y/{k}"])
                for k, members in enumerate(about["runs"])
                if f"x/{k}" in arrays
            ]

    def worst_error(self, layers: Sequence[GRU]) -> float:
        """Return the greatest distance of outputs, `layers` in the order of the model."""
        return max(
            (apart(_chain([layers[k] for k in members], x), y) for members, x, y in self.runs),
            default=0.0,
        )

    @staticmethod
    def has_weights(layer: GRU, expected: list[Array]) -> bool:
        """Return whether the layer has exactly these weights, half types widened."""

        def wide(arrays: list[Array]) -> list[Array]:
            return [array.astype("float32") if array.itemsize == 2 else array for array in arrays]

        found, wanted = wide(layer.get_weights()), wide(expected)
        return len(found) == len(wanted) and all(
            a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(found, wanted, strict=True)
        )
