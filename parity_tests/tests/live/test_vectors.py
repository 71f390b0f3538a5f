"""Golden vectors are what live Keras returns, of every form of a GRU and of quantised weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.vectors import vectors
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import live_outputs

FEATURES, UNITS = 4, 5
FORMS: dict[str, dict[str, Any]] = {
    "default": {"return_sequences": True},
    "last": {},
    "reset-before": {"reset_after": False, "return_sequences": True},
    "hard_sigmoid": {"recurrent_activation": "hard_sigmoid", "return_sequences": True},
    "no-bias": {"use_bias": False, "activation": "relu", "return_sequences": True},
    "backwards": {"go_backwards": True, "return_sequences": True},
    "zeroed": {"zero_output_for_mask": True, "return_sequences": True},
    "double": {"dtype": "float64", "return_sequences": True},
}


@pytest.mark.parametrize("oracle", ["keras2", "keras3"])
@pytest.mark.parametrize(
    ("form", "weights"),
    [*((form, None) for form in FORMS), ("default", "int8"), ("reset-before", "int16")],
)
def test_a_vector_is_what_keras_returns(form: str, weights: str | None, oracle: str) -> None:
    constructor = {"units": UNITS, **FORMS[form]}
    layer = gru_ref.GRU(**constructor, keras_version=live_run.keras_version(oracle))
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(2)
    layer.set_weights([rng.normal(size=s) for s in layer.weight_shapes().values()])
    made = vectors(layer, weights=weights)
    calls = [
        {"x": one.x, "initial_state": one.initial_state, "mask": one.mask} for one in made.vectors
    ]
    live = live_outputs(oracle, constructor, list(made.weights.values()), *calls)
    for one, output in zip(made.vectors, live, strict=True):
        # Of every vector what it allows a port: sixteen times the measured rounding.
        np.testing.assert_allclose(one.output, output, rtol=0, atol=one.tolerance, err_msg=one.name)
