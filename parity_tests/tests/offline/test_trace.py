"""A trace is what the layer computed: its output bit for bit, its gates those of live Keras."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref.debugging.gate_plot import gates_picture
from parity_tests.recording import golden
from parity_tests.tests.support.small_gru import with_weights

GATED = [(g.oracle, g.id) for g in golden.load() if g.group == "gates"]
SINGLE = [
    (g.oracle, g.group, g.id)
    for g in golden.load()
    if g.group in ("exact", "saturated", "rounded") and "reset" not in g.calls
][::7]


def _layer(case: golden.Golden, **changes: Any) -> gru_ref.GRU:
    layer = gru_ref.GRU(**{**case.data["constructor"], **changes}, keras_version=case.keras_version)
    layer.build(case.calls[0].x.shape)
    layer.set_weights(case.weights)
    return layer


def _arguments(case: golden.Golden, number: int) -> dict[str, Any]:
    call = case.calls[number]
    named = {name: getattr(call, name) for name in ("initial_state", "mask", "training")}
    return {**named, **case.masks[number]}


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
class TestTrace:
    """Golden cases: masks, directions, states, dropout, both reset forms."""

    @parameterized.expand(SINGLE)
    def test_its_output_is_the_layers_bit_for_bit(
        self, oracle: str, group: str, case_id: str
    ) -> None:
        case = golden.find(oracle, group, case_id)
        called, traced = _layer(case, return_state=True), _layer(case)
        for number, call in enumerate(case.calls):
            output, state = called(call.x, **_arguments(case, number))
            trace = traced.trace(call.x, **_arguments(case, number))
            if called.config.return_sequences:
                axes = (0, 1) if called.config.time_major else (1, 0)
                output = np.moveaxis(output, axes, (0, 1))
                np.testing.assert_array_equal(trace.output, output)
            else:
                np.testing.assert_array_equal(trace.output[-1], output)
            np.testing.assert_array_equal(trace.h[-1], state)
            np.testing.assert_array_equal(called.states, traced.states)

    @parameterized.expand(GATED)
    def test_its_gates_are_kerass_and_those_of_single_steps(
        self, oracle: str, case_id: str
    ) -> None:
        case = golden.find(oracle, "gates", case_id)
        layer, weights = _layer(case), gru_ref.GRUWeights(*case.weights)
        trace = layer.trace(case.calls[0].x, **_arguments(case, 0))
        states = [trace.initial_state, *trace.h[:-1]]
        steps = [
            gru_ref.gru_step(x, h, weights, layer.config)
            for x, h in zip(trace.x, states, strict=True)
        ]
        expected = case.expected[0]["gates"]
        for name in ("z", "r", "candidate"):
            # exp and tanh of two libraries, in float64
            np.testing.assert_allclose(getattr(trace, name), expected[name], rtol=0, atol=1e-14)
            np.testing.assert_array_equal(
                [getattr(step, name) for step in steps], getattr(trace, name)
            )


def _small(**arguments: Any) -> tuple[gru_ref.GRU, np.ndarray]:
    layer = with_weights(gru_ref.GRU(3, **arguments), (2, 4, 2))
    return layer, np.random.default_rng(4).normal(size=(2, 4, 2)).astype("float32")


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_gates_follow_from_the_projections(reset_after: bool) -> None:
    layer, x = _small(reset_after=reset_after, dtype="float64")
    trace = layer.trace(x.astype("float64"))
    sigmoid, tanh = layer.config.recurrent_activation_function, layer.config.activation_function
    reset = trace.r if reset_after else 1.0
    np.testing.assert_array_equal(trace.z, sigmoid(trace.input_z + trace.recurrent_z))
    np.testing.assert_array_equal(trace.r, sigmoid(trace.input_r + trace.recurrent_r))
    candidate = tanh(trace.input_candidate + reset * trace.recurrent_candidate)
    np.testing.assert_array_equal(trace.candidate, candidate)
    before = np.concatenate([trace.initial_state[None], trace.h[:-1]])
    np.testing.assert_array_equal(trace.h, trace.z * before + (1 - trace.z) * trace.candidate)


def test_a_masked_step_keeps_the_state_and_backwards_counts_down() -> None:
    layer, x = _small(go_backwards=True)
    mask = np.array([[True, True, False, True], [True, True, True, True]])
    trace = layer.trace(x, mask=mask)
    assert trace.timestep.tolist() == [3, 2, 1, 0]
    np.testing.assert_array_equal(trace.mask[..., 0].T, mask[:, ::-1])
    np.testing.assert_array_equal(trace.x, x.swapaxes(0, 1)[::-1])
    np.testing.assert_array_equal(trace.h[1, 0], trace.h[0, 0])
    assert (trace.h[1, 1] != trace.h[0, 1]).all()


def test_a_trace_that_fails_changes_nothing() -> None:
    layer, x = _small(stateful=True)
    layer.trace(x)
    before = layer.states[0]
    with pytest.raises(ValueError, match="mask has shape"):
        layer.trace(x, mask=np.ones((2, 3), bool))
    np.testing.assert_array_equal(layer.states[0], before)


def test_the_tool_reads_a_layer_where_the_method_calls_it() -> None:
    layer, x = _small(stateful=True)
    layer(x)
    state = layer.recorded_state.copy()
    trace = gru_ref.trace(layer, x)
    assert (layer.recorded_state == state).all()
    assert (trace.initial_state == state).all()
    np.testing.assert_array_equal(layer.trace(x).h, trace.h)
    assert (layer.recorded_state == trace.h[-1]).all()
    assert (gru_ref.diff(layer, x, gru_ref.trace(layer, x).arrays())).equal
    with pytest.raises(ValueError, match="expected one with weights"):
        gru_ref.trace(gru_ref.GRU(2), x)


def test_the_tool_takes_the_arguments_of_a_call() -> None:
    layer, x = _small(engine="core")
    state = np.linspace(-1, 1, x.shape[0] * layer.units, dtype="float32").reshape(len(x), -1)
    mask = np.arange(x.shape[1]) % 2 == np.zeros((len(x), 1))
    trace = gru_ref.trace(layer, x, state, mask=mask)
    np.testing.assert_array_equal(trace.output[-1], layer(x, state, mask=mask))
    assert (trace.initial_state == state).all()
    assert (trace.mask[:, :, 0] == mask.T).all()


@pytest.mark.parametrize("name", ["float64", "float32", "float16", "bfloat16"])
def test_it_prints_sizes_and_ranges_in_every_dtype(name: str) -> None:
    layer, x = _small(dtype=name, recurrent_initializer="zeros")
    trace = layer.trace(x.astype(layer.config.compute_dtype))
    facts = trace.to_dict()["arrays"]["z"]
    assert (facts["min"], facts["max"]) == (float(trace.z.min()), float(trace.z.max()))
    timesteps, batch, units = trace.h.shape
    sizes = f"{timesteps} timesteps, batch {batch}, {units} units, {name}"
    assert str(trace).startswith(f"{sizes}\narray ")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_npz_and_the_csv_hold_every_number(tmp_path: Path, dtype: str) -> None:
    layer, x = _small(dtype=dtype, recurrent_initializer="zeros")
    trace = layer.trace(x, mask=np.array([[True, False, True, True]] * 2))
    trace.save(tmp_path / "trace.npz")
    with np.load(tmp_path / "trace.npz") as file:
        assert set(file.files) == trace.arrays().keys()
        for name, array in trace.arrays().items():
            np.testing.assert_array_equal(file[name].view(array.dtype), array)
    trace.to_csv(tmp_path / "trace.csv")
    arrays = {name: array for name, array in trace.arrays().items() if array.ndim == 3}
    read = {name: np.full(array.shape, np.nan, "float32") for name, array in arrays.items()}
    with (tmp_path / "trace.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = int(row["position"]), int(row["batch"]), int(row["index"])
            read[row["name"]][place] = float(row["value"])
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array.astype("float32"))


def test_a_wrong_ending_writes_nothing(tmp_path: Path) -> None:
    layer, x = _small()
    trace = layer.trace(x)
    for write, name in ((trace.save, "trace.txt"), (trace.to_csv, "trace.npz")):
        with pytest.raises(ValueError, match="expected a name in"):
            write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_without_matplotlib_says_what_to_install(monkeypatch: Any) -> None:
    layer, x = _small()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"gru-ref\[plot\]"):
        gates_picture(layer.trace(x))
    with pytest.raises(ValueError, match="batch is 2"):
        gates_picture(layer.trace(x), batch=2)
