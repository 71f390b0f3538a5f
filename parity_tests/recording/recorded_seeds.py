"""fixtures/random/: what live Keras draws from one integer, a case for every path of PATHS."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from parity_tests.environment import FIXTURES
from parity_tests.judging import run_seeded
from parity_tests.matrix.seeded import PATHS
from parity_tests.oracles.client import Oracle
from parity_tests.recording import fixture_files

FOLDER = FIXTURES / "random"
# batch, timesteps, features, and the units.
SHAPE, UNITS = (2, 2, 4), 3
SEED = 21


class SeedRecord(NamedTuple):
    """One layer: how it was made and what it drew; `row` is as `seeded.run` takes it."""

    oracle: str
    keras_version: str
    id: str
    row: dict[str, Any]
    weights: list[np.ndarray]
    masks: list[list[np.ndarray]]
    output: np.ndarray


def record(oracle: Oracle) -> list[dict[str, Any]]:
    """Return a case for every path of a live Keras; the masks as what they keep, and its scale."""
    paths = [path for path in PATHS if oracle.name in path.oracles]
    rows = [run_seeded.row(path, SHAPE, {"units": UNITS}, seed=SEED) for path in paths]
    replies = oracle.request({"op": "seeded", "rows": rows})["rows"]
    return [_case(*each) for each in zip(paths, rows, replies, strict=True)]


def _case(path: Any, row: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    """Return what one reply tells, without the weights that are zeros."""
    return {
        "id": path.name,
        "seed": row["seed"],
        "constructor": row["constructor"],
        "execution": row["execution"],
        "generators": row["generators"],
        "x": row["x"],
        "weights": reply["weights"][:2],
        "calls": [
            {
                "training": training,
                "masks": [{"scale": m.max(), "kept": (m != 0).astype(int)} for m in masks],
            }
            for training, masks in (
                (training, call.get("masks", []))
                for training, call in zip(row["calls"], reply["calls"], strict=True)
            )
        ],
        "output": reply["calls"][-1]["output"],
    }


@functools.cache
def load() -> tuple[SeedRecord, ...]:
    """Return every case of every file."""
    found = []
    for _, file in fixture_files.read(FOLDER):
        found += [_read(file, case) for case in file["cases"]]
    return tuple(found)


def _read(file: dict[str, Any], case: dict[str, Any]) -> SeedRecord:
    dtype = case["constructor"].get("dtype", "float32")

    def array(values: Any) -> np.ndarray:
        return np.array(values, dtype)

    row = {key: case[key] for key in ("constructor", "seed", "execution", "generators")}
    row |= {"x": array(case["x"]), "calls": [call["training"] for call in case["calls"]]}
    masks = [
        [array(mask["kept"]) * array(mask["scale"]) for mask in call["masks"]]
        for call in case["calls"]
    ]
    weights = [array(weight) for weight in case["weights"]]
    output = array(case["output"])
    return SeedRecord(
        file["oracle"], file["keras_version"], case["id"], row, weights, masks, output
    )
