"""For other people's tests: a port of a GRU is compared without a tolerance to choose.

Examples
--------
A test of a port, where ``port`` is the function under test::

    def test_port():
        layer = gru_ref.GRU.from_keras(keras_layer)
        gru_ref.testing.assert_same_gru(layer, x, port(x))
"""

from __future__ import annotations

from typing import Any

from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.diff.comparison import diff
from gru_ref.keras.layers.gru import GRU

__all__ = ["assert_same_gru"]


def assert_same_gru(
    layer: GRU,
    x: Any,
    theirs: Any,
    initial_state: Any = None,
    *,
    mask: Any = None,
    dropout_mask: Any = None,
    recurrent_dropout_mask: Any = None,
    arithmetic: FloatFormat | None = None,
) -> None:
    """Assert that another implementation returns what a layer does, up to rounding.

    There is no tolerance to choose: every step may differ by what rounding can do in one step, and
    the bound is derived from the weights, the inputs and the dtype.

    Parameters
    ----------
    layer, x, theirs, initial_state, mask, dropout_mask, recurrent_dropout_mask, arithmetic
        As for `gru_ref.diff`.

    Raises
    ------
    AssertionError
        A number differs by more than rounding. The first line names the usual mistakes that
        explain it, if any, and the first place; below it stands what `gru_ref.diff` prints.
    ValueError, TypeError, IndexError, AttributeError
        As `gru_ref.diff` raises.

    Examples
    --------
    >>> import numpy as np
    >>> layer = GRU(2, return_sequences=True)
    >>> layer.build((None, None, 1))
    >>> kernel = np.float32([[0.3, -0.2, 0.1, 0.2, 0.5, 0.4]])
    >>> layer.set_weights([kernel, np.eye(2, 6), np.zeros((2, 6))])
    >>> x, h = np.float32([[[1], [2], [-1]]]), np.float32([[0.5, -0.5]])
    >>> assert_same_gru(layer, x, layer(x, initial_state=h), initial_state=h)
    >>> assert_same_gru(layer, x, layer(x), initial_state=h)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: the port starts from zeros: different by more than rounding in float32, first at
    timestep 0, row 0 of the batch, unit 0, in h
    ...
    """
    __tracebackhide__ = True
    found = diff(
        layer,
        x,
        theirs,
        initial_state,
        mask=mask,
        dropout_mask=dropout_mask,
        recurrent_dropout_mask=recurrent_dropout_mask,
        arithmetic=arithmetic,
    )
    if not found.equal:
        raise AssertionError(f"{found.headline}\n\n{found}")
