"""A file of Keras 2 that Keras 3 refuses, converted by gru-ref, computes the same in Keras 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru_ref.cli.group import command
from parity_tests.matrix.objects import tensor
from parity_tests.tests.live.both_sides import live_steps, value

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 7, 4, 5

# name → arguments of Keras 2
ARGUMENTS: dict[str, dict[str, Any]] = {
    "default": {},
    "hard_sigmoid": {"recurrent_activation": "hard_sigmoid", "return_sequences": True},
    "hard_sigmoid-both": {
        "activation": "hard_sigmoid",
        "recurrent_activation": "hard_sigmoid",
        "reset_after": False,
        "go_backwards": True,
    },
    "hard_sigmoid-no-bias": {"recurrent_activation": "hard_sigmoid", "use_bias": False},
    "penalties": {
        "kernel_regularizer": "l2",
        "recurrent_constraint": {"class_name": "MaxNorm", "config": {"max_value": 1e3}},
        "bias_initializer": {"class_name": "Constant", "config": {"value": 2.0}},
    },
}
# In eps of float32, of outputs below 1: two releases add up in another order, and each product with
# 1.2 is rounded. The worst seen is 3; hard_sigmoid taken for Keras 3's is above 100,000.
EPS = 12


def _numbers(*shape: int) -> np.ndarray:
    """Return numbers without a pattern, of every sign and size up to 2."""
    return np.random.default_rng(list(shape)).uniform(-2, 2, shape).astype("float32")


def _call(x: np.ndarray) -> list[Any]:
    return ["call", {"x": tensor(x)}]


@pytest.mark.parametrize(
    ("name", "ending"), [*((name, ".h5") for name in ARGUMENTS), ("hard_sigmoid", ".keras")]
)
def test_the_newer_opens_what_it_refused_of_the_older_keras2_keras3(
    name: str, ending: str, tmp_path: Path
) -> None:
    old, new = tmp_path / f"keras 2{ending}", tmp_path / "keras 3.keras"
    arguments = {"units": UNITS, **ARGUMENTS[name]}
    columns = 3 * UNITS
    bias = (2, columns) if arguments.get("reset_after", True) else (columns,)
    weights = [_numbers(FEATURES, columns), _numbers(UNITS, columns), _numbers(*bias)]
    x = _numbers(BATCH, TIMESTEPS, FEATURES)
    steps = [
        ["construct", arguments],
        ["build", [(BATCH, TIMESTEPS, FEATURES)]],
        ["set_weights", [weights[: 3 if arguments.get("use_bias", True) else 2]]],
        _call(x),
        ["save_model", {"path": str(old), "input_shape": (TIMESTEPS, FEATURES)}],
    ]
    *_, called, saved = live_steps("keras2", steps)
    assert saved["ok"], saved
    (refused,) = live_steps("keras3", [["load_model", [str(old)]]])
    assert not refused["ok"], "Keras 3 opens the file of Keras 2 itself"

    with pytest.raises(SystemExit) as ended:
        command(["convert", str(old), "--to", "keras3", "-o", str(new)])
    assert ended.value.code == 0
    *_, converted = live_steps("keras3", [["load_model", [str(new)]], _call(x)])
    ((expected,), (output,)) = value(called), value(converted)
    assert np.abs(output - expected).max() <= EPS * np.finfo("float32").eps
