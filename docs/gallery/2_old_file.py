"""Open a model of Keras 1.

Keras 1.2.2 is from 2017; no TensorFlow of today opens its files. This one holds two GRUs, and the
outputs that Keras 1.2.2 computed are recorded beside it.
"""

from pathlib import Path

import numpy as np

import gru_ref
from gru_ref import layouts

folder = Path("../../fixtures") / "files" / "keras" / "keras-1.2.2"
layers = gru_ref.load_layers(folder / "default.model.h5")
for path, layer in layers.items():
    print(f"{path}: {layer.units} units, reset_after={layer.reset_after}")

# %%
# Every layer says what of it was read, inferred or assumed. Here nothing had to be assumed.

layer = layers["gru_1"]
print(layer.provenance.keras_version, layer.provenance.assumed, layer.provenance.notes)

# %%
# It computes what Keras 1.2.2 computed.

with np.load(folder / "default.expected.npz") as expected:
    error = abs(layer(expected["x/0"]) - expected["y/0"]).max()
print(f"largest difference {error:.1e}")

# %%
# It resets the state before the product, which PyTorch cannot. ONNX can.

try:
    layouts.convert(layer, to="torch")
except gru_ref.NotRepresentableError as error:
    print(error)
print(layouts.convert(layer, to="onnx")["linear_before_reset"])
