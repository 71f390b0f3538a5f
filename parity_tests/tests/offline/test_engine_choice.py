"""Which engine a layer takes, what it says of it, and what keeps to the core."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import GRU, RNN, Bidirectional, EngineWarning, GRUCell
from gru_ref.engines import choice
from parity_tests.tests.support import small_gru


def _twice(x: np.ndarray) -> np.ndarray:
    return 2 * x


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "numba_is_installed", lambda: False)


class TestName:
    """engine, `layer.engine` and the environment variable name the same three."""

    @pytest.mark.parametrize("name", ["core", "numpy"])
    def test_a_layer_takes_the_one_it_is_given(self, name: Any) -> None:
        cell = GRUCell(5)
        for layer in (
            GRU(5, engine=name),
            RNN(cell, engine=name),
            Bidirectional(GRU(5), engine=name),
            Bidirectional(GRU(5, engine=name)),
            Bidirectional(RNN(cell, engine=name)),
        ):
            assert layer.engine == name

    @pytest.mark.usefixtures("without_numba")
    def test_the_fastest_installed_one_is_the_default(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GRU_REF_ENGINE")
        assert GRU(5).engine == "numpy"

    def test_it_can_be_set(self) -> None:
        layer = Bidirectional(GRU(5))
        layer.engine = "core"
        assert (layer.engine, layer.forward_layer.engine) == ("core", "core")
        layer.engine = None
        assert layer.engine == choice.serving(None, [layer.config.recurrence]).name != "core"

    def test_the_slower_one_names_a_pair_of_two(self) -> None:
        backward = GRU(5, go_backwards=True, engine="core")
        layer = Bidirectional(GRU(5, engine="numpy"), backward_layer=backward)
        assert (layer.forward_layer.engine, layer.engine) == ("numpy", "core")

    @pytest.mark.parametrize("make", [GRU, lambda *_, **k: RNN(GRUCell(5), **k)])
    def test_an_unknown_one_is_refused(self, make: Callable[..., Any]) -> None:
        with pytest.raises(ValueError, match="engine is 'torch', expected 'core', 'numpy'"):
            make(5, engine="torch")
        layer = make(5, engine="core")
        with pytest.raises(ValueError, match="engine is 3"):
            layer.engine = 3
        assert layer.engine == "core"

    @pytest.mark.usefixtures("without_numba")
    def test_numba_has_to_be_there(self) -> None:
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'gru-ref\[fast\]'"):
            GRU(5, engine="numba")

    @pytest.mark.parametrize("name", ["core", "numpy"])
    def test_the_environment_variable_is_the_default(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GRU_REF_ENGINE", name)
        assert [GRU(5).engine, RNN(GRUCell(5)).engine] == [name, name]
        assert GRU(5, engine="core").engine == "core"

    def test_a_wrong_one_in_the_environment_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GRU_REF_ENGINE", "fast")
        with pytest.raises(ValueError, match="GRU_REF_ENGINE is 'fast', expected"):
            GRU(5)

    def test_copies_and_pickles_keep_it(self) -> None:
        layer = small_gru.layer(engine="core")
        layer(small_gru.x())
        for again in (copy.copy(layer), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert again.engine == "core"

    def test_it_is_in_no_config(self) -> None:
        assert "engine" not in GRU(5, engine="core").get_config()


class TestServing:
    """What an engine does not serve is said, and computed all the same."""

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ({"activation": _twice}, "activation is a function of the user's"),
            ({"recurrent_activation": _twice}, "recurrent_activation is a function"),
            ({"dtype": "float16"}, "numpy does not serve it: dtype is float16"),
        ],
    )
    def test_the_core_computes_what_numpy_does_not(
        self, arguments: dict[str, Any], reason: str
    ) -> None:
        with pytest.warns(EngineWarning, match=f"engine is 'numpy', but core .*: {reason}"):
            layer = GRU(5, engine="numpy", **arguments)
        assert layer.engine == GRU(5, **arguments).engine == "core"

    def test_a_call_of_the_users_is_run(self) -> None:
        class PassingCell(GRUCell):
            def call(self, x: Any, states: Any, **given: Any) -> Any:
                return super().call(x, states, **given)

        with pytest.warns(EngineWarning, match=r"PassingCell\.call is a call of the user's"):
            layer = RNN(PassingCell(5), engine="numpy")
        assert layer.engine == "core"

    def test_cells_of_two_dtypes_are_computed_by_the_core(self) -> None:
        cells = [GRUCell(5, dtype="float64"), GRUCell(5)]
        with pytest.warns(EngineWarning, match="several dtypes"):
            assert RNN(cells, engine="numpy").engine == "core"

    @pytest.mark.parametrize("make", [GRU, lambda n, **k: RNN(GRUCell(n), **k)])
    def test_a_mask_of_every_unit_is_computed_by_the_core(self, make: Callable[..., Any]) -> None:
        layer = make(small_gru.UNITS, engine="numpy", return_sequences=True)
        x = small_gru.x()
        mask = np.random.default_rng(0).random((*x.shape[:2], small_gru.UNITS)) < 0.5
        output = layer(x, mask=mask)
        layer.engine = "core"
        np.testing.assert_array_equal(output, layer(x, mask=mask))

    def test_dropout_masks_are_applied(self) -> None:
        layer = GRU(small_gru.UNITS, dropout=0.5, recurrent_dropout=0.3, seed=3, engine="numpy")
        layer(small_gru.x())
        output = layer(small_gru.x(), training=True)
        layer.engine = "core"
        masks = layer.last_masks._asdict()
        np.testing.assert_array_equal(output, layer(small_gru.x(), training=True, **masks))


class TestReference:
    """What others are compared with is computed by the core, whatever the layer's engine."""

    def test_a_trace_is_that_of_the_core(self) -> None:
        layer, x = small_gru.layer(engine="numpy"), small_gru.x()
        trace = layer.trace(x)
        layer.engine = "core"
        np.testing.assert_array_equal(trace.output[-1], layer(x))

    def test_an_equal_port_is_equal_beside_any_engine(self) -> None:
        layer, x = small_gru.layer(engine="numpy", return_sequences=True), small_gru.x()
        theirs = layer(x)
        found = gru_ref.diff(layer, x, theirs)
        layer.engine = "core"
        assert found.equal
        assert found.to_dict() == gru_ref.diff(layer, x, theirs).to_dict()


class TestQuickCall:
    """A call of which only the input is new does what every other call does."""

    @pytest.mark.parametrize("arguments", [{}, {"return_state": True}, {"stateful": True}])
    @pytest.mark.parametrize("direction", [{}, {"go_backwards": True}, {"time_major": True}])
    def test_it_is_the_long_way(self, arguments: Any, direction: Any) -> None:
        layers = [small_gru.layer(engine="numpy", **arguments, **direction) for _ in range(2)]
        quick, long = layers
        for number in range(3):
            x = small_gru.x() + np.float32(number)
            long._quick = None
            for ours, theirs in zip(_listed(quick(x)), _listed(long(x)), strict=True):
                np.testing.assert_array_equal(ours, theirs)
        assert quick._quick is not None
        np.testing.assert_equal(quick.recorded_state, long.recorded_state)

    def test_new_weights_count(self) -> None:
        layer, x = small_gru.layer(engine="numpy"), small_gru.x()
        before = layer(x)
        layer.set_weights([2 * array for array in layer.get_weights()])
        assert (layer(x) != before).any()
        layer.change_loop(return_sequences=True)
        assert layer(x).shape == (*x.shape[:2], small_gru.UNITS)

    def test_wrong_input_is_refused_and_changes_nothing(self) -> None:
        layer, x = small_gru.layer(engine="numpy", stateful=True), small_gru.x()
        layer(x)
        state = layer.recorded_state
        for wrong in (x[0], x[:, :0], x[:1], x[..., :2], x.astype("S3"), None):
            with pytest.raises((ValueError, TypeError)):
                layer(wrong)
        np.testing.assert_array_equal(layer.recorded_state, state)

    def test_a_dropout_layer_draws_as_before(self) -> None:
        layer = GRU(5, dropout=0.5, seed=1, keras_version="3", engine="numpy")
        layer(small_gru.x())
        assert layer._quick is None

    def test_outputs_and_states_are_the_callers_own(self) -> None:
        layer = small_gru.layer(engine="numpy", stateful=True, return_state=True)
        layer(small_gru.x())
        output, state = layer(small_gru.x())
        kept = layer.recorded_state
        output[:], state[:] = 7, 8
        np.testing.assert_array_equal(layer.recorded_state, kept)

    def test_a_class_with_a_call_of_its_own_is_run(self) -> None:
        class Halved(GRU):
            def call(self, x: Any, **given: Any) -> Any:
                return super().call(x, **given) / 2

        layer = small_gru.with_weights(Halved(5, engine="numpy"), (2, 3, 4))
        plain = small_gru.layer(engine="numpy")
        for _ in range(2):
            np.testing.assert_array_equal(2 * layer(small_gru.x()), plain(small_gru.x()))


def test_numba_is_not_imported_by_the_other_engines() -> None:
    code = (
        "import sys, numpy, gru_ref; layer = gru_ref.GRU(2, engine='numpy');"
        "layer(numpy.zeros((1, 2, 3), 'float32')); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
