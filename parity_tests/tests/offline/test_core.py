"""The core by itself: what it computes without a release, and what it says of bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.core import Cell, GRUWeights, Recurrence, run_cells

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5
X = np.linspace(-1, 1, BATCH * TIMESTEPS * FEATURES).reshape(BATCH, TIMESTEPS, FEATURES)


def _weights(features: int = FEATURES, units: int = UNITS) -> GRUWeights:
    rng = np.random.default_rng(3)
    shapes = (features, 3 * units), (units, 3 * units), (2, 3 * units)
    return GRUWeights(*(rng.uniform(-1, 1, shape) for shape in shapes))


CELL = Cell(_weights(), Recurrence(return_sequences=True, dtype="float64"))
WRONG_STATE = CELL._replace(initial_state=np.ones((BATCH, 6)))
ONE_MASK = CELL._replace(dropout_masks=[np.ones((BATCH, FEATURES))])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": "nope"}, "dtype is 'nope', expected float16, bfloat16, float32 or float64"),
        ({"dtype": "int32"}, "dtype is 'int32', expected float16"),
        ({"activation": "tanh"}, "activation is 'tanh', expected a function of arrays"),
        ({"product": None}, "product is None, expected a function of arrays"),
    ],
)
def test_a_recurrence_names_what_is_wrong(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Recurrence(**arguments)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            ((4, 14), (5, 15)),
            r"kernel has shape \(4, 14\), expected \(features, 15\) beside a recur",
        ),
        (((4, 16), (5, 15)), r"kernel has shape \(4, 16\), expected \(features, 15\)"),
        (((4, 5), (5, 15)), r"kernel has shape \(4, 5\), expected \(features, 15\)"),
        (((15,), (5, 15)), r"kernel has shape \(15,\), expected \(features, 15\)"),
        (
            ((4, 15), (5, 10)),
            r"recurrent_kernel has shape \(5, 10\), expected \(units, 3 \* units\)",
        ),
        (
            ((4, 15), (5, 15), (15, 1)),
            r"bias has shape \(15, 1\), expected \(2, 15\) for reset_after",
        ),
        (((4, 15), (5, 15), (5,)), r"bias has shape \(5,\), expected \(2, 15\)"),
    ],
)
def test_weights_name_the_array_of_another_size(shapes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GRUWeights(*map(np.ones, shapes))


@pytest.mark.parametrize(
    ("x", "cells", "mask", "message"),
    [
        (X, [], None, "cells is empty, expected at least one Cell"),
        (X[..., 1:], [CELL], None, r"x has shape \(2, 3, 3\), expected three dimensions, the last"),
        (X, [CELL], np.ones((TIMESTEPS, BATCH)), "mask has the sizes 2 timesteps, 3 rows, 1 units"),
        (X, [CELL], np.ones((BATCH, TIMESTEPS, 4)), "mask .* expected 3, 2 or 1, 1 or 5"),
        (X, [WRONG_STATE], None, r"initial_state has shape \(2, 6\), expected \(2, 5\)"),
        (X, [ONE_MASK], None, "dropout_masks has 1 masks, expected one for each of 3 timesteps"),
    ],
)
def test_the_loop_names_what_is_wrong(x: Any, cells: Any, mask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_cells(x, cells, mask=mask)


def test_a_sequence_is_a_step_after_another() -> None:
    output, (state,) = run_cells(X, [CELL])
    h = np.zeros((BATCH, UNITS))
    for position in range(TIMESTEPS):
        h = CELL.step_at(position, X[:, position], h).h
        assert (output[:, position] == h).all()
    assert (state == h).all()


def test_the_functions_of_a_config_take_a_config() -> None:
    with pytest.raises(TypeError, match=r"config is Recurrence\(.*, expected a GRUConfig"):
        gru_ref.gru(X, _weights(), CELL.recurrence)
