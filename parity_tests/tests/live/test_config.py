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
from parity_tests.tests.live.both_sides import live_steps, value, values
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
        activation = {"module": "keras.layers", "class_name": name, "config": config}
        given = {"units": 5, "activation": activation, "return_sequences": True, "dtype": "float64"}
        rng = np.random.default_rng(3)
        shapes = ((4, 15), (5, 15), (2, 15))
        weights = [rng.uniform(-1, 1, shape) for shape in shapes]
        x = rng.uniform(-2, 2, (2, 3, 4))
        request = {"op": "run", "constructor": given, "weights": codec.encode(weights),
                   "calls": [{"x": codec.encode(x)}]}  # fmt: skip
        live = live_run.oracle(oracle).request(request)
        if name == "ThresholdedReLU" and oracle == "keras3":
            assert live["error"]["class"] == "ValueError"
            with pytest.raises(ValueError, match="activation is"):
                GRU(**given, keras_version=live_run.keras_version(oracle))
            return
        layer = GRU(**given, keras_version=live_run.keras_version(oracle))
        layer.build(x.shape)
        layer.set_weights(weights)
        # Measured: 4.4e-16, two units in the last place of float64.
        np.testing.assert_allclose(layer(x), live["calls"][0]["outputs"][0], rtol=0, atol=2e-15)

    @for_each(ORACLES)
    def test_elu_subtracts_1_from_exp(self, oracle: str) -> None:
        # In float32 exp(x) below 1 is a multiple of 2**-24, and so is what is 1 less; expm1 is not.
        units, grid = 5, 2.0**24
        x = -np.exp2(np.random.default_rng(3).uniform(-30, -1, (8, 7, units))).astype("float32")
        assert (np.expm1(x) * grid % 1 != 0).any()
        activation = {"class_name": "ELU", "config": {"dtype": "float32"}}
        candidate_alone = np.concatenate([np.zeros((units, 2 * units)), np.eye(units)], axis=1)
        zeros = np.zeros((units, 3 * units)), np.zeros((2, 3 * units))
        constructor = {"units": units, "activation": {"module": "keras.layers", **activation},
                       "recurrent_activation": "linear", "return_sequences": True}  # fmt: skip
        live, own = values(
            oracle,
            [
                ["construct", constructor],
                ["build", [x.shape]],
                ["set_weights", [[candidate_alone, *zeros]]],
                ["call", {"x": tensor(x)}],
            ],
        )
        theirs, ours = np.asarray(live[-1][0]) * grid, np.asarray(own[-1]) * grid
        assert (theirs % 1 == 0).all()
        assert (ours % 1 == 0).all()
        # Neither exp is always the nearest number: seen, two units in its last place.
        assert np.abs(ours - theirs).max() <= 2


def _config_of(given: dict[str, Any], version: str) -> dict[str, Any]:
    """Return what `live_config` returns, of gru_ref."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KerasQuirkWarning)
        try:
            return {"config": GRU(**given, keras_version=version).get_config()}
        except Exception as error:  # the class is compared
            return {"error": type(error).__name__}
