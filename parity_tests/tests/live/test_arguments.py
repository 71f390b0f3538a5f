"""The table of arguments is the live signature, and every argument has the effect it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity_tests.matrix.arguments import ARGUMENTS, BOTH, Argument
from parity_tests.matrix.objects import tensor
from parity_tests.oracles import codec
from parity_tests.runner import live_run
from parity_tests.tests.live import both_sides
from parity_tests.tests.live.each_case import for_each, for_rows

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5
# How many calls the steps make: in their arrays what comes after is an optimizer's.
CALLS = 2
ROWS = [(oracle, row.name) for row in ARGUMENTS for oracle in row.oracles]


def _row(name: str) -> Argument:
    return next(row for row in ARGUMENTS if row.name == name)


class TestLiveSignature:
    """Names and defaults, both ways."""

    @for_each(BOTH)
    def test_the_table_is_the_live_signature(self, oracle: str) -> None:
        live = dict(live_run.oracle(oracle).describe()["signature"])
        table = {row.name: row.default for row in ARGUMENTS if oracle in row.named}
        assert live == table


def _steps(row: Argument, constructor: dict[str, Any]) -> list[list[Any]]:
    """Return the steps that show an argument's effect on one layer."""
    rng = np.random.default_rng(5)
    units = constructor["units"]
    rows: list[list[Any]] = [["construct", constructor], ["build", [(BATCH, TIMESTEPS, FEATURES)]]]
    if row.effect == "weights" and row.name.endswith("_initializer"):
        return [*rows, ["get_weights"]]
    dtype = constructor.get("dtype", "float32")
    shapes = [(FEATURES, 3 * units), (units, 3 * units)]
    if constructor.get("use_bias", True):
        shapes.append((2, 3 * units) if constructor.get("reset_after", True) else (3 * units,))
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    if row.name == "weights":
        rows.pop()  # Keras sets them when the first call builds the layer
    else:
        rows.append(["set_weights", [arrays]])
    x = rng.normal(size=(BATCH, TIMESTEPS, FEATURES)).astype(dtype)
    call: dict[str, Any] = {"x": tensor(x), "training": row.training}
    if row.name == "time_major":
        # Three rows and three timesteps: the same array can be read in both layouts.
        square = rng.normal(size=(TIMESTEPS, TIMESTEPS, FEATURES)).astype(dtype)
        call["x"] = tensor(square)
        rows[1] = ["build", [(TIMESTEPS, TIMESTEPS, FEATURES)]]
    if row.name == "zero_output_for_mask":
        call["mask"] = tensor(np.array([[True, False, True], [True, True, False]]))
    if row.training:
        rows.insert(0, ["set_random_seed", [5]])
    return [*rows, ["call", call], ["call", call], *_training_steps(row, units)]


def _training_steps(row: Argument, units: int) -> list[list[Any]]:
    """Return the steps that show what an argument is to an optimizer, if it is anything."""
    x, y = np.zeros((BATCH, TIMESTEPS, FEATURES), "float32"), np.ones((BATCH, units), "float32")
    fit = {"x": codec.encode(x), "y": codec.encode(y), "learning_rate": 0.0}
    shown: dict[str, list[list[Any]]] = {
        "penalty": [["losses"]],
        "projection": [["fit_once", fit], ["get_weights"]],
    }
    return shown.get(row.effect, [])


def _arrays(steps: list[list[Any]], values: list[Any]) -> list[np.ndarray]:
    """Return every array that calls, `losses` and get_weights returned, as a flat list."""
    found = []
    for (method, *_), value in zip(steps, values, strict=True):
        if method in ("call", "losses", "get_weights"):
            held = value if isinstance(value, (list, tuple)) else [value]
            found += [np.asarray(v) for v in held if isinstance(v, (np.ndarray, np.generic, float))]
    return found


def _same(a: list[np.ndarray], b: list[np.ndarray], atol: float = 0.0) -> bool:
    return len(a) == len(b) and all(
        x.shape == y.shape and x.dtype == y.dtype and np.allclose(x, y, rtol=0, atol=atol)
        for x, y in zip(a, b, strict=True)
    )


class TestEffects:
    """Each argument alone, changed from its default."""

    @for_rows(ROWS)
    def test_the_argument_has_its_effect(self, oracle: str, name: str) -> None:
        row = _row(name)
        base: dict[str, Any] = {"units": UNITS}
        if row.effect == "route":
            base["dtype"] = "float64"
        if name in ("batch_size", "input_length"):
            base["input_dim"] = FEATURES
        if row.effect == "weights" and name.endswith("_initializer"):
            base |= {f"{w}_initializer": "zeros" for w in ("kernel", "recurrent", "bias")}
        change = row.change
        if name == "weights":
            base |= {f"{w}_initializer": "zeros" for w in ("kernel", "recurrent", "bias")}
            change = [np.ones((rows, 3 * UNITS)) for rows in (FEATURES, UNITS, 2)]
        changed = {**base, name: codec.encode(change)}
        if row.effect == "masks":
            base, changed = {**base, "dropout": 0.5}, {**changed, "dropout": 0.5}
        live, mine = [], []
        for constructor in (base, changed):
            steps = _steps(row, constructor)
            for values, side in zip(both_sides.values(oracle, steps), (live, mine), strict=True):
                side.append(_arrays(steps, values))
        for theirs, ours in zip(live, mine, strict=True):
            assert _same(theirs, ours, atol=1e-6), f"{name}: gru_ref and live Keras differ"
        if row.effect in ("penalty", "projection"):
            for before, after in (live, mine):
                assert _same(before[:CALLS], after[:CALLS]), f"{name} changes what a call returns"
                assert not _same(before[CALLS:], after[CALLS:]), f"{name} has no {row.effect}"
        elif row.effect == "inert":
            assert _same(*live), f"{name} is not inert in live Keras"
            assert _same(*mine), f"{name} is not inert in gru_ref"
        elif row.effect == "route":
            assert _same(*live, atol=1e-14), f"{name} changes the numbers of live Keras"
            assert _same(*mine, atol=1e-14), f"{name} changes the numbers of gru_ref"
        else:
            assert not _same(*live), f"{name} changes nothing in live Keras"
            assert not _same(*mine), f"{name} changes nothing in gru_ref"
