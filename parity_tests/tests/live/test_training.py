"""Penalties and projections are live Keras's: `losses` after calls, weights after a step of fit."""

from __future__ import annotations

from typing import Any

import numpy as np

import gru_ref
from parity_tests.matrix.arguments import BOTH, K2, K3
from parity_tests.matrix.objects import function, instance, tensor
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import live_steps, value, values
from parity_tests.tests.live.each_case import for_each, for_rows

BATCH, TIMESTEPS, FEATURES, UNITS = 4, 3, 2, 5
WEIGHTS = ("kernel", "recurrent", "bias")


MASK = np.array([[1, 1, 1], [0, 1, 0], [0, 0, 0], [1, 0, 0]], bool)

# name → oracles, regularizer; the factors are no dyadic numbers, so their rounding shows
REGULARIZERS: dict[str, tuple[tuple[str, ...], Any]] = {
    "l1": (BOTH, "l1"),
    "l2": (BOTH, "l2"),
    "L1L2": (BOTH, "L1L2"),
    "Regularizer": (K2, "Regularizer"),  # Keras 3 returns Python's 0.0, of no dtype
    "l1_l2": (K2, "l1_l2"),
    "l1l2": (K3, "l1l2"),
    "l1-factor": (BOTH, instance("L1", l1=0.3)),
    "l2-factor": (BOTH, instance("L2", l2=0.7)),
    "l1l2-factors": (BOTH, instance("L1L2", l1=0.3, l2=0.7)),
    "l1l2-one-factor": (BOTH, instance("L1L2", l2=0.7)),
    "l1_l2-dict": (K2, instance("l1_l2", l1=0.3)),
    "l-factor": (K2, instance("L2", l=0.7)),
    "negative": (K2, instance("L1L2", l1=-0.3, l2=0.7)),
    "callable": (BOTH, function("penalty")),
}
ORTHOGONAL = {
    "orthogonal": "orthogonal_regularizer",
    "rows": instance("OrthogonalRegularizer", factor=0.3),
    "columns": instance("OrthogonalRegularizer", factor=0.3, mode="columns"),
}
CONSTRAINTS: dict[str, Any] = {
    "max_norm": "max_norm",
    "max_norm-axis-1": instance("MaxNorm", max_value=0.75, axis=1),
    "max_norm-axis-both": instance("MaxNorm", max_value=1, axis=[0, 1]),
    "max_norm-crossed": instance("MaxNorm", max_value=-1.0),
    "min_max_norm": "min_max_norm",
    "min_max_norm-rate": instance("MinMaxNorm", min_value=0.9, max_value=1.3, rate=0.3, axis=-1),
    "unit_norm": "unit_norm",
    "unit_norm-axis-none": instance("UnitNorm", axis=None),
    "non_neg": "non_neg",
    "callable": function("double"),
}
ACTIVITY: dict[str, dict[str, Any]] = {
    "output": {},
    "sequences": {"return_sequences": True, "go_backwards": True},
    "state": {"return_state": True, "unroll": True},
    "both-masked": {"return_sequences": True, "return_state": True},
    "zeros-masked": {"return_sequences": True, "zero_output_for_mask": True},
    "stateful": {"stateful": True, "return_state": True},
    "time-major": {"return_sequences": True, "return_state": True, "time_major": True},
}

# The sums of the dyadic witness are exact in every order, so a penalty of weights is bit-equal. In
# eps of the penalty: TensorFlow's rsqrt, and outputs, rounded otherwise; worst seen 1.4 and 1.5.
ORTHOGONAL_EPS = 4
ACTIVITY_EPS = 6
# Weights up to 1 after a step: Keras 2 repeats a gradient to rounding only; worst seen 0.5 eps.
STEP_EPS = 4


def _dyadic(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Return eighths whose sums of squares float32 holds exactly; no two rows alike."""
    return (np.random.default_rng(list(shape)).integers(-8, 9, shape) / 8).astype(dtype)


def _weights(reset_after: bool = True, dtype: str = "float32") -> list[np.ndarray]:
    bias = (2, 3 * UNITS) if reset_after else (3 * UNITS,)
    shapes = [(FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), bias]
    return [_dyadic(*shape, dtype=dtype) for shape in shapes]


def _build(reset_after: bool = True, **constructor: Any) -> list[list[Any]]:
    weights = _weights(reset_after, constructor.get("dtype", "float32"))
    return [
        ["construct", {"units": UNITS, "reset_after": reset_after, **constructor}],
        ["build", [(BATCH, TIMESTEPS, FEATURES)]],
        ["set_weights", [weights]],
    ]


def _call(**arguments: Any) -> list[Any]:
    x = _dyadic(BATCH, TIMESTEPS, FEATURES)
    given = {
        name: value if name == "training" else tensor(value)
        for name, value in {"x": x, **arguments}.items()
    }
    return ["call", given]


def _fit(learning_rate: float = 0.0) -> list[Any]:
    x, y = _dyadic(BATCH, TIMESTEPS, FEATURES), np.ones((BATCH, UNITS), "float32")
    return ["fit_once", {"x": x, "y": y, "learning_rate": learning_rate}]


def _check(oracle: str, steps: list[Any], method: str, eps: float = 0) -> int:
    """Check that every step named `method` returned the same arrays; return how many."""
    live, mine = values(oracle, steps)
    count = 0
    for step, theirs, ours in zip(steps, live, mine, strict=True):
        if step[0] != method:
            continue
        assert len(theirs) == len(ours), f"{len(ours)} arrays, live: {len(theirs)}"
        for expected, own in zip(theirs, ours, strict=True):
            expected = np.asarray(expected)
            assert own.shape == expected.shape
            assert own.dtype == expected.dtype
            if eps:
                error = np.abs(own - expected) / np.finfo(own.dtype).eps
                assert (error <= eps * np.abs(expected)).all(), f"{own}, live: {expected}"
            else:
                assert own.tobytes() == expected.tobytes(), f"{own}, live: {expected}"
            count += 1
    return count


def _names(table: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (oracle, name)
        for name, row in table.items()
        for oracle in (row[0] if isinstance(row, tuple) else BOTH)
    ]


class TestLivePenalties:
    """`losses`, in order, in number, in dtype, bit for bit."""

    @for_rows(_names(REGULARIZERS))
    def test_the_penalties_of_the_weights(self, oracle: str, name: str) -> None:
        regularizer = REGULARIZERS[name][1]
        all_three = {f"{weight}_regularizer": regularizer for weight in WEIGHTS}
        for reset_after, dtype in ((True, "float32"), (False, "float64")):
            if name == "Regularizer" and dtype == "float64":
                continue  # Keras 2 makes a float32 of the base class's 0.0
            steps = [*_build(reset_after, dtype=dtype, **all_three), ["losses"]]
            assert _check(oracle, steps, "losses") == 3

    @for_rows(_names(ORTHOGONAL))
    def test_the_orthogonal_penalties(self, oracle: str, name: str) -> None:
        all_three = {f"{weight}_regularizer": ORTHOGONAL[name] for weight in WEIGHTS}
        steps = [*_build(**all_three), ["losses"]]
        assert _check(oracle, steps, "losses", ORTHOGONAL_EPS) == 3

    @for_rows([(o, name) for o, name in _names(ACTIVITY) if (o, name) != ("keras3", "time-major")])
    def test_the_penalties_of_the_outputs(self, oracle: str, name: str) -> None:
        constructor = ACTIVITY[name]
        given = {"mask": MASK} if "masked" in name else {}
        steps = [
            *_build(activity_regularizer=instance("L1L2", l1=0.3, l2=0.7), **constructor),
            _call(**given),
            ["losses"],
        ]
        if name == "stateful":
            steps += [_call(), ["losses"]]
        outputs = 2 if constructor.get("return_state") else 1
        calls = 2 if name == "stateful" else 1
        assert _check(oracle, steps, "losses", ACTIVITY_EPS) == outputs * calls

    @for_each(BOTH)
    def test_the_order_of_all_penalties_and_when_they_are_there(self, oracle: str) -> None:
        construct, build, set_weights = _build(
            kernel_regularizer="l1",
            recurrent_regularizer="l2",
            bias_regularizer=instance("L1", l1=0.3),
            activity_regularizer="orthogonal_regularizer",
            return_state=True,
        )
        steps = [
            construct, ["losses"], build, set_weights, ["losses"], _call(), ["losses"],
            _call(), ["losses"], _call(training=True), ["losses"],
        ]  # fmt: skip
        assert _check(oracle, steps, "losses", ACTIVITY_EPS) == 0 + 3 + 5 + 5 + 5

    @for_each(BOTH)
    def test_the_penalties_of_a_frozen_layer(self, oracle: str) -> None:
        steps = [*_build(trainable=False, kernel_regularizer="l1"), ["losses"]]
        assert _check(oracle, steps, "losses") == {"keras2": 1, "keras3": 0}[oracle]


class TestLiveProjections:
    """The weights after one step of Keras's own `fit`, bit for bit."""

    @for_rows(_names(CONSTRAINTS))
    def test_the_weights_after_a_step_of_no_length(self, oracle: str, name: str) -> None:
        all_three = {f"{weight}_constraint": CONSTRAINTS[name] for weight in WEIGHTS}
        steps = [*_build(**all_three), _fit(), ["get_weights"]]
        assert _check(oracle, steps, "get_weights") == 3

    @for_each(BOTH)
    def test_a_bias_of_one_dimension(self, oracle: str) -> None:
        steps = [*_build(False, bias_constraint="unit_norm"), _fit(), ["get_weights"]]
        assert _check(oracle, steps, "get_weights") == 3

    @for_each(BOTH)
    def test_the_weights_after_a_real_step(self, oracle: str) -> None:
        constraints = dict(
            zip(
                (f"{weight}_constraint" for weight in WEIGHTS),
                (instance("MaxNorm", max_value=0.5), "non_neg", instance("UnitNorm", axis=1)),
                strict=True,
            )
        )
        steps = [_fit(0.125), ["get_weights"]]
        free = value(live_steps(oracle, [*_build(), *steps])[-1])
        assert all((a != b).any() for a, b in zip(free, _weights(), strict=True))
        expected = value(live_steps(oracle, [*_build(**constraints), *steps])[-1])
        layer = gru_ref.GRU(UNITS, keras_version=live_run.keras_version(oracle), **constraints)
        layer.build((BATCH, TIMESTEPS, FEATURES))
        layer.set_weights(free)
        layer.apply_constraints()
        for own, live in zip(layer.get_weights(), expected, strict=True):
            assert np.abs(own - live).max() <= STEP_EPS * np.finfo("float32").eps
