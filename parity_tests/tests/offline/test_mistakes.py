"""The table of mistakes, as the suite makes them in its cases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gru_ref import GRUConfig, GRUWeights
from gru_ref.debugging.mistakes.gru_run import Attempt, Call
from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES, Mistake, always
from parity_tests.environment import ROOT
from parity_tests.judging import compare
from parity_tests.judging.mistakes import name_in_records
from parity_tests.matrix.fixtures import GROUPS
from parity_tests.matrix.mistakes import BLANKS, IN_RECORDS
from parity_tests.matrix.product import PRODUCT
from parity_tests.recording import export, golden
from parity_tests.reporting import doc_tables

NO_MISTAKE = Mistake("none", "does as Keras does", always, lambda attempt: attempt)
# Without a case: a layer that has a rate is called in training alone.
NEVER = {"dropout left on"}
# Of the cases in which it is made, where that is less than half: without return_sequences it shows
# only where the last timestep is masked. Seen: 26 of 53.
SHARE = {"zero_output_for_mask ignored": 0.49}


def test_a_name_is_one_mistakes() -> None:
    assert len(BY_NAME) == len(MISTAKES)
    assert {row.mistake for row in BLANKS} <= {*BY_NAME, "any"}
    assert {*PRODUCT["mistakes"], *IN_RECORDS} <= BY_NAME.keys()


def test_the_readme_counts_the_mistakes_as_the_tables_do() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f" {len(MISTAKES)} classic porting mistakes" in readme
    seen = re.findall(r"together see (\d+ of \d+)", doc_tables.PAGE.read_text(encoding="utf-8"))
    assert re.findall(r"(?:sees|tests) (\d+ of \d+)", readme) == seen


@pytest.mark.parametrize("group", GROUPS)
def test_a_fixture_says_which_mistakes_it_reveals(group: str) -> None:
    cases = [case for case in golden.load() if case.group == group]
    assert cases
    for case in cases:
        seen = export.reveals(case.as_run, case.expected, case.data["tolerance_eps"])
        assert seen == case.data["reveals"], f"{case.oracle} {case.id}"


def test_every_mistake_is_revealed_by_some_fixture() -> None:
    names = {name_in_records(mistake) for mistake in MISTAKES}
    revealed = {name for case in golden.load() for name in case.data["reveals"]}
    assert names - revealed == NEVER
    assert revealed <= names


@pytest.mark.filterwarnings("ignore::gru_ref.KerasQuirkWarning")
def test_an_attempt_without_a_mistake_is_what_the_layer_returns() -> None:
    for case in golden.load():
        calls = case.as_run.calls_with(NO_MISTAKE, case.expected)
        right = case.as_run.run().calls
        assert compare.digest(calls) == compare.digest(right), case.id
        assert compare.difference(calls, right) == compare.EQUAL, case.id


@pytest.mark.parametrize(
    "mistake",
    [mistake for mistake in MISTAKES if mistake.name not in NEVER],
    ids=lambda mistake: mistake.name.replace(" ", "-"),
)
def test_a_mistake_shows_in_most_cases_in_which_it_is_made(mistake: Mistake) -> None:
    made = [case for case in golden.load() if mistake.applies(case.as_run.attempt)]
    shown = sum(name_in_records(mistake) in case.data["reveals"] for case in made)
    assert shown >= len(made) * SHARE.get(mistake.name, 1 / 2)
    assert len(made) >= 3


# ---- the mistakes of a step, written out: nothing of gru_ref computes them


def _by_hand(
    mistake: str, x: np.ndarray, h: np.ndarray, mask: np.ndarray, weights: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the outputs of a GRU that makes a mistake; with one bias row it resets before."""
    kernel, recurrent_kernel, bias = weights
    b, c = bias if bias.ndim == 2 else (bias, 0 * bias)
    z, r, n = slice(0, 5), slice(5, 10), slice(10, 15)
    gate = _relu
    resets_before = bias.ndim == 1
    if mistake == "z and r swapped":
        z, r = r, z
    elif mistake == "recurrent bias dropped":
        c = 0 * c
    elif mistake in ("reset before for after", "reset after for before"):
        resets_before = not resets_before
    elif mistake == "sigmoid replaced by hard_sigmoid":
        gate = _hard_sigmoid
    outputs = []
    for t in range(x.shape[1]):
        p, q = x[:, t] @ kernel + b, h @ recurrent_kernel + c
        update, reset = gate(p[:, z] + q[:, z]), gate(p[:, r] + q[:, r])
        if resets_before:
            candidate = p[:, n] + (reset * h) @ recurrent_kernel[:, n]
        else:
            candidate = p[:, n] + reset * q[:, n]
        if mistake == "1 - z for z":
            update = 1 - update
        after = update * h + (1 - update) * candidate
        h = after if mistake == "mask ignored" else np.where(mask[:, t, None], after, h)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def _hard_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.clip(0.2 * x + 0.5, 0, 1)


# Name → arguments of the layer in which it is made.
BY_HAND: dict[str, dict[str, Any]] = {
    "z and r swapped": {},
    "1 - z for z": {},
    "recurrent bias dropped": {},
    "reset before for after": {},
    "reset after for before": {"reset_after": False},
    "mask ignored": {},
    "sigmoid replaced by hard_sigmoid": {"recurrent_activation": "sigmoid"},
}


@pytest.mark.parametrize("name", BY_HAND, ids=lambda name: name.replace(" ", "-"))
def test_a_mistake_is_what_its_name_says(name: str) -> None:
    arguments = {"recurrent_activation": "relu", **BY_HAND[name]}
    config = GRUConfig(5, "linear", dtype="float64", return_sequences=True, **arguments)
    # Integers, whose sums are exact in any order, as long as no gate is a fraction.
    timesteps = 1 if arguments["recurrent_activation"] == "sigmoid" else 3
    rng = np.random.default_rng(8)
    shapes = [(4, 15), (5, 15), (2, 15) if config.reset_after else (15,)]
    weights = [rng.integers(-1, 2, shape).astype("float64") for shape in shapes]
    x, h = (rng.integers(-2, 3, shape).astype("float64") for shape in ((2, timesteps, 4), (2, 5)))
    mask = np.array([[True, True, True], [True, False, True]])[:, :timesteps]
    attempt = Attempt(config, GRUWeights(*weights), (Call(x, h, mask),))
    (wrong,), (right,) = BY_NAME[name].run(attempt).outputs, NO_MISTAKE.run(attempt).outputs
    np.testing.assert_array_equal(wrong, _by_hand(name, x, h, mask, weights))
    assert np.abs(wrong).max() < 2**50
    assert (wrong != right).any()
    if timesteps > 1:
        np.testing.assert_array_equal(right, _by_hand("none", x, h, mask, weights))
