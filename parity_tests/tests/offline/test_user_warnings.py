"""A warning points at the user's own line, and `gru` refuses weights that are not its config's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import gru_ref
from gru_ref import GRUConfig, GRUWeights
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.cli_files import NPZ


def _files(record: list[warnings.WarningMessage]) -> set[str]:
    return {warning.filename for warning in record}


def test_an_assumption_points_here() -> None:
    with pytest.warns(gru_ref.AssumptionWarning) as record:
        gru_ref.load_layers(NPZ)
    with pytest.warns(gru_ref.AssumptionWarning) as others:
        gru_ref.load_grus(NPZ)
    assert _files([*record, *others]) == {__file__}


def test_a_quirk_points_here_however_deep_it_is() -> None:
    arguments = {"zero_output_for_mask": True, "keras_version": "2"}
    layer = small_gru.layer(**arguments)
    features = layer.weight_shapes()["kernel"][0]
    x, mask = np.ones((2, 3, features), "float32"), np.array([[True, True, False]] * 2)
    with pytest.warns(gru_ref.KerasQuirkWarning) as record:
        layer(x, mask=mask)
    assert _files(list(record)) == {__file__}


def test_a_release_that_is_too_new_points_here() -> None:
    with pytest.warns(gru_ref.UnverifiedVersionWarning) as record:
        gru_ref.GRU(3, keras_version="3.99.0")
    assert _files(list(record)) == {__file__}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            {"units": 4},
            r"shape \(3, 9\), expected \(4, 12\) for config.units 4",
        ),
        (
            {"units": 3, "use_bias": False},
            r"shape \(2, 9\), expected None for config",
        ),
        ({"units": 3, "reset_after": False}, r"bias has shape \(2, 9\), expected shape \(9,\)"),
    ],
)
def test_weights_of_another_config_are_refused(arguments: dict[str, object], says: str) -> None:
    weights = GRUWeights(np.ones((2, 9)), np.ones((3, 9)), np.ones((2, 9)))
    config = GRUConfig(dtype="float64", **arguments)
    with pytest.raises(ValueError, match=says):
        gru_ref.gru(np.ones((1, 2, 2)), weights, config)
    with pytest.raises(ValueError, match=says):
        gru_ref.gru_step(np.ones((1, 2)), np.ones((1, config.units)), weights, config)


def test_a_keras_1_that_never_was_is_refused() -> None:
    with pytest.raises(ValueError, match=r"keras_version is .1\.9."):
        gru_ref.load_layers(NPZ, keras_version="1.9")
