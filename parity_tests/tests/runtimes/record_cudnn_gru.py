"""Writes fixtures/layouts/cudnn_gru.json: GRU weights, and what tf_keras makes of them for cuDNN.

Run with a Python that has tf_keras: ``python -m parity_tests.tests.runtimes.record_cudnn_gru``.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras.src.layers.rnn import cudnn_gru, gru_lstm_utils
from tf_keras.src.saving.legacy import hdf5_format

from parity_tests.environment import FIXTURES
from parity_tests.tests.runtimes.conversions import SMALL, as_json

PATH = FIXTURES / "layouts" / "cudnn_gru.json"


def main() -> int:
    """Convert random weights with tf_keras: to CuDNNGRU's arrays, and to its flat buffer."""
    rng = np.random.default_rng(11)
    units, features = SMALL.units, SMALL.features
    shapes = ((features, 3 * units), (units, 3 * units), (2, 3 * units))
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    cudnn = cudnn_gru.CuDNNGRU(units)
    cudnn.build((None, None, features))
    converted = hdf5_format._convert_rnn_weights(cudnn, list(arrays))
    kernel, recurrent_kernel, bias = arrays
    # tf_keras's GRU hands its kernel to cuDNN so: z and r swapped, every gate's block transposed.
    order = (1, 0, 2)
    blocks = [np.split(array, 3, axis=1) for array in (kernel, recurrent_kernel)]
    rows = [np.split(row, 3) for row in bias]
    flat = gru_lstm_utils.canonical_to_params(
        weights=[tf.constant(group[i]) for group in blocks for i in order],
        biases=[tf.constant(group[i]) for group in rows for i in order],
        shape=tf.constant([-1]),
        transpose_weights=True,
    )
    names = ("kernel", "recurrent_kernel", "bias")
    data = {
        "runtime": "cudnn_gru",
        "version": f"tf_keras {tf_keras.__version__}",
        "arrays": as_json(
            {
                **{f"gru_{name}": array for name, array in zip(names, arrays, strict=True)},
                **{
                    f"cudnn_{name}": np.asarray(a) for name, a in zip(names, converted, strict=True)
                },
                "flat_buffer": flat.numpy(),
            }
        ),
    }
    PATH.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
