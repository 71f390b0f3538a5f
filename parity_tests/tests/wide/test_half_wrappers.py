"""Cells, RNNs, stacked cells and Bidirectional compute in half types what live Keras does."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from parity_tests.judging import run_wrappers
from parity_tests.matrix.halves import DTYPES
from parity_tests.matrix.objects import bidirectional, rnn
from parity_tests.oracles import codec
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.tests.live.both_sides import wrapper_values
from parity_tests.tests.live.each_case import combinations, for_each

codec.take_dtype(ml_dtypes.bfloat16)  # else the oracle's arrays of it are float32

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 6, 5
MASK = np.array([[True, False, True, True], [True, True, True, False]])
# Of bfloat16 Keras 3 draws no orthogonal kernel.
BLANK = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
RECORDED = {"stateful": True, "return_state": True}


def _cell(dtype: str, units: int = UNITS, **arguments: Any) -> dict[str, Any]:
    return {"class": "GRUCell", "units": units, "dtype": dtype, **BLANK, **arguments}


def _gru(dtype: str, **arguments: Any) -> dict[str, Any]:
    return {"class": "GRU", "units": UNITS, "dtype": dtype, **BLANK, **arguments}


def _layers(dtype: str) -> dict[str, dict[str, Any]]:
    """Return the layers of a dtype, by name."""
    recorded = {"dtype": dtype, **RECORDED}
    stack = {"class": "StackedRNNCells", "cells": [_cell(dtype, 3), _cell(dtype)], "dtype": dtype}
    return {
        "rnn": rnn(_cell(dtype), **recorded),
        "rnn_reset_before": rnn(_cell(dtype, reset_after=False), **recorded, unroll=True),
        "stack": rnn(stack, dtype=dtype, return_state=True, return_sequences=True),
        **{
            mode: bidirectional(_gru(dtype, return_sequences=True), dtype=dtype, merge_mode=mode)
            for mode in ("concat", "sum", "mul", "ave")
        },
        "recorded": bidirectional(_gru(dtype, stateful=True), dtype=dtype, merge_mode=None),
    }


@for_each(GENERATIONS, combinations(DTYPES, _layers("float16")))
def test_outputs_states_and_their_dtypes_are_equal(oracle: str, which: str) -> None:
    dtype, name = which.split("+")
    rng = np.random.default_rng(len(name))
    spec = _layers(dtype)[name]
    x = rng.standard_normal((BATCH, TIMESTEPS, FEATURES)).astype("float32")
    first = [["construct", [], spec], ["build", [x.shape], {}]]
    shapes = [
        array.shape for array in wrapper_values(oracle, [*first, ["get_weights", [], {}]])[0][-1]
    ]
    weights = [rng.standard_normal(shape).astype("float32") for shape in shapes]
    calls = [["call", [x], {}], ["call", [x], {"mask": MASK}]]
    if spec.get("stateful"):
        calls.append(["states", [], {}])
    live, ours = wrapper_values(oracle, [*first, ["set_weights", [weights], {}], *calls])
    for theirs, own in zip(live[3:], ours[3:], strict=True):
        assert run_wrappers.difference(own, theirs) == 0
