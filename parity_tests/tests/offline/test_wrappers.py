"""Cells, RNNs, stacked cells, Bidirectional and ragged input, without Keras."""

from __future__ import annotations

import warnings
from collections.abc import Callable
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
from parity_tests.matrix.objects import instance
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

    # Keras 3.3.3 and 3.7.0 returned these integers.
    @parameterized.expand([(True, [[-42, -538]]), (False, [[-84, -568]])])
    def test_the_mask_of_the_state_acts_in_the_mix(self, reset_after: bool, expected: Any) -> None:
        rows = [[1, 0, 0, 1, -1, 2], [0, 1, 1, 0, 1, -1]]
        weights = [
            np.array(array, "float32")
            for array in (
                [[1, 2, -1, 1, 1, 2]],
                [[1, 0, -1, 1, 2, -1], [0, 1, 1, 2, 1, 1]],
                rows if reset_after else rows[0],
            )
        ]
        linear = dict.fromkeys(("activation", "recurrent_activation"), "linear")
        for version in ("3.3.3", "3.7.0"):
            cell = gru_ref.GRUCell(
                2, **linear, recurrent_dropout=0.5, reset_after=reset_after, keras_version=version
            )
            cell.build((1, 1))
            cell.set_weights(weights)
            x, h = np.ones((1, 1), "float32"), np.array([[1, 3]], "float32")
            with pytest.warns(KerasQuirkWarning, match="masked_state_in_mix"):
                output, _ = cell(x, h, training=True, recurrent_dropout_mask=np.array([[0.0, 2.0]]))
            assert output.tolist() == expected

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

    # The shapes that tf_keras 2.21 and Keras 3.15.1 build alike: the last size counts alone.
    @parameterized.expand(
        [(v, shape) for v in "23" for shape in ((6,), (2, 6), (None, 3, 6), (2, 3, 4, 6), [2, 6])]
    )
    def test_a_cell_is_built_for_the_last_size(self, version: str, shape: Any) -> None:
        cells = [gru_ref.GRUCell(units, keras_version=version, **ZEROS) for units in (5, 3)]
        cells[0].build(shape)
        assert cells[0].weight_shapes() == {
            "kernel": (6, 15),
            "recurrent_kernel": (5, 15),
            "bias": (2, 15),
        }
        gru_ref.StackedRNNCells(cells).build(shape)
        assert cells[1].weight_shapes()["kernel"] == (5, 9)
        assert cells[1].build_config == {"input_shape": (shape[0], 5)}

    @parameterized.expand([("2",), ("3",)])
    def test_a_cell_is_not_built_for_no_size(self, version: str) -> None:
        cell = gru_ref.GRUCell(5, keras_version=version)
        for made in (cell, gru_ref.StackedRNNCells([cell])):
            with pytest.raises(IndexError):
                made.build(())
            assert not cell.built

    @parameterized.expand([(True,), (False,), ("auto",)])
    def test_both_directions_take_use_cudnn(self, given: Any) -> None:
        """Keras 3.15.1 says so of both, and fails on a CPU for True."""
        both = gru_ref.Bidirectional(gru_ref.GRU(5, use_cudnn=given, keras_version="3", **ZEROS))
        layers = (both.forward_layer, both.backward_layer)
        assert [layer.config.use_cudnn for layer in layers] == [given] * 2
        if given is True:
            with pytest.raises(ValueError, match="use_cudnn is True, expected 'auto' or False"):
                both(X)


class TestBidirectionalShapes:
    """The shapes of Bidirectional are those that both Kerases computed."""

    @parameterized.expand(
        [
            (v, mode, sequences)
            for v in "23"
            for mode in ("concat", "sum", None)
            for sequences in (False, True)
        ]
    )
    def test_computed_shapes_are_those_of_the_outputs(
        self, version: str, mode: Any, sequences: bool
    ) -> None:
        layer = gru_ref.GRU(
            5, return_sequences=sequences, return_state=True, keras_version=version, **ZEROS
        )
        both = gru_ref.Bidirectional(layer, mode)
        last = 10 if mode == "concat" else 5
        merged = [(2, 4, last) if sequences else (2, last)] * (1 if mode else 2)
        container = list if version == "2" else tuple
        expected = container([*merged, (2, 5), (2, 5)])
        assert both.compute_output_shape((2, 4, 6)) == expected
        assert container(output.shape for output in both(X)) == expected
        # Without states, one output is not in a container.
        layer = gru_ref.GRU(5, return_sequences=sequences, keras_version=version, **ZEROS)
        expected = container(merged) if mode is None else merged[0]
        assert gru_ref.Bidirectional(layer, mode).compute_output_shape((2, 4, 6)) == expected

    @parameterized.expand([("2", list), ("3", tuple)])
    def test_a_stack_has_the_states_of_all_cells_twice(self, version: str, container: Any) -> None:
        cells = [gru_ref.GRUCell(units, keras_version=version) for units in (5, 3)]
        both = gru_ref.Bidirectional(gru_ref.RNN(cells, return_state=True))
        expected = container([(2, 6), (2, 5), (2, 3), (2, 5), (2, 3)])
        assert both.compute_output_shape((2, 3, 4)) == expected

    @parameterized.expand(["2", "3"])
    def test_the_forward_layer_decides_and_unknown_sizes_stay_unknown(self, version: str) -> None:
        made = {"keras_version": version, "return_sequences": True}
        backward = gru_ref.GRU(3, go_backwards=True, **made)
        both = gru_ref.Bidirectional(gru_ref.GRU(5, **made), backward_layer=backward)
        assert both.compute_output_shape((None, None, 4)) == (None, None, 10)


class TestRagged:
    """Rows of different lengths."""

    # tf_keras 2.21, kernels of ones, inputs of _ragged, lengths 5 and 2.
    @parameterized.expand([("2",), ("2.5.0",)])
    def test_rows_may_be_longer_than_there_are_features(self, version: str) -> None:
        output = _ragged_layer(keras_version=version)(_ragged(6, 3), ragged_lengths=[5, 2])
        expected = [[0.010355070233345032] * 2, [-0.1252172589302063] * 2]
        np.testing.assert_allclose(output, expected, rtol=0, atol=1e-6)

    def test_rows_are_no_longer_than_the_timesteps(self) -> None:
        with pytest.raises(ValueError, match="expected lengths from 0 to 3"):
            _ragged_layer()(_ragged(3, 6), ragged_lengths=[5, 2])

    @pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
    def test_a_ragged_call_is_fused_and_drops_anew_at_every_timestep(self) -> None:
        """Numbers of tf_keras 2.21."""
        given = {"dropout": 0.5, "seed": 3, "rng_type": "stateless", "return_sequences": True}
        output = _ragged_layer(**given)(_ragged(4, 2), training=True, ragged_lengths=[4, 2])
        row = [0, 0.20482420921325684, 0.219395250082016, 0.23555594682693481]
        expected = [row, [0, -0.8491126894950867, 0, 0]]
        np.testing.assert_allclose(output, np.stack([expected] * 2, axis=-1), rtol=0, atol=1e-6)

    def test_some_releases_run_ragged_input_in_the_loop(self) -> None:
        for version, ndim in (("tf-2.2", 3), ("tf-2.3", 2), ("2.7.0", 2), ("2.8.0", 3)):
            layer = _ragged_layer(dropout=0.5, keras_version=version)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                layer(_ragged(4, 2), training=True, ragged_lengths=[4, 2])
            assert layer.last_masks.dropout_mask.ndim == ndim, version


def _ragged(timesteps: int, features: int) -> np.ndarray:
    """Return two rows that are not alike."""
    numbers = np.arange(2 * timesteps * features).reshape(2, timesteps, features)
    return ((numbers * 7 % 5 - 2) / 2).astype("float32")


def _ragged_layer(**constructor: Any) -> gru_ref.GRU:
    ones = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "ones")
    return gru_ref.GRU(2, **ones, **constructor)


def _penalized_rnn(version: str, **constructor: Any) -> gru_ref.RNN:
    """Return an RNN of two cells whose penalties differ, and one of its output."""
    cells = [_cell(version, 2, 1.0), _cell(version, 3, 2.0)]
    return gru_ref.RNN(cells, activity_regularizer=instance("L1", l1=0.25), **constructor)


def _penalized_both(version: str, **constructor: Any) -> gru_ref.Bidirectional:
    """Return a Bidirectional whose layers have penalties of weights and of the output."""
    one = gru_ref.GRU(2, **_linear(version), kernel_regularizer=instance("L1", l1=1.0),
                      recurrent_regularizer=instance("L1", l1=2.0),
                      activity_regularizer=instance("L1", l1=0.25))  # fmt: skip
    return gru_ref.Bidirectional(one, **constructor)


def _both_of_rnn(version: str, **constructor: Any) -> gru_ref.Bidirectional:
    return gru_ref.Bidirectional(_penalized_rnn(version), **constructor)


def _cell(version: str, units: int, l1: float) -> gru_ref.GRUCell:
    return gru_ref.GRUCell(units, **_linear(version), kernel_regularizer=instance("L1", l1=l1))


def _linear(version: str) -> dict[str, Any]:
    linear = dict.fromkeys(("activation", "recurrent_activation"), "linear")
    return {**linear, **ZEROS, "use_bias": False, "keras_version": version}


# What makes a layer; its losses in tf_keras 2.21, then in Keras 3.15.1, weight n filled with
# (n + 1) / 8 and an input of ones (2, 3, 4). The outputs of Keras 3's are first.
ACTIVITY = 0.27459150552749634, 0.22649261355400085, 0.28812217712402344, 1.9704301152129516e18
LOSSES: dict[str, tuple[Callable[..., Any], list[float], list[float]]] = {
    "rnn": (_penalized_rnn, [ACTIVITY[0], 3, 13.5], [ACTIVITY[0], 3, 13.5]),
    "bidirectional": (
        _penalized_both,
        [ACTIVITY[1], 3, 6, ACTIVITY[2], 9, 12],
        [ACTIVITY[1], ACTIVITY[2], 3, 6, 9, 12],
    ),
    "bidirectional-rnn": (
        _both_of_rnn,
        [3, 13.5, 15, 31.5],
        [ACTIVITY[0], ACTIVITY[3], 3, 13.5, 15, 31.5],
    ),
}


class TestWrapperLosses:
    """The penalties of wrappers, in Keras's order, and of what is frozen in them."""

    @parameterized.expand([(v, name) for v in "23" for name in LOSSES])
    def test_the_losses_are_kerass_and_frozen_ones_too(self, version: str, name: str) -> None:
        make, keras_2, keras_3 = LOSSES[name]
        expected = keras_2 if version == "2" else keras_3
        outputs = [loss for loss in expected if loss in ACTIVITY]
        for constructor in ({}, {"trainable": False}):
            layer = _filled(make(version, **constructor))
            frozen = bool(constructor) and version == "3"
            assert _losses(layer) == pytest.approx(outputs if frozen else expected, rel=1e-6)
            layer.trainable = not layer.trainable
            frozen = not constructor and version == "3"
            assert _losses(layer) == pytest.approx(outputs if frozen else expected, rel=1e-6)

    @parameterized.expand([("2", [3, 13.5]), ("3", [13.5])])
    def test_a_frozen_cell_has_none_in_keras_3(self, version: str, expected: Any) -> None:
        layer = _filled(_penalized_rnn(version))
        layer.cell.cells[0].trainable = False
        assert _losses(layer)[1:] == expected
        layer.trainable = False
        assert [part.trainable for part in (layer.cell, *layer.cell.cells)] == [False] * 3
        layer.cell.cells[0].trainable = True
        assert _losses(layer)[1:] == (expected if version == "2" else [])

    @parameterized.expand([("2", [3, 6, 9, 12]), ("3", [9, 12])])
    def test_a_frozen_direction_has_none_in_keras_3(self, version: str, expected: Any) -> None:
        layer = _filled(_penalized_both(version))
        layer.forward_layer.trainable = False
        assert [loss for loss in _losses(layer) if loss >= 1] == expected


def _filled(layer: Any) -> Any:
    """Return the layer with weights whose penalties differ."""
    layer(X[:, :3, :4])
    arrays = layer.get_weights()
    layer.set_weights([np.full_like(a, (n + 1) / 8) for n, a in enumerate(arrays)])
    return layer


def _losses(layer: Any) -> list[float]:
    layer(X[:, :3, :4])
    return [float(loss) for loss in layer.losses]
