"""Name the mistake of a port.

A port of a trained GRU took the blocks of its weights in another order: r | z | h, not z | r | h.
Its outputs look plausible.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import gru_ref

folder = Path("../../fixtures") / "debugging"
(layer,) = gru_ref.load_layers(folder / "model.h5").values()
x = np.load(folder / "x.npy")

wrong = []
for array in layer.get_weights():
    z, r, candidate = np.split(array, 3, axis=-1)
    wrong.append(np.concatenate([r, z, candidate], axis=-1))
port = gru_ref.GRU.from_config(layer.get_config())
port.build(x.shape)
port.set_weights(wrong)
print(gru_ref.diff(layer, x, port(x)))

# %%
# No tolerance was chosen: each step is restarted from the state of the port, and may be off by what
# rounding can do in one step. The error alone would not have told: it comes and goes.

error = abs(port(x) - layer(x))[0]
plt.imshow(error.T, aspect="auto", cmap="magma")
plt.colorbar(label="error")
plt.gca().set(xlabel="timestep", ylabel="unit")
