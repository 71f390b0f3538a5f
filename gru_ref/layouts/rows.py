"""The rows that PyTorch's two classes share: transposed kernels, and two biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.weights import GRUWeights
from gru_ref.layouts.blocks import bias_rows, reorder, restore
from gru_ref.layouts.conversion_input import floating

Array = NDArray[Any]


def to_rows(weights: GRUWeights, order: str) -> list[Array]:
    """Return (3u, f), (3u, u) and, with a bias, twice (3u,), the gates in `order`."""
    arrays = [
        np.ascontiguousarray(reorder(kernel, order).T)
        for kernel in (weights.kernel, weights.recurrent_kernel)
    ]
    if weights.bias is not None:
        arrays += [reorder(row, order) for row in bias_rows(weights)]
    return arrays


def from_rows(mapping: Mapping[str, Any], names: Sequence[str], order: str) -> GRUWeights:
    """Undo `to_rows`; `names` are those of the four arrays, of which the biases may be absent."""
    recurrent = floating(mapping, names[1], None, None)  # (3u, u)
    units = recurrent.shape[1]
    arrays = [
        restore(floating(mapping, name, 3 * units, size).T, order)
        for name, size in zip(names, (None, units), strict=False)
    ]
    bias = None
    if names[2] in mapping:
        bias = np.stack([restore(floating(mapping, name, 3 * units), order) for name in names[2:]])
    return GRUWeights(arrays[0], arrays[1], bias)
