"""The layouts: what comes back from a round trip, and that the facts fit the code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gru_ref import GRUWeights, layouts
from gru_ref.debugging.mistakes import porting
from gru_ref.debugging.mistakes.table import BY_NAME
from parity_tests.reporting import porting_page
from parity_tests.tests.layouts import pairs
from parity_tests.tests.layouts.pairs import ALL, REFUSED, UNITS, pair, same_arrays
from parity_tests.tests.runtimes import table

FORMS = [
    (name, reset_after)
    for name in ALL
    for reset_after in (True, False)
    if f"reset_after {reset_after}" not in REFUSED[name]
]

# ---- round trips


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "reset_after"), FORMS)
def test_weights_come_back_bit_for_bit_or_as_the_canonical_split(
    name: str, reset_after: bool, dtype: str
) -> None:
    weights, config = pair(name, reset_after=reset_after, dtype=dtype)
    read = layouts.layout(name).from_layout(layouts.convert((weights, config), to=name))
    if name in pairs.MERGES and config.reset_after:
        bias = weights.bias.copy()
        bias[0, : 2 * UNITS] += bias[1, : 2 * UNITS]
        bias[1, : 2 * UNITS] = 0
        weights = GRUWeights(weights.kernel, weights.recurrent_kernel, bias)
    same_arrays(read.weights, weights)


@pytest.mark.parametrize(("features", "units"), [(1, 5), (4, 1), (1, 1), (4, 2), (4, 3)])
@pytest.mark.parametrize(("name", "reset_after"), FORMS)
def test_weights_of_small_sizes_come_back(
    name: str, reset_after: bool, features: int, units: int
) -> None:
    weights, config = pair(name, sizes=(features, units), reset_after=reset_after)
    layout = layouts.convert((weights, config), to=name)
    read = layouts.layout(name).from_layout(layout)
    assert read.arguments["units"] == units
    assert (read.weights.features, read.weights.units) == (features, units)
    pairs.same_layouts(layouts.convert((read.weights, read.config()), to=name), layout)
    for one, other in zip(read.weights.arrays()[:2], weights.arrays()[:2], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("name", "reset_after"), FORMS)
def test_what_follows_of_the_config_comes_back(
    name: str, use_bias: bool, go_backwards: bool, reset_after: bool
) -> None:
    go_backwards = go_backwards and "go_backwards" not in REFUSED[name]
    arguments = {"reset_after": reset_after, "go_backwards": go_backwards, "use_bias": use_bias}
    weights, config = pair(name, **arguments)
    read = layouts.layout(name).from_layout(layouts.convert((weights, config), to=name))
    assert read.arguments == {
        **arguments,
        "units": UNITS,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": use_bias or name in pairs.ALWAYS_A_BIAS,
        "dtype": "float32",
    }
    if not use_bias and name in pairs.ALWAYS_A_BIAS:
        assert not read.weights.bias.any()


@pytest.mark.parametrize("name", ALL)
def test_arrays_of_a_layout_are_copies(name: str) -> None:
    weights, config = pair(name)
    before = [array.copy() for array in weights.arrays()]
    layout = layouts.convert((weights, config), to=name)
    for value in layout.values():
        for array in value if isinstance(value, list) else [value]:
            if isinstance(array, np.ndarray):
                array[...] = 7
    same_arrays(weights, GRUWeights(*before))


def test_a_file_of_arrays_keeps_attributes_readable(tmp_path: Path) -> None:
    weights, config = pair("onnx", go_backwards=True)
    np.savez(tmp_path / "gru.npz", **layouts.convert((weights, config), to="onnx"))
    with np.load(tmp_path / "gru.npz") as file:
        read = layouts.layout("onnx").from_layout(dict(file))
    same_arrays(read.weights, weights)
    assert read.arguments["go_backwards"] is True


def test_rtneural_survives_json() -> None:
    weights, config = pair("rtneural")
    entry = layouts.convert((weights, config), to="rtneural")
    text = json.dumps(entry, default=lambda array: array.tolist())
    same_arrays(layouts.layout("rtneural").from_layout(json.loads(text)).weights, weights)


def test_both_directions_share_a_state_dict_of_pytorch() -> None:
    forward, backward = pair("torch"), pair("torch", go_backwards=True)
    both = {
        **layouts.convert(forward, to="torch", prefix="gru."),
        **layouts.convert(backward, to="torch", prefix="gru."),
        "head.weight": np.ones((1, UNITS), "float32"),
    }
    torch = layouts.layout("torch")
    for reverse in (False, True):
        read = torch.from_layout(both, prefix="gru.", reverse=reverse)
        assert read.arguments["go_backwards"] is reverse
    with pytest.raises(ValueError, match="expected one: choose by layer and reverse"):
        torch.from_layout(both, prefix="gru.")


def test_webnn_reads_both_orders() -> None:
    layout = layouts.convert(pair("webnn", reset_after=True), to="webnn")
    other = {**layout, "layout": "rzn"}
    for key in ("weight", "recurrentWeight", "bias", "recurrentBias"):
        z, r, n = np.split(layout[key], 3, axis=1)
        other[key] = np.concatenate([r, z, n], axis=1)
    pairs.same_layouts(layouts.convert(other, to="webnn", origin="webnn"), layout)


# ---- the facts


@pytest.mark.parametrize("name", ALL)
def test_the_facts_fit_the_layout(name: str) -> None:
    facts = layouts.layout(name).FACTS
    assert facts.name == name
    assert facts.label.endswith("(unverified)") is not bool(facts.verified)
    assert layouts.convert(pair(name), to=name).keys() <= facts.arrays.keys()
    assert {mistake for mistake, _ in facts.mistakes} <= BY_NAME.keys()
    assert len(facts.gates) == 3
    forms = {form.split()[0] for form in facts.reset_forms}
    refused = {"after": "reset_after True", "before": "reset_after False"}
    assert forms == {form for form, part in refused.items() if part not in REFUSED[name]}


@pytest.mark.parametrize("name", porting_page.MISTAKES)
def test_every_mistake_costs_far_more_than_any_bound(name: str) -> None:
    assert porting.cost(name) > 1e4 * table.BOUND


def test_a_layer_of_its_own_is_for_a_mistake_of_some_layout() -> None:
    assert porting.ARGUMENTS.keys() <= set(porting_page.MISTAKES)


def test_porting_md_is_what_the_facts_say() -> None:
    assert porting_page.PATH.read_text(encoding="utf-8") == porting_page.markdown()


@pytest.mark.parametrize("name", table.ROWS)
def test_the_bound_is_four_times_what_was_measured_or_more(name: str) -> None:
    assert 4 * table.ROWS[name].measured <= table.BOUND
