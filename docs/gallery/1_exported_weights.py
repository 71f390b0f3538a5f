"""Run weights that Keras exported.

In Keras, ``np.savez("gru.npz", *layer.get_weights())`` writes the three arrays of a GRU: kernel,
recurrent kernel and bias.
"""

from pathlib import Path

import numpy as np

from gru_ref import GRU

fixtures = Path("../../fixtures")
with np.load(fixtures / "weights" / "gru.npz") as file:
    weights = [file[name] for name in file]
print([array.shape for array in weights])

# %%
# The arrays say how many features and units there are. What they do not say, such as the
# activations and the release of Keras, are arguments of the layer, with Keras's own defaults.

layer = GRU(5, return_sequences=True, return_state=True, keras_version="2")
layer.build((None, None, 4))
layer.set_weights(weights)
outputs, state = layer(np.ones((2, 3, 4), "float32"))
print(outputs.shape, state[0].round(4))

# %%
# Keras 3 returns a tuple, and its release is shown.

layer = GRU(5, return_state=True, keras_version="3")
layer.build((None, None, 4))
layer.set_weights(weights)
print(layer.keras_version, type(layer(np.ones((2, 3, 4), "float32"))))
