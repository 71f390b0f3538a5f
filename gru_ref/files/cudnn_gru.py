"""CuDNNGRU of Keras 2: the same gates in the same order, each kernel in another memory order."""

from __future__ import annotations

import numpy as np

from gru_ref.files.found import Array


def is_cudnn(recurrent_kernel: Array, bias: Array | None) -> bool:
    """Return whether the arrays are a CuDNNGRU's: only the flat bias of both rows shows it."""
    return bias is not None and bias.shape == (6 * recurrent_kernel.shape[0],)


def converted(kernel: Array, recurrent_kernel: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Return the arrays of the GRU with reset_after=True that computes the same.

    Parameters
    ----------
    kernel : (features, 3 * units)
    recurrent_kernel : (units, 3 * units)
    bias : (6 * units,)

    Source
    ------
    keras/saving/hdf5_format.py, preprocess_weights_for_loading of Keras 2, measured: each block of
    the kernel is written column by column, each block of the recurrent kernel is transposed.

    Examples
    --------
    >>> kernel, recurrent, bias = converted(np.ones((2, 3)), np.ones((1, 3)), np.arange(6.0))
    >>> bias
    array([[0., 1., 2.],
           [3., 4., 5.]])
    """
    features, units = kernel.shape[0], recurrent_kernel.shape[0]
    blocks = [
        block.T.reshape((features, units), order="F") for block in np.split(kernel, 3, axis=1)
    ]
    turned = [block.T for block in np.split(recurrent_kernel, 3, axis=1)]
    return np.concatenate(blocks, axis=1), np.concatenate(turned, axis=1), bias.reshape(2, -1)
