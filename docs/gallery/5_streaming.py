"""Feed a stream, one step at a time.

A stateful GRU continues where its last call ended, as Keras's does. The outputs of a stream are
those of the whole sequence.
"""

import numpy as np

from gru_ref import GRU

rng = np.random.default_rng(1)
sizes = {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (2, 12)}
weights = [rng.normal(size=shape) for shape in sizes.values()]
x = rng.normal(size=(1, 6, 3))

whole = GRU(4, return_sequences=True, dtype="float64", keras_version="3")
stream = GRU(4, stateful=True, dtype="float64", keras_version="3")
for layer in (whole, stream):
    layer.build((1, None, 3))
    layer.set_weights(weights)

expected = whole(x)
for t in range(6):
    output = stream(x[:, t : t + 1])
    print(t, output[0].round(3), abs(output - expected[:, t]).max())

# %%
# ``reset_state`` starts the next sequence.

stream.reset_state()
print(abs(stream(x[:, :1]) - expected[:, 0]).max())
