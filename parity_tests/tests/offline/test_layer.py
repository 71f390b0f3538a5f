"""GRU has the shapes, the recorded state and the warnings of Keras's layer."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref import GRU
from gru_ref.keras.ledger import LEDGER
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.small_gru import BATCH, FEATURES, TIMESTEPS, UNITS, x


class TestShapes:
    """Numbers of parameters, masks and shapes of outputs."""

    @parameterized.expand([(True, True), (True, False), (False, True), (False, False)])
    def test_count_params(self, reset_after: bool, use_bias: bool) -> None:
        layer = small_gru.layer(reset_after=reset_after, use_bias=use_bias)
        u, f = UNITS, FEATURES
        bias = (2 * u if reset_after else u) if use_bias else 0
        assert layer.count_params() == 3 * (u * f + u * u + bias)
        assert layer.count_params() == sum(weight.size for weight in layer.weights)

    def test_compute_mask_passes_the_mask_of_a_sequence(self) -> None:
        mask = np.ones((BATCH, TIMESTEPS), bool)
        assert GRU(UNITS).compute_mask(x(), mask) is None
        assert GRU(UNITS, return_sequences=True).compute_mask(x(), mask) is mask
        assert GRU(UNITS, return_sequences=True).compute_mask(x()) is None
        assert GRU(UNITS, return_sequences=True).compute_mask(x(), [mask, None]) is mask
        both = GRU(UNITS, return_sequences=True, return_state=True).compute_mask(x(), mask)
        assert both[0] is mask
        assert both[1:] == [None]

    @parameterized.expand(
        [(v, s, t) for v, t in (("2", False), ("2", True), ("3", False)) for s in (False, True)]
    )
    def test_the_computed_shape_is_the_output_s(
        self, version: str, sequences: bool, time_major: bool
    ) -> None:
        constructor: dict[str, Any] = {"time_major": True} if time_major else {}
        layer = small_gru.layer(
            keras_version=version, return_sequences=sequences, return_state=True, **constructor
        )
        shapes, outputs = layer.compute_output_shape((2, 3, 4)), layer(x())
        assert type(shapes) is type(outputs)
        assert list(shapes) == [output.shape for output in outputs]

    # Of no rows tf_keras 2.21 returns none.
    @parameterized.expand([(s, b) for s in (False, True) for b in (False, True)])
    def test_time_major_may_have_no_rows(self, sequences: bool, go_backwards: bool) -> None:
        loop = {"return_sequences": sequences, "go_backwards": go_backwards}
        layer = small_gru.layer(time_major=True, **loop)
        expected = (TIMESTEPS, 0, UNITS) if sequences else (0, UNITS)
        assert layer(np.ones((TIMESTEPS, 0, FEATURES), "float32")).shape == expected
        with pytest.raises(
            ValueError, match=r"x has shape \(0, 2, 4\), expected at least one time"
        ):
            layer(np.ones((0, BATCH, FEATURES), "float32"))

    def test_unknown_sizes_stay_unknown(self) -> None:
        layer = GRU(UNITS, return_sequences=True)
        assert layer.compute_output_shape((None, None, 4)) == (None, None, UNITS)


class TestState:
    """What a layer remembers."""

    @parameterized.expand([("2", [None]), ("3", None)])
    def test_a_layer_that_is_not_stateful_records_nothing(self, version: str, states: Any) -> None:
        layer = small_gru.layer(keras_version=version)
        assert (layer(x()) == layer(x())).all()
        assert layer.states == states
        assert layer.recorded_state is None

    def test_reset_states_of_keras_2_takes_zeros_or_values(self) -> None:
        layer, values = small_gru.layer(stateful=True), np.full((BATCH, UNITS), 0.5)
        first = layer(x())
        layer.reset_states()
        assert (layer.states[0] == 0).all()
        assert (layer(x()) == first).all()
        for states in (values, [values]):
            layer.reset_states(states)
            assert (layer.states[0] == 0.5).all()
            assert layer.states[0].dtype == "float32"

    def test_reset_state_of_keras_3_takes_nothing(self) -> None:
        layer = small_gru.layer(stateful=True, keras_version="3")
        first = layer(x())
        for reset in (layer.reset_state, layer.reset_states):
            reset()
            assert (layer(x()) == first).all()

    def test_states_and_weights_are_copies(self) -> None:
        layer = small_gru.layer(stateful=True)
        layer(x())
        state = layer.states[0].copy()
        layer.states[0][:] = 9
        layer.get_weights()[0][:] = 9
        assert (layer.states[0] == state).all()
        assert (layer.get_weights()[0] != 9).all()

    def test_a_call_that_fails_half_way_leaves_no_trace(self) -> None:
        broken = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
        layer = GRU(UNITS, lambda a: math.sqrt(-1), stateful=True, **broken)
        with pytest.raises(ValueError, match="math domain error"):
            layer(x())
        assert (layer.built, layer.weights, layer.states) == (False, [], [None])

    def test_weights_that_do_not_fit_leave_the_layer_as_it_was(self) -> None:
        layer = GRU(UNITS, weights=[np.ones((4, 15))])
        for _ in range(2):
            with pytest.raises(ValueError, match="weights is a list of 1 arrays, expected 3"):
                layer(x())
            assert not layer.built


def _quirks(layer: GRU, *arguments: Any, **keywords: Any) -> list[str]:
    """Return the ledger rows that one call warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        layer(*arguments, **keywords)
    return [str(warning.message).partition(":")[0] for warning in caught]


STATE = np.ones((BATCH, UNITS), "float32")
HOLES, RIGHT = np.array([[[True, False, True]] * BATCH, [[True, True, False]] * BATCH])
PER_UNIT = {"mask": np.ones((BATCH, TIMESTEPS, UNITS), bool)}
TRAINING = {"training": True, "rng": np.random.default_rng(7)}
ZEROED = dict.fromkeys(("unroll", "go_backwards", "zero_output_for_mask", "return_sequences"), True)
KERAS_3 = {"keras_version": "3"}
# A quirk: the constructor of a layer, a call of it that warns, calls that do not.
QUIRKS: dict[str, list[dict[str, Any]]] = {
    "unroll_zeroes_unreversed": [ZEROED, {"mask": RIGHT}, {"mask": HOLES}, {}],
    "fused_mask_per_timestep": [
        {"dropout": 0.5},
        {**TRAINING, "x": x(2)},
        {**TRAINING, "x": x(1)},
        PER_UNIT,
        {},
    ],
    "graph_loop_draws_every_timestep": [
        {"dropout": 0.5, "activation": "relu", "execution": "graph"},
        {**TRAINING, "x": x(2)},
        {**TRAINING, "x": x(1)},
        {},
    ],
    "zero_last_output": [
        {"zero_output_for_mask": True, "activation": "relu"},
        {"mask": RIGHT},
        {"mask": HOLES},
        {},
    ],
    "unroll_unit_mask_fails": [{"unroll": True}, PER_UNIT, {"mask": PER_UNIT["mask"][..., :1]}],
    "extra_initial_states_ignored": [
        KERAS_3,
        {"initial_state": [STATE] * 2},
        {"initial_state": [STATE]},
    ],
    "rate_one": [{**KERAS_3, "dropout": 1.0}, {"training": True}, {}],
}


class TestQuirks:
    """A quirk is warned of once a call, and only when it changes the numbers."""

    def test_a_recorded_state_that_wins(self) -> None:
        layer = small_gru.layer(stateful=True)
        assert _quirks(layer, x(), STATE) == []
        assert _quirks(layer, x(), STATE) == ["recorded_state_wins"]
        assert _quirks(layer, x(), STATE) == ["recorded_state_wins"]
        assert _quirks(layer, x(), layer.states[0]) == []
        assert _quirks(layer, x()) == []

    @pytest.mark.parametrize("engine", ["core", "numpy"])
    @pytest.mark.parametrize("quirk", QUIRKS)
    def test_a_call_that_warns_and_calls_that_do_not(self, quirk: str, engine: Any) -> None:
        constructor, warned, *quiet = QUIRKS[quirk]
        assert LEDGER[quirk].quirk
        layer = small_gru.layer(**constructor, engine=engine)
        for call, expected in ((warned, [quirk]), *((call, []) for call in quiet)):
            assert _quirks(layer, **{"x": x(), **call}) == expected


class TestLongdouble:
    """TensorFlow has no longdouble: both generations of Keras refuse it with a ValueError."""

    @pytest.mark.parametrize("version", ["2", "3"])
    def test_no_argument_of_a_call_may_be_longdouble(self, version: str) -> None:
        layer = GRU(
            2, kernel_initializer="ones", recurrent_initializer="zeros", keras_version=version
        )
        x = np.ones((1, 3, 2), "float32")
        weights = [array.astype(np.longdouble) for array in (np.ones((2, 6)), np.ones((2, 6)))]
        for call in (
            lambda: layer(x.astype(np.longdouble)),
            lambda: layer(x, np.ones((1, 2), np.longdouble)),
            lambda: layer(x, mask=np.ones((1, 3), np.longdouble)),
            lambda: layer.build((1, 3, 2)) or layer.set_weights([*weights, np.ones((2, 6))]),
        ):
            with pytest.raises(TypeError, match=r"has dtype (longdouble|float128), expected"):
                call()
