"""Cells, RNNs, stacked cells, Bidirectional and ragged input, without Keras."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref.errors import KerasQuirkWarning
from gru_ref.keras.ledger import LEDGER
from parity_tests.judging import run_wrappers
from parity_tests.judging.engines import CORE, installed
from parity_tests.judging.invalid_rows import check_own
from parity_tests.matrix import wrappers as table
from parity_tests.matrix.wrappers_invalid import AROUND_INVALID
from parity_tests.recording import recorded_wrappers
from parity_tests.tests.live.each_case import for_each, for_rows

RELEASES = {"keras2": "2.21", "keras3": "3.15"}
CASES, CONFIGS = recorded_wrappers.load()
ROWS = {row.id: row for row in AROUND_INVALID}
# Nothing is drawn for these.
ZEROS = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
X = np.ones((2, 4, 6), "float32")
NOT_COMPARED = ("construct", "build", "set_weights", "make_seed")


class TestRecordedWrappers:
    """gru_ref gives what live Keras gave."""

    @for_rows([(case.oracle, case.id) for case in CASES])
    def test_the_case_is_the_recorded_one_by_every_engine(self, oracle: str, case_id: str) -> None:
        (case,) = [c for c in CASES if (c.oracle, c.id) == (oracle, case_id)]
        bound = table.DOUBLE_BOUND if "+double" in case_id else 0.0
        for engine in (CORE, *installed()):
            ours = run_wrappers.run(case.steps, case.keras_version, case.masks, engine).outcomes
            assert ours[-1].error is None, f"{engine}, {ours[-1].method}: {ours[-1].error!r}"
            for outcome, expected in zip(ours, case.values, strict=True):
                if outcome.method not in NOT_COMPARED:
                    error = run_wrappers.difference_of(outcome.method, outcome.value, expected)
                    assert error <= bound, (engine, outcome.method)

    @for_rows(sorted(CONFIGS))
    def test_the_config_is_the_recorded_one(self, oracle: str, name: str) -> None:
        recorded = CONFIGS[oracle, name]
        version = recorded["keras_version"]
        layer = run_wrappers.layer_from(recorded_wrappers.CONFIGURED[name], version)
        written = layer.get_config()
        assert run_wrappers.difference_of("get_config", written, recorded["config"]) == 0
        assert list(written) == list(recorded["config"])
        assert type(layer).from_config(written, keras_version=version).get_config() == written


class TestWrapperRows:
    """gru_ref does what a row says."""

    @for_each(RELEASES, ROWS)
    def test_the_call_does_what_the_row_says(self, oracle: str, id: str) -> None:
        row = ROWS[id]
        expected = row.outcome(oracle)
        outcomes, quirks, _ = run_wrappers.run(row.steps, RELEASES[oracle], engine=None)
        assert [name for name in quirks if not LEDGER[name].quirk] == []
        if expected.verdict == "fault":
            assert quirks != [], "computes without a warning"
        check_own(row, expected, outcomes)

    def test_every_id_is_unique(self) -> None:
        assert len(ROWS) == len(AROUND_INVALID)


class TestWrapperState:
    """What a failed call leaves behind, and what a cell keeps."""

    @parameterized.expand(["2", "3"])
    def test_a_failed_call_leaves_both_directions_as_they_were(self, version: str) -> None:
        made = {"stateful": True, "keras_version": version, **ZEROS}
        layer = gru_ref.Bidirectional(gru_ref.GRU(5, **made, bias_initializer="ones"))
        layer(X)
        before = [one.states[0] for one in (layer.forward_layer, layer.backward_layer)]
        assert np.all(before[0] > 0)
        with pytest.raises(ValueError, match="initial_state"):
            layer(X, initial_state=[before[0], np.ones((2, 3), "float32")])
        after = [one.states[0] for one in (layer.forward_layer, layer.backward_layer)]
        np.testing.assert_array_equal(after, before)

    @parameterized.expand(["2", "3"])
    def test_a_cell_keeps_its_masks_until_they_are_reset(self, version: str) -> None:
        gru_ref.set_random_seed(7)
        cell = gru_ref.GRUCell(5, dropout=0.5, keras_version=version)
        x, h = np.ones((8, 6), "float32"), [np.zeros((8, 5), "float32")]
        first, _ = cell(x, h, training=True)
        with pytest.warns(KerasQuirkWarning, match="cell_keeps_masks"):
            second, _ = cell(x, h, training=True)
        np.testing.assert_array_equal(first, second)
        cell.reset_dropout_mask()
        third, _ = cell(x, h, training=True)
        assert not np.array_equal(first, third)

    def test_frozen_weights_are_last_in_keras_2(self) -> None:
        for version, first in (("2", (3, 15)), ("3", (6, 9))):
            made = {"keras_version": version, **ZEROS}
            cells = [gru_ref.GRUCell(3, trainable=False, **made), gru_ref.GRUCell(5, **made)]
            layer = gru_ref.RNN(cells)
            layer.build((2, 4, 6))
            assert layer.get_weights()[0].shape == first
            layer.set_weights(layer.get_weights())

    @parameterized.expand(["2", "3"])
    def test_cells_of_other_features_are_refused_by_number(self, version: str) -> None:
        made = {"keras_version": version, "kernel_initializer": "ones"}
        shared = gru_ref.GRUCell(3, recurrent_initializer="zeros", **made)
        layer = gru_ref.RNN([shared, shared])
        with pytest.raises(ValueError, match="what enters cell 1 has 3 features, expected 6"):
            layer(X)
        assert not layer.built

    @parameterized.expand(["2", "3"])
    def test_a_mixed_rnn_records_its_state_in_the_variable_dtype(self, version: str) -> None:
        mixed = {"dtype": "mixed_float16"}
        cell = gru_ref.GRUCell(5, keras_version=version, **ZEROS, **mixed)
        layer = gru_ref.RNN(cell, stateful=True, **mixed)
        assert layer(X).dtype == "float16"
        assert layer.states[0].dtype == "float32"

    @parameterized.expand(["2", "3"])
    def test_a_cell_of_bfloat16_takes_bfloat16(self, version: str) -> None:
        ones = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
        cell = gru_ref.GRUCell(5, dtype="bfloat16", keras_version=version, **ones)
        dtype = np.dtype(ml_dtypes.bfloat16)
        output, (state,) = cell(np.full((2, 6), 0.1, dtype), [np.zeros((2, 5), dtype)])
        assert output.dtype == state.dtype == dtype
        assert output.astype("float32").all()


class TestCell:
    """A cell by itself is what its layer does in one timestep."""

    @parameterized.expand(["2", "3.2.0", "3.7.0", "3"])
    @pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
    def test_with_dropout(self, version: str) -> None:
        rng = np.random.default_rng(3)
        x, h = rng.normal(size=(2, 1, 6)), rng.normal(size=(2, 5))
        masks = {
            "dropout_mask": rng.integers(0, 2, (2, 6)) * 2.0,
            "recurrent_dropout_mask": rng.integers(0, 2, (2, 5)) * 4.0,
        }
        rates = {"dropout": 0.5, "recurrent_dropout": 0.75}
        cell = gru_ref.GRUCell(5, **rates, dtype="float64", keras_version=version)
        if cell.config.mask_per_gate:
            masks = {name: np.stack([mask] * 3) for name, mask in masks.items()}
        layer = gru_ref.RNN(cell, dtype="float64")
        layer.build((2, 1, 6))
        layer.set_weights([rng.normal(size=shape) for shape in cell.weight_shapes().values()])
        output, _ = cell(x[:, 0], h, training=True, **masks)
        np.testing.assert_array_equal(output, layer(x, initial_state=h, training=True, **masks))

    @parameterized.expand(["2", "3"])
    def test_a_state_of_one_row_under_recurrent_dropout(self, version: str) -> None:
        gru_ref.set_random_seed(7)
        cell = gru_ref.GRUCell(5, recurrent_dropout=0.25, keras_version=version)
        x, h = np.ones((2, 6), "float32"), np.ones((1, 5), "float32")
        output, _ = cell(x, h, training=True)
        assert output.shape == (2, 5)

    @parameterized.expand(["2", "3"])
    def test_a_stack_that_is_called_with_no_array(self, version: str) -> None:
        stack = gru_ref.StackedRNNCells([gru_ref.GRUCell(3, keras_version=version)])
        with pytest.raises((AttributeError, TypeError, ValueError), match="inputs is None"):
            stack(None, [np.zeros((2, 3), "float32")])
        assert not stack.built

    def test_a_cell_of_keras_3_2_takes_implementation(self) -> None:
        cell = gru_ref.GRUCell(5, implementation=1, keras_version="3.2.0")
        assert cell.config.implementation == 1


class TestBuilt:
    """What configs say of a layer within another that is built, and what is built from them."""

    @parameterized.expand([("2.10.0", False, False), ("2", True, False), ("3", True, True)])
    def test_the_config_says_what_was_built_and_keras_3_builds_it(
        self, version: str, says: bool, built: bool
    ) -> None:
        layer = gru_ref.RNN(gru_ref.GRUCell(5, keras_version=version, **ZEROS))
        layer(X)
        written = layer.get_config()
        assert ("build_config" in written["cell"]) is says
        again = gru_ref.RNN.from_config(written, keras_version=version)
        assert (again.cell.built, again.built) == (built, False)
        again.build((2, 4, 6))
        assert again.get_config() == written

    @parameterized.expand([("2", False), ("3", True)])
    def test_bidirectional_around_a_built_layer(self, version: str, built: bool) -> None:
        layer = gru_ref.GRU(5, keras_version=version, **ZEROS)
        layer.build((None, None, 6))
        both = gru_ref.Bidirectional(layer)
        assert (both.forward_layer.built, both.backward_layer.built) == (built, built)
        assert not both.built
        with pytest.raises(ValueError, match="the layer is not built"):
            both.count_params()
        assert both(X).shape == (2, 10)
        assert both.count_params() == 390

    @pytest.mark.parametrize(
        "given", [[1], "abc", {"input_shape": 6}, {"input_shape": [2, None]}, {"shapes_dict": [1]}]
    )
    def test_a_build_config_that_is_none(self, given: Any) -> None:
        written = gru_ref.RNN(gru_ref.GRUCell(5, keras_version="3")).get_config()
        written["cell"]["build_config"] = given
        with pytest.raises(ValueError, match=r"build_config|input_shape"):
            gru_ref.RNN.from_config(written)
        written["cell"]["build_config"] = {}
        assert not gru_ref.RNN.from_config(written).cell.built

    def test_a_call_with_a_state_that_builds_is_what_the_config_says(self) -> None:
        layer = gru_ref.GRU(5, keras_version="3", **ZEROS)
        layer(X, [np.zeros((2, 5), "float32")])
        both = gru_ref.Bidirectional(layer)
        shapes = {"sequences_shape": (2, 4, 6), "initial_state_shape": [(2, 5)]}
        assert both.get_config()["layer"]["build_config"] == {"shapes_dict": shapes}
        assert gru_ref.Bidirectional.from_config(both.get_config()).forward_layer.built

    def test_an_rnn_is_built_when_it_is_built_itself(self) -> None:
        cell = gru_ref.GRUCell(5, keras_version="3", **ZEROS)
        cell.build((2, 6))
        both = gru_ref.Bidirectional(gru_ref.RNN(cell, stateful=True, return_state=True))
        assert (both.forward_layer.cell.built, both.forward_layer.built) == (True, False)
        assert both.states is None
        assert both.compute_mask(None, None) is None
        both.build((2, 4, 6))
        assert len(both.states) == 2
