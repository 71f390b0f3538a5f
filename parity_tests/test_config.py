"""The constructor takes what Keras's takes, and configs and live layers make the same layer."""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any
from unittest import mock

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref import GRU, KerasQuirkWarning
from parity_tests import small_gru
from parity_tests.small_gru import BATCH, UNITS, x

GENERATIONS = [("2",), ("3",)]

SIGNATURE = {
    "units": inspect.Parameter.empty,
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": "orthogonal",
    "bias_initializer": "zeros",
    "kernel_regularizer": None,
    "recurrent_regularizer": None,
    "bias_regularizer": None,
    "activity_regularizer": None,
    "kernel_constraint": None,
    "recurrent_constraint": None,
    "bias_constraint": None,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "implementation": 2,
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "time_major": False,
    "reset_after": True,
}
UP_TO_RECURRENT_DROPOUT = [UNITS, *list(SIGNATURE.values())[1:16]]

# The keys of get_config() in Keras's order; a layer that has been told nothing but its units.
_WEIGHTS = (
    "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer "
    "bias_initializer kernel_regularizer recurrent_regularizer bias_regularizer "
    "activity_regularizer kernel_constraint recurrent_constraint bias_constraint dropout "
    "recurrent_dropout"
)
_LOOP = "name trainable dtype return_sequences return_state go_backwards stateful unroll"
KEYS = {
    "2": f"{_LOOP} time_major {_WEIGHTS} implementation reset_after".split(),
    "3": f"{_LOOP} zero_output_for_mask {_WEIGHTS} reset_after seed".split(),
}


class TestSignature:
    """Names, defaults and places of the constructor's arguments."""

    def test_names_and_defaults_are_those_of_keras(self) -> None:
        parameters = inspect.signature(GRU).parameters
        by_place = {
            n: p.default for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD
        }
        assert list(by_place.items()) == list(SIGNATURE.items())
        rest = [(n, p.kind, p.default) for n, p in list(parameters.items())[len(by_place) :]]
        assert rest[0] == ("keras_version", inspect.Parameter.KEYWORD_ONLY, "2")
        assert rest[1][:2] == ("kwargs", inspect.Parameter.VAR_KEYWORD)

    @parameterized.expand([("tf-2.1",), ("tf-2.2",), ("tf-2.3",)])
    def test_every_argument_goes_by_position_in(self, version: str) -> None:
        rest = [1, True, True, True, True, True, True, False]
        config = GRU(*UP_TO_RECURRENT_DROPOUT, *rest, keras_version=version).config
        assert [getattr(config, name) for name in list(SIGNATURE)[16:]] == rest

    @parameterized.expand([("tf-2.4",), ("2.15.0",), ("2",), ("3.0.0",), ("3",)])
    def test_the_places_after_recurrent_dropout_are_refused_in(self, version: str) -> None:
        assert GRU(*UP_TO_RECURRENT_DROPOUT, keras_version=version).config.units == UNITS
        with pytest.raises(TypeError, match="implementation is given by position as 2"):
            GRU(*UP_TO_RECURRENT_DROPOUT, 2, keras_version=version)

    def test_the_second_argument_of_the_call_is_the_initial_state(self) -> None:
        layer, state = small_gru.layer(), np.ones((BATCH, UNITS), "float32")
        assert (layer(x(), state) == layer(x(), initial_state=state)).all()
        assert (layer(x(), state) != layer(x())).any()


class TestConfig:
    """get_config, from_config and from_keras."""

    @parameterized.expand(GENERATIONS)
    def test_the_keys_stand_in_the_order_of_keras(self, version: str) -> None:
        assert list(GRU(UNITS, keras_version=version).get_config()) == KEYS[version]

    def test_keras_2_adds_keys_for_what_was_given(self) -> None:
        layer = GRU(UNITS, zero_output_for_mask=True, input_shape=(3, 4), batch_size=2)
        config = layer.get_config()
        assert list(config)[:4] == ["name", "trainable", "batch_input_shape", "dtype"]
        assert config["batch_input_shape"] == (2, 3, 4)
        assert config["zero_output_for_mask"] is True

    def test_keras_3_names_a_dtype_policy_from_3_4_on(self) -> None:
        assert GRU(UNITS, keras_version="3.3.0").get_config()["dtype"] == "float32"
        policy = GRU(UNITS, keras_version="3.4.0").get_config()["dtype"]
        assert (policy["class_name"], policy["config"]) == ("DTypePolicy", {"name": "float32"})

    @parameterized.expand(GENERATIONS)
    def test_a_config_makes_the_same_layer(self, version: str) -> None:
        arguments: dict[str, Any] = {
            "activation": "relu",
            "recurrent_activation": "hard_sigmoid",
            "use_bias": False,
            "dropout": 0.25,
            "kernel_initializer": {"class_name": "Constant", "config": {"value": 0.5}},
            "unroll": True,
            "bias_regularizer": "l2",
            "kernel_constraint": "non_neg",
            "return_sequences": True,
            "go_backwards": True,
            "dtype": "float64",
            "stateful": True,
            "name": "other",
            "trainable": False,
            "reset_after": False,
        }
        layer = GRU(UNITS, keras_version=version, **arguments)
        again = GRU.from_config(layer.get_config(), keras_version=version)
        assert again.config == layer.config
        assert again.get_config() == layer.get_config()

    def test_the_keys_tell_the_generation(self) -> None:
        for version in ("2", "3"):
            config = GRU(UNITS, keras_version=version).get_config()
            assert GRU.from_config(config).keras_version.startswith(version)
        with pytest.raises(ValueError, match="give keras_version"):
            GRU.from_config({"units": 5})

    def test_implementation_0_becomes_1_with_a_warning(self) -> None:
        config = GRU(UNITS, implementation=0).get_config()
        with pytest.warns(KerasQuirkWarning, match="from_config_implementation_0_is_1"):
            assert GRU.from_config(config).implementation == 1

    @parameterized.expand([("tf_keras", "2.21.0"), ("keras", "3.15.1")])
    def test_from_keras_takes_over(self, package: str, version: str) -> None:
        source = small_gru.layer(stateful=True, keras_version=version, implementation=1)
        source(x())
        with mock.patch.dict(sys.modules, {package: _package(package, version)}):
            layer = GRU.from_keras(_fake(package, source, activation=lambda a: 2 * np.tanh(a)))
        assert layer.keras_version == source.keras_version
        assert layer.implementation == 1
        assert (layer.states[0] == source.states[0]).all()
        for mine, theirs in zip(layer.get_weights(), source.get_weights(), strict=True):
            assert (mine == theirs).all()
        twice = small_gru.layer(
            activation=lambda a: 2 * np.tanh(a), stateful=True, keras_version=version
        )
        twice.set_weights(source.get_weights())
        twice._state = source.states[0]
        assert np.allclose(layer(x()), twice(x()), rtol=0, atol=1e-6)

    def test_from_keras_refuses_what_is_no_layer_of_keras(self) -> None:
        for thing in (None, "gru", small_gru.layer()):
            with pytest.raises(TypeError, match=r"layer is .*, expected"):
                GRU.from_keras(thing)


def _package(name: str, version: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__version__ = version  # type: ignore[attr-defined]
    return module


def _fake(package: str, source: GRU, activation: Any) -> Any:
    """Return an object with what gru_ref reads of a live layer of that package."""

    class Fake:
        def get_config(self) -> dict[str, Any]:
            unserialized = {"class_name": "__lambda__", "config": {}}
            return source.get_config() | {
                "activation": unserialized,
                "kernel_initializer": unserialized,
            }

        def get_weights(self) -> list[np.ndarray]:
            return source.get_weights()

    Fake.__module__ = f"{package}.src.layers.rnn.gru"
    fake: Any = Fake()
    fake.activation = activation
    fake.kernel_initializer = lambda shape, dtype=None: np.ones(shape, dtype)
    fake.states = source.states
    fake.cell = types.SimpleNamespace(implementation=source.implementation)
    return fake
