"""The honest GRU that every attack is built around, and files of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

UNITS, FEATURES = 5, 6
GROUP = "layers/gru/cell/vars"
MIB = 1 << 20


def arrays() -> list[np.ndarray]:
    """Return the arrays of the honest GRU."""
    draws = np.random.default_rng(7)
    shapes = (FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), (2, 3 * UNITS)
    return [draws.normal(size=shape).astype("float32") for shape in shapes]


def weights(folder: Path, names: str = "012") -> h5py.File:
    """Return a new .weights.h5 with the honest arrays named; others are the attack's."""
    file = h5py.File(folder / "model.weights.h5", "w")
    group = file.create_group(GROUP)
    for name, array in zip("012", arrays(), strict=True):
        if name in names:
            group[name] = array
    return file


def gru_config(**changed: Any) -> dict[str, Any]:
    """Return the config of a model of the honest GRU."""
    config = {"name": "gru", "units": UNITS, "activation": "tanh", "reset_after": True}
    config |= {"recurrent_activation": "sigmoid", "use_bias": True, "go_backwards": False}
    return model_of({"class_name": "GRU", "config": config | changed})


def model_of(*layers: Any) -> dict[str, Any]:
    """Return the config of a Sequential."""
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def keras(
    folder: Path, config: Any = None, metadata: Any = None, *, method: int = zipfile.ZIP_STORED
) -> Path:
    """Write a .keras archive of the honest GRU, its parts replaced by those given."""
    with weights(folder) as file:
        inner = Path(file.filename)
    config = gru_config() if config is None else config
    metadata = {"keras_version": "3.15.1"} if metadata is None else metadata
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, value in (("config.json", config), ("metadata.json", metadata)):
            text = value if isinstance(value, (str, bytes)) else json.dumps(value)
            archive.writestr(name, text)
        archive.write(inner, "model.weights.h5")
    inner.unlink()
    return path


def legacy(folder: Path, config: Any = None, names: Any = None) -> h5py.File:
    """Return a new whole-model .h5 of the honest GRU."""
    file = h5py.File(folder / "model.h5", "w")
    text = config if isinstance(config, str) else json.dumps(config or gru_config())
    file.attrs["model_config"] = text
    file.attrs["keras_version"] = "2.15.0"
    layers = file.create_group("model_weights")
    layers.attrs["layer_names"] = [b"gru"]
    gru = layers.create_group("gru")
    honest = ["gru/gru_cell/kernel:0", "gru/gru_cell/recurrent_kernel:0", "gru/gru_cell/bias:0"]
    for name, array in zip(honest, arrays(), strict=True):
        gru[name] = array
    gru.attrs["weight_names"] = [name.encode() for name in names or honest]
    return file


def close(file: h5py.File) -> Path:
    """Close the file and return its path."""
    path = Path(file.filename)
    file.close()
    return path


def patch(path: Path, old: bytes, new: bytes) -> Path:
    """Replace bytes that are there."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path
