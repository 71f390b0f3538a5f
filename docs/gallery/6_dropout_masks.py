"""See the dropout masks that Keras draws from a seed.

After ``set_random_seed`` a layer draws the weights and the dropout masks that Keras draws, call
after call. The masks are kept and can be looked at, or passed to another implementation.
"""

import matplotlib.pyplot as plt
import numpy as np

import gru_ref

gru_ref.set_random_seed(7)  # as keras.utils.set_random_seed(7)
layer = gru_ref.GRU(5, dropout=0.3, kernel_regularizer="l2", keras_version="3")
x = np.ones((4, 3, 24), "float32")
masks = []
for _ in range(3):
    layer(x, training=True)
    masks.append(layer.last_masks.dropout_mask)
print(masks[0].shape, np.unique(masks[0]))  # 0 or 1 / (1 - 0.3)

# %%
# Each call draws other masks, the same ones in every run.

figure, axes = plt.subplots(3, sharex=True, layout="constrained")
for call, (ax, mask) in enumerate(zip(axes, masks, strict=True)):
    ax.imshow(mask > 0, cmap="Greys")
    ax.set_ylabel(f"call {call}\nrow")
axes[-1].set_xlabel("feature (black: kept)")

# %%
# The penalties of the weights are in ``losses``, as in Keras.

print(layer.losses)
