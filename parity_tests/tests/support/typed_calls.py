"""Calls as users write them, for `make lint`: mypy checks what an editor is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gru_ref import GRU, RNN, Bidirectional, GRUCell, StackedRNNCells, stream
from gru_ref.engines.choice import EngineName

if TYPE_CHECKING:
    from typing_extensions import assert_type

    Array = NDArray[Any]
    x = np.ones((2, 3, 4), "float32")
    gru = GRU(4, "relu", return_state=True, seed=3, dtype="float64", keras_version="3")
    assert_type(gru(x), Array | list[Any] | tuple[Any, ...])
    assert_type(
        GRU(4, activation=np.tanh, rng_type="stateless")(x), Array | list[Any] | tuple[Any, ...]
    )
    cell = GRUCell(4, implementation=1, keras_version="2.15.0", execution="graph")
    assert_type(cell(x[:, 0], [x[:, 0]]), tuple[Array, Any])
    stack = StackedRNNCells([cell], dtype="mixed_float16", reverse_state_order=False)
    assert_type(RNN(stack, time_major=True)(x, mask=None), Array | list[Any] | tuple[Any, ...])
    both = Bidirectional(gru, merge_mode="ave", name="both")
    assert_type(both(x, training=True), Array | list[Any] | tuple[Any, ...])
    assert_type(GRU.from_config({}), GRU)
    assert_type(gru.get_weights(), list[Array])
    assert_type(GRU(4, engine="numpy").engine, EngineName)
    assert_type(stream(gru, batch=2)(x, mask=None), Array)
