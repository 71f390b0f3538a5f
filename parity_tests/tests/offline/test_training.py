"""Penalties and projections are those of the release, by themselves and of a layer."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref import GRU, KerasQuirkWarning
from gru_ref.keras.ledger import resolve
from gru_ref.keras.training import constraints, regularizers
from parity_tests.matrix.objects import instance
from parity_tests.tests.live.each_case import for_rows
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.arrays import check_same_arrays
from parity_tests.tests.support.small_gru import x

KERNEL = np.array([[4, 7, -8, -5, -5, -1], [1, -4, -2, 4, -7, -2], [-1, 6, -3, 5, 0, 1]]) / 8
SUM, SQUARES = 8.25, 5.34375  # of KERNEL: Σ|w| and Σ w²


def _penalty(value: Any, version: str = "2", array: np.ndarray = KERNEL) -> Any:
    behaviour = resolve(version)
    found = regularizers.resolve(value, behaviour, "kernel_regularizer")
    return regularizers.penalty(found, array, behaviour, "kernel_regularizer")


# What each release's own get(…)(KERNEL) returned, in float32.
RECORDED = (
    ("2", "l1", 0.08249999582767487),
    ("2", "l2", 0.0534374974668026),
    ("2", "l1_l2", 0.13593749701976776),
    ("2", "L1L2", 0.0),
    ("2", "Regularizer", 0.0),
    ("2", "orthogonal_regularizer", 0.001331203617155552),
    ("2.10.0", "orthogonal_regularizer", 0.001331203617155552),
    ("2.9.0", "orthogonal_regularizer", 0.001248386106453836),
    ("2.2.4-tf", "l1", 0.08249999582767487),
    ("tf-2.3", "L1", 0.08249999582767487),
    ("3", "l1", 0.08249999582767487),
    ("3", "l2", 0.0534374974668026),
    ("3", "l1l2", 0.0),
    ("3", "regularizer", 0.0),
    ("3", "orthogonal_regularizer", 0.001331203617155552),
    ("3.0.5", "orthogonal_regularizer", 0.001331203617155552),
)
# In float64, where the factor's own rounding shows: get(…)(KERNEL) of the releases.
RECORDED_IN_FLOAT64 = (
    ("2", instance("L1L2", l1=0.1), 0.825000012293458),
    ("2", instance("L2", l2=0.1), 0.534375007962808),
    ("2.2.4-tf", instance("L1L2", l2=0.1), 0.534375007962808),
    ("3", instance("L1", l1=0.1), 0.825000012293458),
    ("3.14.1", instance("L2", l2=0.1), 0.534375007962808),
    ("3.13.2", instance("L1L2", l1=0.1), 0.8250000000000001),
    ("3.0.5", instance("L2", l2=0.1), 0.534375),
)
UNKNOWN = (
    ("2.2.4-tf", "L1"),
    ("2.2.4-tf", "orthogonal_regularizer"),
    ("2.5.0", "OrthogonalRegularizer"),
    ("2.8.0", "orthogonal_regularizer"),
    ("2", "l1l2"),
    ("2.15.0", "foo"),
    ("2", "regularizer"),
    ("3", "l1_l2"),
    ("3", "orthogonal"),
)


class TestPenalties:
    """The penalty of one array."""

    @for_rows(RECORDED)
    @pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
    def test_the_name_gives_the_recorded_penalty(
        self, version: str, name: str, value: float
    ) -> None:
        result = _penalty(name, version, KERNEL.astype("float32"))
        assert result.dtype == np.float32
        assert abs(float(result) - value) <= 4 * np.finfo("float32").eps * abs(value)

    @for_rows(RECORDED_IN_FLOAT64)
    def test_the_factor_is_rounded_as_recorded(
        self, version: str, regularizer: Any, value: float
    ) -> None:
        assert float(_penalty(regularizer, version)) == value

    @for_rows(UNKNOWN)
    def test_a_name_of_another_release_is_an_error(self, version: str, name: str) -> None:
        with pytest.raises(ValueError, match=f"kernel_regularizer is '{name}', expected"):
            GRU(2, kernel_regularizer=name, keras_version=version)

    def test_parameters_that_are_left_out_have_their_defaults(self) -> None:
        hundredth = float(np.float32(0.01))
        assert _penalty(instance("l1_l2", l1=0.5)) == 0.5 * SUM + hundredth * SQUARES
        assert _penalty(instance("L1L2", l1=0.5)) == 0.5 * SUM
        assert _penalty(instance("L1L2", l1=None, l2=0.5)) == 0.5 * SQUARES
        assert _penalty(instance("L2", l2=None)) == hundredth * SQUARES

    def test_l_is_the_older_name_of_l1_and_l2(self) -> None:
        assert _penalty(instance("L2", l=0.5)) == 0.5 * SQUARES
        assert _penalty(instance("l1", l=0.5), "2.2.4-tf") == 0.5 * SUM
        for version, wrong in (("3", "l"), ("2.2.4-tf", "l1")):
            with pytest.raises(TypeError, match=f"expected no '{wrong}'"):
                _penalty(instance("l1", **{wrong: 0.5}), version)

    def test_orthogonal_rows_have_no_penalty_and_parallel_ones_the_whole_factor(self) -> None:
        assert _penalty(instance("OrthogonalRegularizer", factor=0.5), "2", np.eye(3)) == 0
        parallel = np.outer([1.0, 2.0, 4.0], [3.0, 0.0, 0.0, 4.0])
        assert _penalty(instance("OrthogonalRegularizer", factor=0.5), "2", parallel) == 0.5
        columns = instance("OrthogonalRegularizer", factor=0.5, mode="columns")
        assert _penalty(columns, "2", parallel.T) == 0.5

    def test_the_orthogonal_penalty_of_one_row_is_nan_with_a_warning(self) -> None:
        with pytest.warns(KerasQuirkWarning, match="orthogonal_penalty_of_one_vector"):
            assert math.isnan(_penalty("orthogonal_regularizer", "2", KERNEL[:1]))

    def test_keras_3_has_no_orthogonal_penalty_in_float64_so_it_warns(self) -> None:
        with pytest.warns(KerasQuirkWarning, match="penalties_without_float64"):
            value = _penalty("orthogonal_regularizer", "3")
        assert value == _penalty("orthogonal_regularizer", "2")

    @parameterized.expand(["2", "3.0.5", "3.15.1"])
    def test_a_callable_gets_the_weight(self, version: str) -> None:
        assert _penalty(lambda w: abs(w).sum(), version) == SUM
        assert _penalty(lambda w: 3, version).dtype == KERNEL.dtype

    @parameterized.expand(["3.1.1", "3.14.1"])
    def test_some_releases_take_no_callable_for_a_weight(self, version: str) -> None:
        with pytest.raises(ValueError, match="derived from Regularizer"):
            GRU(2, bias_regularizer=abs, keras_version=version)
        with pytest.raises(ValueError, match="derived from Constraint"):
            GRU(2, bias_constraint=abs, keras_version=version)
        Regularizer = type("Regularizer", (), {"__call__": lambda self, w: w.sum()})
        assert _penalty(type("Mine", (Regularizer,), {})(), version) == KERNEL.sum()
        GRU(2, activity_regularizer=abs, keras_version=version)

    def test_a_live_instance_is_read_by_its_config_and_a_class_made_by_keras_3_alone(self) -> None:
        config = {"get_config": lambda self: {"l2": 0.5}, "__module__": "keras.src.regularizers"}
        regularizer = type("L2", (), config)
        assert _penalty(regularizer()) == 0.5 * SQUARES
        assert _penalty(regularizer, "3") == 0.5 * SQUARES
        with pytest.raises(TypeError):
            _penalty(regularizer, "2")

    def test_a_callable_cannot_change_the_weight(self) -> None:
        layer = small_gru.layer(kernel_regularizer=lambda w: w.fill(0) or w.sum())
        before = layer.get_weights()
        assert layer.losses == [0]
        check_same_arrays(layer.get_weights(), before)


class TestLosses:
    """`losses` of a layer."""

    def test_an_unbuilt_layer_has_none(self) -> None:
        assert GRU(2, kernel_regularizer="l1").losses == []

    @parameterized.expand(
        [("2.2.4-tf", True), ("2", True), ("3.0.5", False), ("3.13.2", False), ("3.14.1", True)]
    )
    def test_the_activity_penalty_is_divided_by_the_batch(self, version: str, yes: bool) -> None:
        sums = {"activity_regularizer": instance("L1L2", l1=1.0), "return_sequences": True}
        layer = small_gru.layer(return_state=True, keras_version=version, **sums)
        outputs = layer(x())
        expected = [np.abs(output).sum() / (len(output) if yes else 1) for output in outputs]
        assert layer.losses == expected
        assert layer(x()[:1])[0].shape[0] == 1
        assert len(layer.losses) == 2, "the penalties of the call before are gone"

    def test_time_major_divides_by_the_timesteps_and_warns(self) -> None:
        layer = small_gru.layer(
            activity_regularizer=instance("L1L2", l1=1.0), return_sequences=True, time_major=True
        )
        with pytest.warns(KerasQuirkWarning, match="activity_divided_by_first_axis"):
            output = layer(x().swapaxes(0, 1))
        assert layer.losses == [np.abs(output).sum() / output.shape[0]]

    def test_a_call_that_fails_leaves_the_penalties(self) -> None:
        layer = small_gru.layer(activity_regularizer="l2")
        layer(x())
        before = layer.losses
        with pytest.raises(ValueError, match="features"):
            layer(x()[:, :, :1])
        assert layer.losses == before

    def test_an_orthogonal_activity_of_sequences_fails_before_anything_changes(self) -> None:
        layer = small_gru.layer(
            activity_regularizer="orthogonal_regularizer", return_sequences=True, stateful=True
        )
        before = layer.states[0]
        with pytest.raises(ValueError, match="two dimensions"):
            layer(x())
        assert np.array_equal(layer.states[0], before)

    @parameterized.expand([("2", 1), ("3", 0)])
    def test_a_frozen_layer(self, version: str, count: int) -> None:
        layer = small_gru.layer(kernel_regularizer="l1", trainable=False, keras_version=version)
        assert len(layer.losses) == count
        layer.trainable = True
        assert len(layer.losses) == 1

    def test_a_runtime_beside_the_output_fails_in_keras_so_it_warns(self) -> None:
        layer = small_gru.layer(activity_regularizer="l1", return_runtime=True)
        with pytest.warns(KerasQuirkWarning, match="activity_fails_with_runtime"):
            layer(x())
        assert len(layer.losses) == 1


WEIGHT = np.array([[4, 7, -8, 2], [1, -4, -2, -5], [-6, 3, 0, 12]]) / 8


def _project(value: Any, version: str = "2", array: np.ndarray = WEIGHT, **options: Any) -> Any:
    behaviour = resolve(version)
    found = constraints.resolve(value, behaviour, "kernel_constraint")
    return constraints.project(found, array, behaviour, "kernel_constraint", **options)


BOUNDS = instance("MinMaxNorm", min_value=0.5, max_value=2.0)
SLOW = instance("MinMaxNorm", min_value=0.5, max_value=2.0, rate=0.5)
# A constraint, and epsilon → the columns [3, 4] and [0.25, 0] projected, by tf_keras 2.21 and Keras
# 3.15.1 alike with set_epsilon: quotients of small numbers.
WITH_EPSILON: dict[str, tuple[Any, dict[float, list[list[float]]]]] = {
    "MaxNorm": ("max_norm", {
        1.0: [[6 / 6, 8 / 6], [0.25 * 0.25 / 1.25, 0]],
        0.1: [[6 / 5.1, 8 / 5.1], [0.0625 / 0.35, 0]],
    }),
    "MinMaxNorm": (BOUNDS, {
        1.0: [[6 / 6, 8 / 6], [0.125 / 1.25, 0]],
        0.1: [[6 / 5.1, 8 / 5.1], [0.125 / 0.35, 0]],
    }),
    "rate": (SLOW, {
        1.0: [[10.5 / 6, 14 / 6], [0.09375 / 1.25, 0]],
        0.1: [[10.5 / 5.1, 14 / 5.1], [0.09375 / 0.35, 0]],
    }),
    "UnitNorm": ("unit_norm", {
        1.0: [[3 / 6, 4 / 6], [0.25 / 1.25, 0]],
        0.1: [[3 / 5.1, 4 / 5.1], [0.25 / 0.35, 0]],
    }),
}  # fmt: skip
INF, NAN = math.inf, math.nan
SPECIAL = np.array([[INF, NAN, -INF, 1, 3e38], [1, 1, 1, 0, 3e38], [0.5, 2, -3, 0, 1]], "float32")
NORM_0 = [[NAN, NAN, NAN, 1, 0], [0, NAN, 0, 0, 0], [0, NAN, 0, 0, 0]]
NORM_INF = [[NAN, NAN, NAN, 1, NAN], [NAN, NAN, NAN, 0, NAN], [NAN, NAN, NAN, 0, NAN]]
# A constraint, and SPECIAL as tf_keras 2.21 and Keras 3.15.1 alike project it; the square of 3e38
# overflows.
NOT_FINITE: dict[str, tuple[Any, list[list[float]]]] = {
    "MaxNorm": ("max_norm", NORM_0),
    "MaxNorm-inf": (instance("MaxNorm", max_value=INF), NORM_INF),
    "MaxNorm-rows": (instance("MaxNorm", axis=1), [
        [NAN] * 5, [0] * 5,
        [0.26490646600723267, 1.0596258640289307, -1.589438796043396, 0, 0.5298129320144653],
    ]),
    "MinMaxNorm": (BOUNDS, NORM_INF),
    "rate": (SLOW, NORM_INF),
    "UnitNorm": ("unit_norm", NORM_0),
}  # fmt: skip


class TestProjections:
    """The projection of one weight, and of a layer's."""

    def test_norms_are_bounded_along_the_axis(self) -> None:
        for axis in (0, 1, [0, 1], None, -1):
            axes = tuple(axis) if isinstance(axis, list) else axis
            given = np.linalg.norm(WEIGHT, axis=axes)
            half = (given + np.minimum(given, 0.5)) / 2
            for name, bounds, expected in (
                ("MaxNorm", {"max_value": 0.8}, np.minimum(given, 0.8)),
                ("MinMaxNorm", {"min_value": 1, "max_value": 1.2}, np.clip(given, 1, 1.2)),
                ("MinMaxNorm", {"max_value": 0.5, "rate": 0.5}, half),
                ("UnitNorm", {}, np.ones_like(given)),
            ):
                projected = _project(instance(name, axis=axis, **bounds), epsilon=0)
                assert np.linalg.norm(projected, axis=axes) == pytest.approx(expected, rel=1e-14)

    def test_epsilon_is_added_to_the_norm(self) -> None:
        ones = np.array([[3.0], [4.0]])
        assert (_project("unit_norm", "2", ones, epsilon=1) == ones / 6).all()
        assert (_project("unit_norm", "2", ones) == ones / (5 + 1e-7)).all()
        layer = small_gru.layer(recurrent_constraint="unit_norm")
        layer.apply_constraints(epsilon=1e9)
        assert np.abs(layer.get_weights()[1]).max() < 1e-6

    @parameterized.expand([(v, name) for v in ("2", "3") for name in WITH_EPSILON])
    def test_a_projection_takes_the_epsilon_that_was_set(self, version: str, name: str) -> None:
        constraint, by_epsilon = WITH_EPSILON[name]
        columns = np.array([[3, 0.25], [4, 0]], "float32")
        for epsilon, expected in by_epsilon.items():
            for dtype in ("float32", "float64"):
                projected = _project(constraint, version, columns.astype(dtype), epsilon=epsilon)
                assert projected.dtype == dtype
                within = 2 * float(np.finfo(dtype).eps)
                exact = np.array(expected)
                np.testing.assert_allclose(projected.T, exact, rtol=max(within, 2e-16), atol=0)

    @parameterized.expand([(v, name) for v in ("2", "3") for name in NOT_FINITE])
    def test_infinite_and_nan_weights_are_projected_as_by_keras(
        self, version: str, name: str
    ) -> None:
        constraint, expected = NOT_FINITE[name]
        projected = _project(constraint, version, SPECIAL)
        np.testing.assert_allclose(projected, np.array(expected, "float32"), rtol=3e-7, atol=0)

    @parameterized.expand([("2", True), ("3.14.1", True), ("3.15.1", False)])
    def test_non_neg_of_special_values(self, version: str, multiplies: bool) -> None:
        special = np.array([1, -1, 0.0, -0.0, np.inf, -np.inf, np.nan], "float32")
        nan, zero = np.float32(np.nan), np.float32(-0.0 if multiplies else 0)
        expected = [1, zero, 0.0, zero, np.inf, nan if multiplies else 0, nan]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            projected = _project("non_neg", version, special)
        np.testing.assert_array_equal(projected, np.array(expected, "float32"))
        assert (np.signbit(projected[:5]) == np.signbit(expected[:5])).all()
        assert len(caught) == multiplies
        assert projected.dtype == np.float32

    def test_a_bound_of_none_is_open(self) -> None:
        assert _project(instance("MaxNorm", max_value=None)) == pytest.approx(WEIGHT, rel=1e-6)
        for name in ("max_value", "min_value"):
            with pytest.raises(ValueError, match=name):
                _project(instance("MinMaxNorm", **{name: None}), "3")

    def test_the_base_class_changes_nothing(self) -> None:
        assert (_project("Constraint") == WEIGHT).all()
        assert (_project("constraint", "3") == WEIGHT).all()

    def test_all_weights_of_a_layer_are_projected_and_a_bias_of_two_rows_warns(self) -> None:
        names = [f"{weight}_constraint" for weight in ("kernel", "recurrent", "bias")]
        layer = small_gru.layer(**dict.fromkeys(names, "unit_norm"))
        before = layer.get_weights()
        with pytest.warns(KerasQuirkWarning, match="bias_norm_mixes_rows"):
            layer.apply_constraints()
        for old, new in zip(before, layer.get_weights(), strict=True):
            norms = np.sqrt(np.square(old).sum(axis=0))
            assert new == pytest.approx(old / norms, rel=1e-6)

    @parameterized.expand([("2", False), ("3.1.1", True), ("3.2.1", False), ("3", False)])
    def test_a_frozen_layer(self, version: str, projected: bool) -> None:
        frozen = {"trainable": False, "keras_version": version}
        layer = small_gru.layer(kernel_constraint="unit_norm", **frozen)
        before = layer.get_weights()[0]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            layer.apply_constraints()
        assert (layer.get_weights()[0] != before).any() == projected
        assert len(caught) == projected

    def test_only_apply_constraints_projects(self) -> None:
        layer = small_gru.layer(kernel_constraint="unit_norm")
        before = layer.get_weights()
        layer(x(), training=True)
        check_same_arrays(layer.get_weights(), before)

    @parameterized.expand(
        [
            ("radial", "radial_constraint", "convolution"),
            ("axis", instance("UnitNorm", axis=1), r"axes of a weight of shape \(15,\)"),
            ("twice", instance("UnitNorm", axis=[0, 0]), "each once"),
            ("shape", lambda w: w[:1], "returns shape"),
            ("none", lambda w: None, "expected an array"),
        ]
    )
    def test_an_error_changes_nothing(self, what: str, constraint: Any, message: str) -> None:
        both = {"kernel_constraint": "unit_norm", "bias_constraint": constraint}
        layer = small_gru.layer(reset_after=False, **both)
        before = layer.get_weights()
        with pytest.raises(ValueError, match=message):
            layer.apply_constraints()
        check_same_arrays(layer.get_weights(), before)

    def test_an_unbuilt_layer_has_nothing_to_project(self) -> None:
        with pytest.raises(ValueError, match="not built"):
            GRU(2, kernel_constraint="unit_norm").apply_constraints()
        with pytest.raises(TypeError, match="epsilon is 'a'"):
            small_gru.layer().apply_constraints(epsilon="a")
