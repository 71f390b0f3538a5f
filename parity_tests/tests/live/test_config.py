"""get_config() is what live Keras writes, and activations given as dicts compute what its do."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gru_ref import GRU, KerasQuirkWarning
from parity_tests.matrix.configs import CONFIGS, constructor
from parity_tests.matrix.objects import function, tensor
from parity_tests.oracles import codec
from parity_tests.recording.recorded_configs import is_refused, live_config, plain
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import live_steps, own_steps, value, values
from parity_tests.tests.live.each_case import for_each

ORACLES = ("keras2", "keras3")
# Keras's own parameters of its activation layers, beside each layer's default.
LAYERS = {
    "ReLU": {"max_value": 0.7, "negative_slope": 0.3, "threshold": 0.1},
    "LeakyReLU": {"alpha": 0.4},
    "ELU": {"alpha": 0.7},
    "Softmax": {"axis": -1},
    "ThresholdedReLU": {"theta": 0.3},
}


class TestLive:
    """Every row of CONFIGS, in the Keras that is installed."""

    @for_each(ORACLES)
    def test_get_config_is_what_live_keras_writes(self, oracle: str) -> None:
        version = live_run.keras_version(oracle)
        wrong = {}
        for name in CONFIGS:
            given = {"name": "layer", **constructor(name)}
            expected = live_config(live_run.oracle(oracle), given)
            if is_refused(name, version):
                expected = {"error": "ValueError"}
            mine = _config_of(codec.decode(given), version)
            if plain(codec.decode(expected)) != plain(mine):
                wrong[name] = mine, expected
        assert not wrong

    @for_each(ORACLES)
    def test_live_keras_reads_what_gru_ref_writes(self, oracle: str) -> None:
        version = live_run.keras_version(oracle)
        arguments = codec.decode(constructor("many"))
        config = GRU(**arguments, keras_version=version).get_config()
        last = live_steps(oracle, [["from_config", [config]], ["get_config"]])[-1]
        assert plain(value(last)) == plain(config)

    @for_each(ORACLES)
    def test_a_lambda_is_written_as_live_keras_writes_it(self, oracle: str) -> None:
        given = {"name": "layer", "units": 3} | {
            name: function("double") for name in ("activation", "kernel_initializer")
        }
        live = live_config(live_run.oracle(oracle), given)["config"]
        mine = GRU(**codec.decode(given), keras_version=live_run.keras_version(oracle)).get_config()
        for config in (codec.decode(live), mine):
            # The code is that of one Python; its defaults and its closure are not.
            for item in (config["activation"], config["kernel_initializer"].pop("config")):
                code, *rest = item["value"]
                assert isinstance(code, str)
                assert rest == [None, None]
        assert live["kernel_initializer"]["class_name"] == "__lambda__"
        assert mine["kernel_initializer"] == {"class_name": "__lambda__"}


class TestActivationLayers:
    """The numbers of activations given as the dicts of layers."""

    @for_each(ORACLES, LAYERS)
    def test_the_layer_computes_what_live_keras_computes(self, oracle: str, name: str) -> None:
        config = {**LAYERS[name], "dtype": "float64"}
        rng = np.random.default_rng(3)
        weights = [rng.uniform(-1, 1, shape) for shape in ((4, 15), (5, 15), (2, 15))]
        steps = _steps(name, config, weights, rng.uniform(-2, 2, (2, 3, 4)), dtype="float64")
        if name == "ThresholdedReLU" and oracle == "keras3":
            assert live_steps(oracle, steps)[-1]["error"]["class"] == "ValueError"
            with pytest.raises(ValueError, match="activation is"):
                value(own_steps(oracle, steps)[-1])
            return
        live, own = values(oracle, steps)
        # Measured: 4.4e-16, two units in the last place of float64.
        np.testing.assert_allclose(own[-1], live[-1][0], rtol=0, atol=2e-15)

    @for_each(ORACLES)
    def test_elu_subtracts_1_from_exp(self, oracle: str) -> None:
        # In float32 exp(x) below 1 is a multiple of 2**-24, and so is what is 1 less; expm1 is not.
        units, grid = 5, 2.0**24
        x = -np.exp2(np.random.default_rng(3).uniform(-30, -1, (8, 7, units))).astype("float32")
        assert (np.expm1(x) * grid % 1 != 0).any()
        candidate_alone = np.concatenate([np.zeros((units, 2 * units)), np.eye(units)], axis=1)
        weights = [candidate_alone, np.zeros((units, 3 * units)), np.zeros((2, 3 * units))]
        steps = _steps("ELU", {"dtype": "float32"}, weights, x, recurrent_activation="linear")
        live, own = values(oracle, steps)
        theirs, ours = live[-1][0] * grid, own[-1] * grid
        assert (theirs % 1 == 0).all()
        assert (ours % 1 == 0).all()
        # Neither exp is always the nearest number: seen, two units in its last place.
        assert np.abs(ours - theirs).max() <= 2


def _steps(
    name: str, config: dict[str, Any], weights: list[np.ndarray], x: np.ndarray, **constructor: Any
) -> list[list[Any]]:
    """Return the steps that call a GRU of 5 units whose activation is a layer."""
    activation = {"module": "keras.layers", "class_name": name, "config": config}
    arguments = {"units": 5, "activation": activation, "return_sequences": True, **constructor}
    return [
        ["construct", arguments],
        ["build", [x.shape]],
        ["set_weights", [weights]],
        ["call", {"x": tensor(x)}],
    ]


def _config_of(given: dict[str, Any], version: str) -> dict[str, Any]:
    """Return what `live_config` returns, of gru_ref."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        try:
            return {"config": GRU(**given, keras_version=version).get_config()}
        except Exception as error:  # the class is compared
            return {"error": type(error).__name__}
