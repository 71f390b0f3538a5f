"""What a runtime cannot represent is refused by name, before anything is returned or written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import GRU, GRUConfig, GRUWeights, NotRepresentableError, layouts
from parity_tests.tests.layouts.pairs import ALL, FEATURES, REFUSED, UNITS, pair

PARTS: dict[str, dict[str, Any]] = {
    "reset_after False": {"reset_after": False},
    "reset_after True": {"reset_after": True},
    "activation": {"activation": "relu"},
    "recurrent_activation": {"recurrent_activation": "hard_sigmoid"},  # Keras 2's
    "go_backwards": {"go_backwards": True},
    "zero_output_for_mask": {"zero_output_for_mask": True},
    "recurrent bias": {},
}


@pytest.mark.parametrize("part", [part for part in PARTS if part != "recurrent bias"])
@pytest.mark.parametrize("name", ALL)
def test_a_part_is_converted_or_refused_by_name(name: str, part: str) -> None:
    given = pair(name, **PARTS[part])
    if part not in REFUSED[name] and part != "zero_output_for_mask":
        read = layouts.layout(name).from_layout(layouts.convert(given, to=name))
        for argument, value in PARTS[part].items():
            assert read.arguments[argument] == value
        return
    with pytest.raises(NotRepresentableError) as caught:
        layouts.convert(given, to=name)
    assert caught.value.part == part.split()[0]
    assert caught.value.runtime == layouts.layout(name).FACTS.label
    assert caught.value.lost in str(caught.value)


@pytest.mark.parametrize("argument", ["activation", "recurrent_activation"])
@pytest.mark.parametrize("name", ALL)
def test_an_activation_that_is_a_layer_is_refused_by_name(name: str, argument: str) -> None:
    leaky = {"class_name": "LeakyReLU", "config": {"alpha": 0.1}}
    with pytest.raises(NotRepresentableError, match="LeakyReLU") as caught:
        layouts.convert(pair(name, **{argument: leaky}), to=name)
    assert caught.value.part == argument


def test_flax_nnx_refuses_a_recurrent_bias_of_the_candidate_and_says_how_large_it_is() -> None:
    weights, config = pair("flax_nnx")
    bias = weights.bias.copy()
    bias[1, 2 * UNITS + 1] = -0.25
    given = GRUWeights(weights.kernel, weights.recurrent_kernel, bias), config
    with pytest.raises(NotRepresentableError, match=r"up to 0\.25 in size.*1 of 5 units"):
        layouts.convert(given, to="flax_nnx")


@pytest.mark.parametrize("name", ["onnx", "coreml_neuralnetwork"])
@pytest.mark.parametrize(("generation", "slope"), [("2", 0.2), ("3", 1 / 6)])
def test_hard_sigmoid_keeps_the_slope_of_its_keras(
    name: str, generation: str, slope: float
) -> None:
    arguments = {"recurrent_activation": "hard_sigmoid", "keras_version": generation}
    layout = layouts.convert(pair(name, **arguments), to=name)
    assert str(slope) in str(layout.get("activation_alpha", layout["activations"]))
    assert layouts.layout(name).from_layout(layout).arguments.items() >= arguments.items()


def test_an_onnx_hard_sigmoid_without_alpha_is_keras_2s() -> None:
    layout = layouts.convert(pair("onnx"), to="onnx")
    read = layouts.layout("onnx").from_layout({**layout, "activations": ["HardSigmoid", "Tanh"]})
    assert read.arguments["keras_version"] == "2"


def test_flax_takes_keras_3s_hard_sigmoid_only() -> None:
    given = pair("flax_linen", recurrent_activation="hard_sigmoid", keras_version="3")
    assert layouts.convert(given, to="flax_linen")["gate_fn"] == "hard_sigmoid"
    with pytest.raises(NotRepresentableError, match=r"'hard_sigmoid' of Keras 2"):
        layouts.convert(pair("flax_linen", recurrent_activation="hard_sigmoid"), to="flax_linen")


@pytest.mark.parametrize("name", ALL)
def test_a_name_too_many_or_too_few_is_an_error(name: str) -> None:
    layout = layouts.convert(pair(name), to=name)
    from_layout = layouts.layout(name).from_layout
    with pytest.raises(ValueError, match="layout has the key"):
        from_layout({**layout, "other": np.zeros(3)})
    missing = next(iter(layout))
    with pytest.raises(ValueError, match=r"layout has the key|layout holds"):
        from_layout({key: value for key, value in layout.items() if key != missing})


@pytest.mark.parametrize("name", [name for name in ALL if name != "rtneural"])
def test_an_array_of_another_shape_or_of_integers_is_an_error(name: str) -> None:
    layout = layouts.convert(pair(name), to=name)
    from_layout = layouts.layout(name).from_layout
    for key, value in layouts.arrays_of(layout).items():
        with pytest.raises(ValueError, match="shape"):
            from_layout({**layout, key: value[np.newaxis]})
        for axis, size in enumerate(value.shape):
            if size != FEATURES:  # any number of features is right
                with pytest.raises(ValueError, match="expected"):
                    from_layout({**layout, key: np.delete(value, 0, axis)})
        with pytest.raises(TypeError, match="dtype"):
            from_layout({**layout, key: value.astype(int)})


def test_weights_that_do_not_fit_the_config_are_an_error() -> None:
    weights, _ = pair("torch")
    with pytest.raises(ValueError, match="weights have shapes"):
        layouts.convert((weights, GRUConfig(UNITS, reset_after=False)), to="torch")
    with pytest.raises(TypeError, match=r"layer is 7, expected a gru_ref\.GRU"):
        layouts.convert(7, to="torch")
    with pytest.raises(ValueError, match="layout is 'pytorch', expected one of torch, "):
        layouts.convert(pair("torch"), to="pytorch")


# ---- ONNX models


def onnx_layer(**arguments: Any) -> GRU:
    """Return a layer of ones."""
    layer = GRU(2, kernel_initializer="ones", recurrent_initializer="ones", **arguments)
    layer.build((1 if layer.stateful else None, None, 3))
    return layer


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"stateful": True}, "stateful"),
        ({"activation": "gelu"}, "activation"),
        ({"recurrent_activation": "softmax"}, "recurrent_activation"),
        ({"zero_output_for_mask": True}, "zero_output_for_mask"),
    ],
)
def test_to_onnx_refuses_before_it_needs_onnx(
    arguments: dict[str, Any], part: str, tmp_path: Path
) -> None:
    path = tmp_path / "gru.onnx"
    with pytest.raises(NotRepresentableError) as caught:
        gru_ref.to_onnx(onnx_layer(**arguments), path)
    assert caught.value.part == part
    assert not path.exists()


def test_to_onnx_names_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'gru-ref\[onnx\]'"):
        gru_ref.to_onnx(onnx_layer())
