"""Files that the tests of the command line hand over."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import gru_ref
from gru_ref.files.writers import keras3
from parity_tests.environment import FIXTURES
from parity_tests.tests.support import small_gru

WEIGHTS = FIXTURES / "weights"
# get_weights() of a live layer and what it returned: GRU(5, return_sequences=True).
NPZ, EXPECTED = WEIGHTS / "gru.npz", WEIGHTS / "gru_expected.npz"
# The GRUs of `two_grus`.
FIRST, SECOND = "layers/gru/cell", "layers/gru_1/cell"


def numbers(*shape: int) -> np.ndarray:
    """Return numbers that the shape alone decides."""
    return np.random.default_rng(list(shape)).uniform(-1, 1, shape).astype("float32")


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """Return what a `.npz` holds."""
    with np.load(path, allow_pickle=False) as loaded:
        return dict(loaded)


def npz_layer(**supplied: Any) -> gru_ref.GRU:
    """Return the layer of `NPZ`."""
    (layer,) = gru_ref.load_layers(NPZ, **supplied).values()
    return layer


def model_file(path: Path, *layers: gru_ref.GRU) -> Path:
    """Write a `.keras` of the layers as their own Keras does: its version, config and weights."""
    configs = [{"class_name": "GRU", "config": layer.get_config()} for layer in layers]
    for number, config in enumerate(configs):
        config["config"]["name"] = f"gru_{number}"
    named = {config["config"]["name"]: layer for config, layer in zip(configs, layers, strict=True)}
    members = {
        "metadata.json": json.dumps({"keras_version": "2.15.0"}),
        "config.json": json.dumps({"class_name": "Sequential", "config": {"layers": configs}}),
        "model.weights.h5": keras3.weights_h5(keras3.plan_of_weights(named)),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def two_grus(folder: Path) -> Path:
    """Write a model of Keras 2 with two GRUs, at a path with a space."""
    old = {"recurrent_activation": "hard_sigmoid", "reset_after": False, "go_backwards": True}
    layers = (small_gru.layer(return_sequences=True), small_gru.layer(**old))
    return model_file(folder / "my model.keras", *layers)
