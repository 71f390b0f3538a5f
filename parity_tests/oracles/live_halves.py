"""An activation of live Keras on every number that a half type has.

This file runs in every Keras's own environment, as `worker` says.
"""

import numpy as np


def run(oracle, request):
    """Return what the activation `name` makes of `x`, given as the bits of `dtype`; bits too."""
    dtype = oracle.tf.as_dtype(request["dtype"]).as_numpy_dtype
    x = oracle.decode(request["x"]).astype("uint16").view(dtype)
    y = oracle.keras.activations.get(request["name"])(oracle.tf.constant(x)).numpy()
    return {"ok": True, "dtype": y.dtype.name, "y": np.ascontiguousarray(y).view("uint16")}
