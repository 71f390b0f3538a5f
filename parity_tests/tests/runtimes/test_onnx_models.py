"""The models of gru_ref.to_onnx run in ONNX Runtime and return what the layer returns."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from gru_ref import GRU, to_onnx
from parity_tests.tests.runtimes.runners.onnx import run_model
from parity_tests.tests.runtimes.table import BOUND, ROWS

FLAGS = (
    "reset_after",
    "use_bias",
    "go_backwards",
    "return_sequences",
    "return_state",
    "time_major",
)
PAIRS = ROWS["onnx"].pairs
BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5


def _layer(rng: np.random.Generator, **arguments: object) -> GRU:
    layer = GRU(UNITS, **arguments)
    layer.build((None, None, FEATURES))
    shapes = layer.config.weight_shapes(FEATURES).values()
    layer.set_weights([rng.normal(scale=0.5, size=shape).astype("float32") for shape in shapes])
    return layer


def _check(layer: GRU, rng: np.random.Generator, *, initial_state: bool) -> None:
    leading = (TIMESTEPS, BATCH) if layer.config.time_major else (BATCH, TIMESTEPS)
    x = rng.normal(size=(*leading, FEATURES)).astype("float32")
    start = rng.uniform(-1, 1, (BATCH, UNITS)).astype("float32") if initial_state else None
    expected = layer(x, start)
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    model = to_onnx(layer, initial_state=initial_state)
    used = [name for node in model.graph.node for name in node.input if name]
    assert {tensor.name for tensor in model.graph.initializer} <= set(used)
    assert {name.name for name in model.graph.input} == set(used) & {"x", "initial_state"}
    onnx.checker.check_model(model, full_check=True)
    feeds = {"x": x} if start is None else {"x": x, "initial_state": start}
    actual = run_model(model, feeds)
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=BOUND)


@pytest.mark.parametrize("initial_state", [True, False])
@pytest.mark.parametrize("flags", list(itertools.product([False, True], repeat=len(FLAGS))))
def test_every_argument_of_a_call_is_respected(
    flags: tuple[bool, ...], initial_state: bool
) -> None:
    rng = np.random.default_rng(sum(2**i for i, flag in enumerate(flags) if flag))
    layer = _layer(rng, **dict(zip(FLAGS, flags, strict=True)))
    _check(layer, rng, initial_state=initial_state)


@pytest.mark.parametrize(("activation", "recurrent_activation", "keras_version"), PAIRS)
def test_every_activation_is_respected(
    activation: str, recurrent_activation: str, keras_version: str
) -> None:
    rng = np.random.default_rng(7)
    layer = _layer(
        rng,
        activation=activation,
        recurrent_activation=recurrent_activation,
        keras_version=keras_version,
        return_sequences=True,
    )
    _check(layer, rng, initial_state=True)


def test_a_written_model_is_the_returned_one() -> None:
    layer = _layer(np.random.default_rng(1), return_state=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "gru model.onnx")
        model = to_onnx(layer, path)
        assert onnx.load(path) == model
    assert [output.name for output in model.graph.output] == ["output", "state"]


def test_a_float64_model_is_valid_and_onnx_runtime_has_no_kernel_for_it() -> None:
    layer = _layer(np.random.default_rng(1), dtype="float64")
    feeds = {"x": np.zeros((BATCH, TIMESTEPS, FEATURES)), "initial_state": np.zeros((BATCH, UNITS))}
    with pytest.raises(
        onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException, match="double"
    ):
        run_model(to_onnx(layer), feeds)
