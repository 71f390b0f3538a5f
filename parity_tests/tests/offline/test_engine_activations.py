"""The errors of the engines' own sigmoid and tanh, in units of the last place.

Against math in float64 for float32, and decimal for float64. The bounds are the largest errors that
docs/engines.md states: measured over every float32, and 24 million float64.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gru_ref.core.smooth_activations import sigmoid
from gru_ref.engines import numpy_kernel
from parity_tests.judging.engines import installed

Array = np.ndarray[Any, Any]
# Below, exp(−|x|) is no normal number, and the compiled sigmoid is 0.
LOWEST = {"float32": -87.0, "float64": -708.0}
DIGITS = decimal.Context(prec=60)


def _numpy_sigmoid(x: Array) -> Array:
    negative = -x
    with np.errstate(all="ignore"):
        numpy_kernel._sigmoid_of_negative(negative, np.ones((), x.dtype))
    return negative


def _compiled(code: str) -> Callable[[Array], Array]:
    def apply(x: Array) -> Array:
        from gru_ref.engines import numba_kernel

        result = x.copy()
        with np.errstate(all="ignore"):
            numba_kernel._activate(getattr(numba_kernel, code), result)
        return result

    return apply


SIGMOIDS = {"core": sigmoid, "numpy": _numpy_sigmoid}
TANHS: dict[str, Callable[[Array], Array]] = {}
if "numba" in installed():
    SIGMOIDS["numba"] = _compiled("SIGMOID")
    TANHS["numba"] = _compiled("TANH")
# engine → the largest error in units of the last place, of float32 and float64.
SIGMOID_ULP = {"core": (3.6, 2.6), "numpy": (3.6, 2.6), "numba": (2.5, 2.5)}
TANH_ULP = {"numba": (2.5, 2.6)}


def _float32(top: float) -> Array:
    """Return every 4,001st float32 up to a number, and their negatives."""
    positive = np.arange(0, int(np.float32(top).view(np.uint32)), 4001, dtype=np.uint32)
    return np.concatenate([positive.view(np.float32), -positive.view(np.float32)])


def _float64(low: float, high: float) -> Array:
    rng = np.random.default_rng(1)
    small = rng.choice([-1, 1], 500) * 2.0 ** rng.uniform(-50, 0, 500)
    near = rng.uniform(-30, 30, 1000)
    return np.concatenate([rng.uniform(low, high, 500), small, near])


def _decimal_sigmoid(x: float) -> decimal.Decimal:
    return 1 / (1 + DIGITS.exp(-decimal.Decimal(x)))


def _decimal_tanh(x: float) -> decimal.Decimal:
    power = DIGITS.exp(2 * decimal.Decimal(x))
    return DIGITS.divide(power - 1, power + 1)


def _error32(x: Array, function: Callable[[Array], Array], true: Array) -> float:
    spacing = np.spacing(np.abs(true).astype("float32")).astype("float64")
    return float(np.max(np.abs(function(x) - true) / spacing))


def _error64(
    x: Array, function: Callable[[Array], Array], exact: Callable[[float], decimal.Decimal]
) -> float:
    with decimal.localcontext(DIGITS):
        return max(
            float(abs(decimal.Decimal(float(y)) - t) / decimal.Decimal(math.ulp(float(t))))
            for y, t in zip(function(x), map(exact, x.tolist()), strict=True)
        )


@pytest.mark.parametrize("engine", SIGMOIDS)
def test_sigmoid_is_as_near_as_stated(engine: str) -> None:
    function, (single, double) = SIGMOIDS[engine], SIGMOID_ULP[engine]
    x = _float32(104.0)
    x = x[x >= LOWEST["float32"]]
    assert _error32(x, function, 1 / (1 + np.exp(-x.astype("float64")))) <= single
    assert _error64(_float64(LOWEST["float64"], 40), function, _decimal_sigmoid) <= double


@pytest.mark.parametrize("engine", TANHS)
def test_tanh_is_as_near_as_stated(engine: str) -> None:
    function, (single, double) = TANHS[engine], TANH_ULP[engine]
    x = _float32(20.0)
    assert _error32(x, function, np.tanh(x.astype("float64"))) <= single
    assert _error64(_float64(-20, 20), function, _decimal_tanh) <= double


@pytest.mark.parametrize("dtype", LOWEST)
@pytest.mark.parametrize("engine", SIGMOIDS)
def test_far_out_sigmoid_is_0_and_1(engine: str, dtype: str) -> None:
    x = np.array([2 * LOWEST[dtype], -np.inf, -2 * LOWEST[dtype], np.inf, 0, -0.0, np.nan], dtype)
    assert SIGMOIDS[engine](x).tolist()[:6] == [0, 0, 1, 1, 0.5, 0.5]
    assert np.isnan(SIGMOIDS[engine](x)[6])
    under = np.linspace(2 * LOWEST[dtype], LOWEST[dtype], 1000, dtype=dtype)
    assert SIGMOIDS[engine](under).max() <= np.exp(LOWEST[dtype]) * 1.000001


@pytest.mark.parametrize("engine", TANHS)
def test_tanh_keeps_signs_infinity_and_nan(engine: str) -> None:
    x = np.array([-np.inf, -30, -0.0, 0.0, 30, np.inf, np.nan], "float32")
    np.testing.assert_array_equal(TANHS[engine](x), np.float32([-1, -1, 0, 0, 1, 1, np.nan]))
