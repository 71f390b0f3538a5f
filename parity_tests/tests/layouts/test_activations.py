"""Activations are compared by what they compute, and no refusal shows two equal sides."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref import GRU, GRUConfig, GRUWeights, NotRepresentableError, layouts
from gru_ref.files.writers import keras3
from gru_ref.keras.activations import comparison, tables
from gru_ref.keras.ledger import resolve
from gru_ref.keras.ledger.releases import NEWEST
from gru_ref.layouts.names import suggestion
from parity_tests.environment import ROOT
from parity_tests.tests.layouts.pairs import ALL, REFUSED

RELEASES = [
    *(f"tf-2.{minor}" for minor in range(1, 5)),
    *(f"2.{minor}.0" for minor in range(5, NEWEST[2].minor + 1)),
    *(f"3.{minor}.0" for minor in range(NEWEST[3].minor + 1)),
]
HALVES = ("float16", "bfloat16")
DTYPES = (*HALVES, "float32", "float64")
# One function under several names or with several roundings, by its ledger names.
ONE_FUNCTION = (
    {"sigmoid", "sigmoid_tf_2_1"},
    {"gelu", "gelu_tf_2_4", "gelu_3_0_1"},
    {"elu", "celu"},
)
FUNCTIONS = {
    function.__name__: function
    for release in RELEASES
    for function in tables.names(resolve(release)).values()
}


def pair(config: GRUConfig) -> tuple[GRUWeights, GRUConfig]:
    """Return weights for a config."""
    shapes = config.weight_shapes(2).values()
    return GRUWeights(*(np.full(s, 0.25, config.compute_dtype) for s in shapes)), config


def refusal(name: str, config: GRUConfig) -> str:
    """Return the message of a refused conversion; empty where it is taken."""
    try:
        layouts.convert(pair(config), to=name)
    except NotRepresentableError as error:
        return str(error)
    return ""


def sides(message: str) -> tuple[str, str]:
    """Return what the message says is there, and what it says was expected."""
    matched = re.fullmatch(r".*? is (.*), expected (.*?): .*", message)
    assert matched is not None, message
    return matched[1], matched[2]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("release", RELEASES)
def test_every_runtime_takes_the_default_layer_of_every_release(release: str, dtype: str) -> None:
    for name in ALL:
        reset_after = "reset_after True" not in REFUSED[name]
        config = GRUConfig(3, reset_after=reset_after, dtype=dtype, keras_version=release)
        if name == "flax_nnx":
            config = GRUConfig(3, use_bias=False, dtype=dtype, keras_version=release)
        assert not refusal(name, config)


@pytest.mark.parametrize("release", RELEASES)
def test_the_two_sides_of_a_refusal_differ(release: str) -> None:
    """All releases x activations x runtimes, either argument."""
    for activation, argument, name in itertools.product(
        tables.names(resolve(release)), ("activation", "recurrent_activation"), ALL
    ):
        reset_after = "reset_after True" not in REFUSED[name]
        arguments: dict[str, Any] = {argument: activation, "reset_after": reset_after}
        use_bias = name != "flax_nnx"
        config = GRUConfig(3, use_bias=use_bias, keras_version=release, **arguments)
        if message := refusal(name, config):
            actual, expected = sides(message)
            assert actual not in expected.split(" or "), message


@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_are_the_same_or_far_apart(dtype: str) -> None:
    """1 eps at most between two forms of one function, 4 times the tolerance between others."""
    for (one, f), (other, g) in itertools.combinations(FUNCTIONS.items(), 2):
        apart = comparison.difference(f, g, dtype)
        if not any({one, other} <= names for names in ONE_FUNCTION):
            assert apart > 4 * comparison.tolerance(dtype), (one, other)
        elif dtype == "float64" and "gelu" in one:  # a constant in float32
            assert comparison.tolerance(dtype) < apart < comparison.tolerance("float32")
        else:
            assert apart <= comparison.tolerance(dtype) / 2, (one, other)


@pytest.mark.parametrize(
    ("value", "keras_version", "word"),
    [
        (None, "3", "identity"),
        ("linear", "2", "identity"),
        ("swish", "2", "silu"),
        ("silu", "3", "silu"),
        ("relu", "2", "relu"),
        ("ReLU", "2", "relu"),
        ({"class_name": "ReLU", "config": {}}, "2", "relu"),
        ({"class_name": "ReLU", "config": {"max_value": 6.0}}, "2", "relu6"),
        ({"class_name": "ELU", "config": {"alpha": 1.0}}, "2", "elu"),
        ({"module": "builtins", "class_name": "function", "config": "silu"}, "3", "silu"),
        (np.tanh, "2", "tanh"),
        (lambda x: np.maximum(x, 0), "3", "relu"),
    ],
)  # fmt: skip
def test_names_layers_and_functions_that_compute_the_same_are_the_same(
    value: Any, keras_version: str, word: str
) -> None:
    given = pair(GRUConfig(3, activation=value, keras_version=keras_version))
    assert layouts.convert(given, to="flax_linen")["activation_fn"] == word


def test_a_leaky_relu_is_told_by_its_slope() -> None:
    def alpha(value: Any) -> list[float]:
        given = pair(GRUConfig(3, activation=value))
        return list(layouts.convert(given, to="onnx")["activation_alpha"])

    assert alpha("LeakyReLU") == alpha({"class_name": "LeakyReLU", "config": {}}) == [0.3]
    assert alpha("leaky_relu") == [0.2]
    assert alpha({"class_name": "LeakyReLU", "config": {"alpha": 0.2}}) == [0.2]


def test_a_function_that_cannot_be_tried_is_refused() -> None:
    def of_3(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return x * np.ones(3, x.dtype)

    message = refusal("torch", GRUConfig(3, activation=of_3))
    assert "of_3" in message


@pytest.mark.parametrize(
    ("value", "release", "dtype", "note"),
    [
        ("sigmoid", "2.6.0", "float32", ""),
        ("sigmoid", "2.6.0", "float16", "rounds otherwise in Keras 3: up to 0.001 apart"),
        ("gelu", "2.9.0", "float64", "rounds otherwise in Keras 3: up to 1e-08 apart"),
        ("swish", "2.9.0", "float16", ""),
    ],
)
def test_keras_3_takes_what_it_rounds_otherwise_and_says_by_how_much(
    value: str, release: str, dtype: str, note: str
) -> None:
    layer = GRU(3, activation=value, dtype=dtype, keras_version=release)
    layer.take_weights(pair(layer.config)[0])
    notes = [n for n in keras3.plan({"gru": layer}).notes if n.partition(": ")[2].startswith("act")]
    assert all(note in one for one in notes)
    assert bool(note) is bool(notes)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("pytorch", "torch"), ("PyTorch", "torch"), ("tensorflow.js", "tfjs"), ("ORT", "onnx"),
        ("onnxruntime", "onnx"), ("flax.nnx", "flax_nnx"), ("RT-Neural", "rtneural"),
        ("nn.GRUCell", "torch_cell"), ("touch", "torch"), ("openvinno", "openvino"),
    ],
)  # fmt: skip
def test_an_unknown_name_suggests_the_one_that_is_meant(asked: str, meant: str) -> None:
    for call in (
        lambda: layouts.layout(asked),
        lambda: layouts.convert({}, to=asked),
        lambda: layouts.convert({}, to="torch", origin=asked),
    ):
        with pytest.raises(ValueError, match=f"; did you mean '{meant}'\\?"):
            call()
    assert suggestion("keras", ("torch", "keras3")) == "; did you mean 'keras3'?"
    assert not suggestion("frobnicate", layouts.LAYOUTS)


def test_the_readme_counts_what_was_run() -> None:
    unverified = [name for name in ALL if not layouts.LAYOUTS[name].FACTS.verified]
    text = " ".join(Path(ROOT / "README.md").read_text().split())
    assert len(ALL) == 15
    assert len(unverified) == 5
    assert "to and from 15 other runtimes" in text
    assert "five were only read in documentation" in text
    assert all(f"`{name}`" in text for name in unverified)
