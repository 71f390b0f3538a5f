"""Projections are those of the release: their values, and `apply_constraints` of a layer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

from gru_ref import GRU, KerasQuirkWarning
from gru_ref.keras.ledger import resolve
from gru_ref.keras.training import constraints
from parity_tests.matrix.objects import instance
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.small_gru import x

KERNEL = np.array(
    [[0.5, 0.875, -1.0, 0.25], [0.125, -0.5, -0.25, -0.625], [-0.75, 0.375, 0.0, 1.5]]
)


def _project(value: Any, version: str = "2", array: np.ndarray = KERNEL, **options: Any) -> Any:
    behaviour = resolve(version)
    found = constraints.resolve(value, behaviour, "kernel_constraint")
    return constraints.project(found, array, behaviour, "kernel_constraint", **options)


class TestProjections:
    """The projection of one weight, and of a layer's."""

    def test_norms_are_bounded_along_the_axis(self) -> None:
        for axis, kept in (
            (0, (1, 4)),
            (1, (3, 1)),
            ([0, 1], (1, 1)),
            (None, (1, 1)),
            (-1, (3, 1)),
        ):
            axes = tuple(axis) if isinstance(axis, list) else axis
            given = np.linalg.norm(KERNEL, axis=axes, keepdims=True)
            for name, bounds, expected in (
                ("MaxNorm", {"max_value": 0.8}, np.minimum(given, 0.8)),
                ("MinMaxNorm", {"min_value": 1, "max_value": 1.2}, np.clip(given, 1, 1.2)),
                (
                    "MinMaxNorm",
                    {"max_value": 0.5, "rate": 0.5},
                    (given + np.minimum(given, 0.5)) / 2,
                ),
                ("UnitNorm", {}, np.ones_like(given)),
            ):
                projected = _project(instance(name, axis=axis, **bounds), epsilon=0)
                norms = np.linalg.norm(projected, axis=axes, keepdims=True)
                assert norms.reshape(kept) == pytest.approx(expected.reshape(kept), rel=1e-14)

    def test_epsilon_is_added_to_the_norm(self) -> None:
        ones = np.array([[3.0], [4.0]])
        assert (_project("unit_norm", "2", ones, epsilon=1) == ones / 6).all()
        assert (_project("unit_norm", "2", ones) == ones / (5 + 1e-7)).all()
        layer = small_gru.layer(recurrent_constraint="unit_norm")
        layer.apply_constraints(epsilon=1e9)
        assert np.abs(layer.get_weights()[1]).max() < 1e-6

    @parameterized.expand([("2", True), ("3.14.1", True), ("3.15.1", False)])
    def test_non_neg_of_special_values(self, version: str, multiplies: bool) -> None:
        special = np.array([1, -1, 0.0, -0.0, np.inf, -np.inf, np.nan], "float32")
        nan, zero = np.float32(np.nan), np.float32(-0.0 if multiplies else 0)
        expected = [1, zero, 0.0, zero, np.inf, nan if multiplies else 0, nan]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            projected = _project("non_neg", version, special)
        assert np.array_equal(projected, np.array(expected, "float32"), equal_nan=True)
        assert (np.signbit(projected[:5]) == np.signbit(expected[:5])).all()
        assert len(caught) == multiplies
        assert projected.dtype == np.float32

    def test_non_neg_in_float64_fails_in_keras_2_so_it_warns(self) -> None:
        with pytest.warns(KerasQuirkWarning, match="non_neg_needs_float32"):
            assert (_project("non_neg") == np.maximum(KERNEL, 0)).all()

    def test_a_bound_of_none_is_open(self) -> None:
        open_above = instance("MaxNorm", max_value=None)
        assert _project(open_above) == pytest.approx(KERNEL, rel=1e-6)
        for name in ("max_value", "min_value"):
            with pytest.raises(ValueError, match=name):
                _project(instance("MinMaxNorm", **{name: None}), "3")

    def test_the_base_class_changes_nothing(self) -> None:
        assert (_project("Constraint") == KERNEL).all()
        assert (_project("constraint", "3") == KERNEL).all()

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
        layer = small_gru.layer(
            kernel_constraint="unit_norm", trainable=False, keras_version=version
        )
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
        assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))

    @parameterized.expand(
        [
            ("radial", "radial_constraint", ValueError, "convolution"),
            (
                "axis",
                instance("UnitNorm", axis=1),
                ValueError,
                r"axes of a weight of shape \(15,\)",
            ),
            ("twice", instance("UnitNorm", axis=[0, 0]), ValueError, "each once"),
            ("shape", lambda w: w[:1], ValueError, "returns shape"),
            ("none", lambda w: None, ValueError, "expected an array"),
        ]
    )
    def test_an_error_changes_nothing(
        self, what: str, constraint: Any, error: type[Exception], message: str
    ) -> None:
        layer = small_gru.layer(
            kernel_constraint="unit_norm", bias_constraint=constraint, reset_after=False
        )
        before = layer.get_weights()
        with pytest.raises(error, match=message):
            layer.apply_constraints()
        assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))

    def test_an_unbuilt_layer_has_nothing_to_project(self) -> None:
        with pytest.raises(ValueError, match="not built"):
            GRU(2, kernel_constraint="unit_norm").apply_constraints()
        with pytest.raises(TypeError, match="epsilon is 'a'"):
            small_gru.layer().apply_constraints(epsilon="a")
