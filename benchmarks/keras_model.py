"""Writes a model of live Keras, an input and its output: ``-m benchmarks.keras_model DIR``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

from benchmarks.problems import MODEL


def main() -> None:
    """Write model.keras, x.npy and y.npy."""
    folder = Path(sys.argv[1])
    rng = np.random.default_rng(6)
    batch, timesteps, features, units = MODEL.values()
    layer = keras.layers.GRU(units, return_sequences=True)
    model = keras.Sequential(
        [keras.Input((None, features)), layer, keras.layers.Dense(10, activation="softmax")]
    )
    layer.set_weights([rng.normal(size=w.shape) / np.sqrt(w.shape[0]) for w in layer.get_weights()])
    x = rng.normal(size=(batch, timesteps, features)).astype("float32")
    model.save(folder / "model.keras")
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", np.asarray(layer(x)))


if __name__ == "__main__":
    main()
