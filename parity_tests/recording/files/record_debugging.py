"""Write fixtures/debugging, the files of the story in docs/debugging.md, with live Keras 2.

Runs inside the interpreter of tf_keras, without gru_ref:
``python parity_tests/recording/files/record_debugging.py fixtures/debugging``. It trains a small
model to say
whether a lamp is on, and writes the model, an input, what the GRU in the model returned for it, and
the weights as somebody exported them by hand, with the mistake that the story is about.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 40, 3, 8
SEED_OF_X = 40  # in both rows the lamp is switched often

Array = np.ndarray[Any, Any]


def signals(rng: np.random.Generator, batch: int) -> tuple[Array, Array]:
    """Return noisy inputs, (batch, timesteps, 3), and whether the lamp is on after each timestep.

    The features are the button that switches on, the button that switches off, and noise alone.
    """
    x = rng.normal(size=(batch, TIMESTEPS, FEATURES)) * 0.1
    pressed_on = rng.random((batch, TIMESTEPS)) < 0.08
    pressed_off = (rng.random((batch, TIMESTEPS)) < 0.08) & ~pressed_on
    x[..., 0] += pressed_on
    x[..., 1] += pressed_off
    lamp, state = np.zeros((batch, TIMESTEPS, 1)), np.zeros(batch, bool)
    for t in range(TIMESTEPS):
        state = (state | pressed_on[:, t]) & ~pressed_off[:, t]
        lamp[:, t, 0] = state
    return x.astype("float32"), lamp


def train(keras: Any) -> Any:
    """Return the model after a few seconds of training."""
    keras.utils.set_random_seed(5)
    inputs = keras.layers.Input((None, FEATURES))
    sequence = keras.layers.GRU(UNITS, return_sequences=True, name="gru")(inputs)
    model = keras.models.Model(inputs, keras.layers.Dense(1, "sigmoid")(sequence))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    x, lamp = signals(np.random.default_rng(5), 1024)
    model.fit(x, lamp, batch_size=64, epochs=8, verbose=0)
    return model


def main() -> None:
    """Train and write."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    keras = importlib.import_module("tf_keras")
    model = train(keras)
    model.save(str(folder / "model.h5"), include_optimizer=False)
    x, _ = signals(np.random.default_rng(SEED_OF_X), BATCH)
    np.save(folder / "x.npy", x)
    gru = model.get_layer("gru")
    alone = keras.models.Model(model.inputs, gru.output)
    np.save(folder / "keras.npy", alone.predict(x, batch_size=BATCH, verbose=0))
    kernel, recurrent_kernel, bias = gru.get_weights()
    np.savez(  # the gates stay z, r, h, where these names of PyTorch promise r, z, n
        folder / "weights.npz",
        weight_ih_l0=kernel.T,
        weight_hh_l0=recurrent_kernel.T,
        bias_ih_l0=bias[0],
        bias_hh_l0=bias[1],
    )


if __name__ == "__main__":
    main()
