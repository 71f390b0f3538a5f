"""What the runtimes returned for parameters under their own names, recorded: gru_ref agrees."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gru_ref import GRUConfig, GRUWeights, layouts
from parity_tests.environment import FIXTURES
from parity_tests.tests.layouts.pairs import same_arrays, same_layouts
from parity_tests.tests.runtimes import conversions, table

RECORDS = FIXTURES / "layouts"
RECORDED = [
    pytest.param(path.stem, case, id=f"{path.stem}+{case['id']}")
    for path in sorted(RECORDS.glob("*.json"))
    if path.stem in table.ROWS
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
]


@pytest.mark.parametrize(("name", "case"), RECORDED)
def test_a_runtimes_own_parameters_give_its_outputs(name: str, case: dict[str, Any]) -> None:
    recorded = conversions.from_json(case)
    read = layouts.layout(name).from_layout(recorded["layout"])
    config = read.config(return_sequences=True)
    call = recorded["x"], recorded["initial_state"]
    returned = recorded["output"], recorded["state"]
    error = conversions.error_of(name, read.weights, config, call, returned)
    assert error <= table.bound(read.arguments)
    expected = dict(recorded["layout"])
    if name == "onnx" and not config.reset_after and config.use_bias:
        both = expected["B"].reshape(2, -1)  # their sum acts, and comes back in the first half
        expected["B"] = np.concatenate([both.sum(0), np.zeros_like(both[0])])[np.newaxis]
    same_layouts(layouts.convert((read.weights, config), to=name), expected)


def test_every_case_of_the_table_is_recorded() -> None:
    assert {case.id for case in RECORDED} == {
        f"{name}+{table.case_id(given)}" for name in table.ROWS for given in table.arguments(name)
    }


def test_keras_converts_cudnn_gru_and_packs_the_flat_buffer_likewise() -> None:
    recorded = json.loads((RECORDS / "cudnn_gru.json").read_text(encoding="utf-8"))
    arrays = conversions.from_json(recorded["arrays"])
    names = ("kernel", "recurrent_kernel", "bias")
    weights = GRUWeights(*(arrays[f"gru_{name}"] for name in names))
    stored = {name: arrays[f"cudnn_{name}"] for name in names}
    same_arrays(layouts.layout("cudnn_gru").from_layout(stored).weights, weights)
    layout = layouts.convert((weights, GRUConfig(weights.units)), to="cudnn")
    np.testing.assert_array_equal(layout["params"], arrays["flat_buffer"])


def test_a_layout_is_verified_exactly_where_a_runtime_was_recorded() -> None:
    versions = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["version"]
        for path in RECORDS.glob("*.json")
    }
    assert versions == {
        name: module.FACTS.verified
        for name, module in layouts.LAYOUTS.items()
        if module.FACTS.verified
    }
