"""The arrays of Keras's own CuDNNGRU layer (Keras 2): the shapes of GRU, another order inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.blocks import bias_rows, map_gates
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, flag, floating, read_kernels

Array = NDArray[Any]

FACTS = Facts(
    name="cudnn_gru",
    title="Keras CuDNNGRU",
    gates=("z", "r", "h"),
    arrays={
        "kernel": "(f, 3u) per gate: the transposed block in C order, under the old shape",
        "recurrent_kernel": "(u, 3u) per gate: transposed",
        "bias": "(6u,) row 0, then row 1",
        "go_backwards": "as in GRU",
    },
    transposes="every gate's block; that of the kernel keeps its shape (f, u), so nothing shows it",
    blocks="transposed in place",
    bias="one array: row 0, then row 1",
    formula=("as GRU with reset_after=True",),
    direction="go_backwards, as in GRU",
    reversed_output="as processed",
    round_trip="bit-exact; use_bias=False comes back as a bias of zeros",
    verified="tf_keras 2.21.0",
    source="tf_keras/src/saving/legacy/hdf5_format.py, _convert_rnn_weights (2.21)",
    mistakes=(
        (
            "CuDNNGRU kernels taken as GRU's",
            "The two kernels have GRU's shapes, so they load; only the bias (6u,) tells.",
        ),
    ),
)


def to_layout(given: Any) -> dict[str, Any]:
    """Return what ``get_weights()`` of a CuDNNGRU would be, by name, and go_backwards.

    Raises
    ------
    NotRepresentableError
        reset_after is False, or an activation is not tanh and sigmoid.
    """
    weights, config, *_ = conversion_input(given, FACTS.label, reset_after=True)
    return {
        "kernel": map_gates(lambda block: block.T.reshape(block.shape), weights.kernel),
        "recurrent_kernel": map_gates(np.transpose, weights.recurrent_kernel),
        "bias": np.concatenate(bias_rows(weights)),
        "go_backwards": bool(config.go_backwards),
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read the three arrays; go_backwards may be absent and is then False.

    Raises
    ------
    TypeError, ValueError
        Names or shapes do not fit.
    """
    check_keys(mapping, ("kernel", "recurrent_kernel", "bias"), ("go_backwards",))
    mapping = {"go_backwards": False, **mapping}
    kernels = read_kernels(mapping)
    bias = floating(mapping, "bias", 2 * kernels[0].shape[1])
    backwards = flag(mapping, "go_backwards")
    weights = GRUWeights(*gru_arrays(*kernels, bias))
    return Read.from_weights(weights, reset_after=True, go_backwards=backwards)


def gru_arrays(kernel: Array, recurrent_kernel: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Return the arrays of the GRU with reset_after=True that computes the same.

    Parameters
    ----------
    kernel : (features, 3 * units), any dtype
    recurrent_kernel : (units, 3 * units)
    bias : (6 * units,)

    Source
    ------
    tf_keras/src/saving/legacy/hdf5_format.py, _convert_rnn_weights (2.21), measured: each block of
    the kernel is written column by column, each block of the recurrent kernel is transposed.

    Examples
    --------
    >>> kernel, recurrent, bias = gru_arrays(np.ones((2, 3)), np.ones((1, 3)), np.arange(6.0))
    >>> bias
    array([[0., 1., 2.],
           [3., 4., 5.]])
    """
    return (
        map_gates(lambda block: block.T.reshape(block.shape, order="F"), kernel),
        map_gates(np.transpose, recurrent_kernel),
        bias.reshape(2, -1),
    )
