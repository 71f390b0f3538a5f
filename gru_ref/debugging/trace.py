"""`trace`: every gate of every timestep of a layer."""

from __future__ import annotations

import copy
from typing import Any

from gru_ref.debugging.mistakes.gru_run import built_gru
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.layers.trace import Trace


def trace(
    layer: GRU,
    x: Any,
    initial_state: Any = None,
    *,
    mask: Any = None,
    dropout_mask: Any = None,
    recurrent_dropout_mask: Any = None,
) -> Trace:
    """Return everything that each timestep of a layer computes.

    Parameters
    ----------
    layer : GRU
        Built. It is read, not called: a stateful layer starts from its recorded state, which does
        not change. `gru_ref.GRU.trace` is a call, which changes it.
    x, initial_state, mask, dropout_mask, recurrent_dropout_mask
        As of a call of the layer.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError, TypeError, IndexError, AttributeError
        `layer` is not a GRU or is not built, or an argument does not fit, as a call raises it.

    Examples
    --------
    >>> import numpy as np
    >>> layer = GRU(2, kernel_initializer="ones", recurrent_initializer="zeros")
    >>> layer.build((None, None, 1))
    >>> print(trace(layer, np.ones((1, 3, 1), "float32")))  # doctest: +ELLIPSIS
    3 timesteps, batch 1, 2 units, float32
    array                 shape         from       to
    ─────────────────────────────────────────────────
    timestep              3                0        2
    x                     3 x 1 x 1        1        1
    ...
    h                     3 x 1 x 2   0.2048    0.464
    output                3 x 1 x 2   0.2048    0.464
    initial_state         1 x 2            0        0
    """
    return copy.copy(built_gru(layer)).trace(
        x,
        initial_state,
        mask=mask,
        dropout_mask=dropout_mask,
        recurrent_dropout_mask=recurrent_dropout_mask,
    )
