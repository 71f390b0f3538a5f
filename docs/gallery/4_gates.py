"""Look at the gates.

The model of :doc:`/debugging` tells whether a lamp is on, from two noisy buttons. A trace has every
gate of every timestep, before and after the activation.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import gru_ref

folder = Path("../../fixtures") / "debugging"
(layer,) = gru_ref.load_layers(folder / "model.h5").values()
trace = layer.trace(np.load(folder / "x.npy"))
print(trace.z.shape, trace.input_z.shape)  # timesteps, batch, units

# %%
# A unit holds its state where the update gate z is near 1 and rewrites it where z is near 0.

figure, axes = plt.subplots(3, sharex=True, figsize=(7, 5), layout="constrained")
panels = {"update gate z": trace.z, "reset gate r": trace.r, "state h": trace.h}
for ax, (name, values) in zip(axes, panels.items(), strict=True):
    state = name == "state h"
    image = ax.imshow(
        values[:, 0].T,
        aspect="auto",
        cmap="RdBu_r" if state else "viridis",
        vmin=-1 if state else 0,
        vmax=1,
    )
    ax.set_ylabel(f"{name}\nunit")
    figure.colorbar(image, ax=ax)
axes[-1].set_xlabel("timestep")
