"""The models of gru_ref.to_onnx, run by ONNX's own evaluator, return what Keras returned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from gru_ref import GRU, to_onnx
from parity_tests.judging import compare
from parity_tests.recording import golden
from parity_tests.recording.golden import Golden

# The evaluator computes tanh and sigmoid, whatever a node says. It sums in another order than
# Keras, and its sigmoid is another formula: 1.5 eps measured.
BOUND = 6
DEFAULTS = {"activation": "tanh", "recurrent_activation": "sigmoid"}
REFUSED = ("stateful", "zero_output_for_mask")


def _is_plain(case: Golden) -> bool:
    """Return whether a model can say all that a case asks for."""
    given, call = case.data["constructor"], case.calls[0]
    return (
        all(given.get(name, value) == value for name, value in DEFAULTS.items())
        and not any(given.get(name) for name in REFUSED)
        and call.mask is None
        and not call.training
    )


CASES = {f"{g.oracle}+{g.group}+{g.id}": g for g in golden.load() if _is_plain(g)}


def _layer(case: Golden, **more: Any) -> GRU:
    layer = GRU(**case.data["constructor"], **more, keras_version=case.keras_version)
    layer.build(case.calls[0].x.shape)
    layer.set_weights(case.weights)
    return layer


def _axes(values: Any) -> list[list[str | int]]:
    """Return the sizes of inputs or outputs of a graph."""
    shapes = (value.type.tensor_type.shape.dim for value in values)
    return [[axis.dim_param or axis.dim_value for axis in shape] for shape in shapes]


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")  # the evaluator's sigmoid
@pytest.mark.parametrize("name", CASES)
def test_a_model_returns_what_keras_returned(name: str) -> None:
    case = CASES[name]
    _check(case, _layer(case), time_major=False)
    if case.oracle == "keras2":
        _check(case, _layer(case, time_major=True), time_major=True)


def _check(case: Golden, layer: GRU, *, time_major: bool) -> None:
    """Compare a model of the layer with the outputs of a case, time first for time_major."""

    def swap(array: np.ndarray) -> np.ndarray:
        return array.swapaxes(0, 1) if time_major and array.ndim == 3 else array

    call = case.calls[0]
    starts = call.initial_state is not None
    model = to_onnx(layer, initial_state=starts)
    feeds = {"x": swap(call.x)} | ({"initial_state": call.initial_state} if starts else {})
    returned = ReferenceEvaluator(model).run(None, feeds)
    expected = list(map(swap, case.expected[0]["outputs"]))
    assert [one.dtype for one in returned] == [one.dtype for one in expected]
    assert [one.shape for one in returned] == [one.shape for one in expected]
    for one, other in zip(returned, expected, strict=True):
        assert compare.errors(one, other).max() <= BOUND
    leading = ["timesteps", "batch"] if time_major else ["batch", "timesteps"]
    state = ["batch", layer.units]
    assert _axes(model.graph.input) == [[*leading, call.x.shape[2]], state][: 1 + starts]
    output = [*leading, layer.units] if layer.return_sequences else state
    assert _axes(model.graph.output) == [output, state][: len(expected)]


def test_every_argument_that_a_model_says_is_among_the_cases() -> None:
    layers = [_layer(case) for case in CASES.values()]
    both = {(a, b) for a in (False, True) for b in (False, True)}
    assert {(one.go_backwards, one.return_sequences) for one in layers} == both
    assert {(one.reset_after, one.use_bias) for one in layers} == both
    assert {one.return_state for one in layers} == {False, True}
    assert {one.config.dtype for one in layers} == {"float32", "float64"}


@pytest.mark.parametrize(
    ("given", "alpha", "beta", "functions"),
    [
        ({}, None, None, ["Sigmoid", "Tanh"]),
        ({"activation": "relu"}, None, None, ["Sigmoid", "Relu"]),
        ({"recurrent_activation": "hard_sigmoid"}, [0.2], [0.5], ["HardSigmoid", "Tanh"]),
    ],
)
def test_a_node_says_its_functions(given: Any, alpha: Any, beta: Any, functions: Any) -> None:
    layer = GRU(2, **given, kernel_initializer="ones", recurrent_initializer="ones")
    layer.build((None, None, 3))
    (node,) = [node for node in to_onnx(layer).graph.node if node.op_type == "GRU"]
    said = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    assert [name.decode() for name in said["activations"]] == functions
    for name, expected in (("activation_alpha", alpha), ("activation_beta", beta)):
        assert said.get(name) == (expected and pytest.approx(expected))


def test_a_written_model_is_the_returned_one(tmp_path: Path) -> None:
    path = tmp_path / "gru model.onnx"
    model = to_onnx(_layer(next(iter(CASES.values()))), path, name="encoder")
    assert onnx.load(path) == model
    assert model.graph.name == "encoder"
    weights = {one.name for one in model.graph.initializer if "/" in one.name}
    assert weights <= {"encoder/W", "encoder/R", "encoder/B"}
