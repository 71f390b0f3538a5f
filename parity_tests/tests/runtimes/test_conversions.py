"""Every runtime computes what gru_ref computes: on converted weights, and on its own read back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gru_ref import layouts
from parity_tests.tests.runtimes import conversions
from parity_tests.tests.runtimes.table import ROWS, TANH_SIGMOID, arguments, bound, case_id

CASES = [
    pytest.param(name, given, id=f"{name}+{case_id(given)}")
    for name in ROWS
    for given in arguments(name)
]
USUAL = [case for case in CASES if case.values[1]["recurrent_activation"] == TANH_SIGMOID[1]]


def _record(record_property: Any, name: str, given: dict[str, Any], error: float) -> None:
    record_property(f"error {name} {given['dtype']}", error)


@pytest.mark.parametrize(("name", "given"), CASES)
def test_converted_weights_give_the_same_outputs(
    name: str, given: dict[str, Any], record_property: Any
) -> None:
    run = conversions.from_keras(name, given, conversions.LONG)
    _record(record_property, name, given, run.error)
    assert run.error <= bound(given)


@pytest.mark.parametrize(
    ("name", "given"), [case for case in USUAL if case.values[1]["activation"] == "tanh"]
)
def test_the_runtimes_own_parameters_read_back_and_start_from_zeros(
    name: str, given: dict[str, Any], record_property: Any
) -> None:
    run = conversions.from_runtime(name, given, conversions.LONG, with_state=False)
    _record(record_property, name, given, run.error)
    assert run.error <= bound(given)


@pytest.mark.parametrize("name", ROWS)
def test_the_facts_name_the_release_that_runs(name: str) -> None:
    assert layouts.layout(name).FACTS.verified == conversions.runner(name).VERSION


@pytest.mark.parametrize("name", ROWS)
def test_the_facts_name_the_runtimes_own_arrays(name: str) -> None:
    given = next(g for g in arguments(name) if not g["go_backwards"] and g["use_bias"])
    shapes = conversions.runner(name).shapes(*conversions.SMALL[2:], given)
    assert shapes.keys() <= layouts.layout(name).FACTS.arrays.keys()


def test_a_hard_sigmoid_without_alpha_is_keras_2s_in_onnx_runtime() -> None:
    given = next(
        given
        for given in arguments("onnx")
        if (given["recurrent_activation"], given["keras_version"]) == ("hard_sigmoid", "2")
    )
    run = conversions.from_keras("onnx", given, conversions.SMALL)
    layout = {key: value for key, value in run.layout.items() if not key.startswith("activation_")}
    output, state = conversions.runner("onnx").run(layout, run.x, run.initial_state)
    np.testing.assert_array_equal(output, run.output)
    np.testing.assert_array_equal(state, run.state)
