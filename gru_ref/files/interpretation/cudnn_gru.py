"""Telling CuDNNGRU of Keras 2 by its arrays, which `gru_ref.layouts` knows."""

from __future__ import annotations

from gru_ref.files.interpretation.found import Array
from gru_ref.layouts.runtimes.cudnn_gru import gru_arrays

__all__ = ["gru_arrays", "is_cudnn"]


def is_cudnn(recurrent_kernel: Array, bias: Array | None) -> bool:
    """Return whether the arrays are a CuDNNGRU's: only the flat bias of both rows shows it."""
    return bias is not None and bias.shape == (6 * recurrent_kernel.shape[0],)
