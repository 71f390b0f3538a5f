"""The arrays of CuDNNLSTM, which Keras 3 has no layer for, as those of LSTM."""

from __future__ import annotations

import numpy as np

from gru_ref.files.interpretation.found import Array


def lstm_arrays(kernel: Array, recurrent_kernel: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Return the arrays of the LSTM that computes the same.

    Parameters
    ----------
    kernel : (features, 4 * units)
    recurrent_kernel : (units, 4 * units)
    bias : (8 * units,)
        Those of the inputs, then those of the state: LSTM has their sums.

    Source
    ------
    tf_keras/src/saving/legacy/hdf5_format.py, _convert_rnn_weights (2.21).

    Examples
    --------
    >>> lstm_arrays(np.ones((2, 4)), np.ones((1, 4)), np.arange(8.0))[2]
    array([ 4.,  6.,  8., 10.])
    """
    blocks = [block.T.reshape(block.shape, order="F") for block in np.hsplit(kernel, 4)]
    return (
        np.hstack(blocks),
        np.hstack([block.T for block in np.hsplit(recurrent_kernel, 4)]),
        bias[: len(bias) // 2] + bias[len(bias) // 2 :],
    )
