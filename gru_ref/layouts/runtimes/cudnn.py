"""The cuDNN library's GRU: all parameters in one flat buffer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.conversion_input import conversion_input
from gru_ref.layouts.facts import Facts
from gru_ref.layouts.reading import Read, check_keys, floating, size
from gru_ref.layouts.runtimes import torch

FACTS = Facts(
    name="cudnn",
    title="cuDNN GRU",
    gates=("r", "i", "h'"),
    arrays={
        "params": "(3u(f + u) + 6u,) W_r, W_i, W_h', R_r, R_i, R_h', then their six biases",
        "inputSize": "f",
        "hiddenSize": "u",
    },
    transposes="every gate's block of both kernels, on its own",
    bias="CUDNN_RNN_DOUBLE_BIAS: b_r, b_i, b_h' of row 0, then of row 1",
    formula=(
        "i = σ(W_i x + b_Wi + R_i h + b_Ri)                 i is Keras's z",
        "r = σ(W_r x + b_Wr + R_r h + b_Rr)",
        "h' = tanh(W_h x + b_Wh + r ∘ (R_h h + b_Rh))",
        "h = (1 − i) ∘ h' + i ∘ h",
    ),
    direction="none in a buffer of one direction",
    round_trip="bit-exact; use_bias=False comes back as a bias of zeros",
    source="cuDNN API reference, cudnnRNNMode_t and cudnnGetRNNWeightParams; the buffer equals the "
    "one that tf_keras 2.21.0 packs, but no GPU ran it",
    mistakes=(
        ("z and r swapped", "The buffer begins with the reset gate, Keras with the update gate."),
        ("recurrent kernel transposed", "The blocks are flattened without being transposed."),
    ),
)

_PIECES = ("W", "R", "b_W", "b_R")


def to_layout(given: Any) -> dict[str, Any]:
    """Return the flat buffer and the two sizes that describe it.

    Returns
    -------
    dict
        params (3u(f + u) + 6u,) in the weights' dtype; inputSize, hiddenSize.

    Raises
    ------
    NotRepresentableError
        reset_after is False, go_backwards is True, or an activation is not tanh and sigmoid.
    """
    weights = conversion_input(given, FACTS.label, reset_after=True, backwards=False).weights
    if weights.bias is None:
        zeros = np.zeros((2, 3 * weights.units), weights.kernel.dtype)
        weights = GRUWeights(weights.kernel, weights.recurrent_kernel, zeros)
    arrays = torch.ordered_arrays(weights, _PIECES).values()
    return {
        "params": np.concatenate([array.ravel() for array in arrays]),
        "inputSize": weights.features,
        "hiddenSize": weights.units,
    }


def from_layout(mapping: Mapping[str, Any]) -> Read:
    """Read a flat buffer of one layer and direction with two biases.

    Raises
    ------
    TypeError, ValueError
        Names are missing or the buffer is not of the length that the sizes ask for.
    """
    check_keys(mapping, tuple(FACTS.arrays))
    features, units = size(mapping, "inputSize"), size(mapping, "hiddenSize")
    buffer = floating(mapping, "params", 3 * units * (features + units + 2))
    shapes = ((3 * units, features), (3 * units, units), (3 * units,), (3 * units,))
    ends = list(itertools.accumulate(map(math.prod, shapes)))
    pieces = np.split(buffer, ends[:-1])
    named = {
        name: piece.reshape(shape)
        for name, piece, shape in zip(_PIECES, pieces, shapes, strict=True)
    }
    return Read.from_weights(torch.ordered_weights(named, _PIECES), reset_after=True)
