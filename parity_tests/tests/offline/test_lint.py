"""`lint_vectors` tells the mistakes that a test cannot see, and why, and draws a test that can."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import lint_vectors
from gru_ref.debugging.lint import Lint
from gru_ref.debugging.lint.better import better
from gru_ref.debugging.lint.sizes import PROOFS, proof_of
from gru_ref.debugging.lint.vectors import Vectors
from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES
from gru_ref.errors import KerasQuirkWarning
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.small_gru import BIAS, KERNEL, RECURRENT, attempt_of, change_array

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 3, 5


def _layer(
    *, batch: int = BATCH, features: int = FEATURES, units: int = UNITS, **arguments: Any
) -> gru_ref.GRU:
    """Return a built layer, of sizes that are all unlike, with weights of its own."""
    layer = gru_ref.GRU(units, **{"dtype": "float64", **arguments})
    return small_gru.with_weights(layer, (batch, None, features), scale=0.5)


def _call() -> dict[str, np.ndarray]:
    """Return the arguments of `lint_vectors` for a call with a state and a mask."""
    rng = np.random.default_rng(6)
    mask = np.ones((BATCH, TIMESTEPS), bool)
    mask[1, 2] = False
    return {
        "x": rng.uniform(-1, 1, (BATCH, TIMESTEPS, FEATURES)),
        "initial_state": rng.uniform(-1, 1, (BATCH, UNITS)),
        "mask": mask,
    }


def _right(layer: gru_ref.GRU, given: dict[str, np.ndarray]) -> np.ndarray:
    layer.engine = "core"  # as what is linted
    return layer(given["x"], given["initial_state"], mask=given["mask"])


def _found(lint: Lint, mistake: str) -> Any:
    return next(one for one in lint.findings if one.mistake == mistake)


class TestVerdict:
    """A mistake is seen where the test would fail."""

    @pytest.mark.parametrize(("atol", "rtol"), [(1e-5, 0.0), (0.1, 0.1)])
    def test_it_is_that_of_allclose(self, atol: float, rtol: float) -> None:
        layer, given = _layer(return_sequences=True), _call()
        lint = lint_vectors(layer, **given, tolerance=atol, relative_tolerance=rtol)
        attempt = attempt_of(layer, *given.values())
        right = _right(layer, given)
        verdicts = []
        for mistake in MISTAKES:
            if mistake.applies(attempt):
                (wrong,) = mistake.run(attempt).outputs
                finding = _found(lint, mistake.name)
                assert finding.error == abs(wrong - right).max()
                verdicts.append(finding.seen)
                assert finding.seen != np.allclose(wrong, right, rtol, atol)
        assert True in verdicts
        assert (False in verdicts) == (atol >= 0.1)

    def test_outputs_of_the_test_are_what_is_compared(self) -> None:
        layer, given = _layer(), _call()
        off = _right(layer, given) + 0.9e-2
        lint = lint_vectors(layer, **given, outputs=off, tolerance=1e-2)
        assert _found(lint, "initial_state ignored").seen
        with pytest.raises(ValueError, match="tolerances off, expected what the layer returns"):
            lint_vectors(layer, **given, outputs=off, tolerance=0.8e-2)

    def test_it_looks_at_the_last_output_or_at_all_as_the_test_does(self) -> None:
        layer, given = _layer(return_sequences=True), _call()
        right = _right(layer, given)
        name = "zero_output_for_mask added"
        assert _found(lint_vectors(layer, **given, outputs=right), name).seen
        last = _found(lint_vectors(layer, **given, outputs=right[:, -1]), name)
        assert last.reason.causes == (("the last output alone is compared",),)

    def test_it_looks_at_the_state_that_the_layer_returns(self) -> None:
        given = _call()
        given["mask"][1] = [False] * 4  # the output is zero, and the state is the initial one
        given["initial_state"][0] = 0
        name = "initial_state ignored"
        assert not _found(lint_vectors(_layer(), **given), name).seen
        assert _found(lint_vectors(_layer(return_state=True), **given), name).seen


@pytest.mark.parametrize("release", ["2", "3"])
@pytest.mark.parametrize("is_given", [True, False])
def test_a_stateful_layer_starts_as_its_next_call_would(release: str, is_given: bool) -> None:
    given = _call()
    layer = _layer(stateful=True, keras_version=release)
    layer(given["x"])
    recorded, state = layer.recorded_state, given["initial_state"] if is_given else None
    assert recorded.any()
    warns = pytest.warns(KerasQuirkWarning) if is_given and release == "2" else nullcontext()
    with warns:
        lint = lint_vectors(layer, given["x"], initial_state=state)
    np.testing.assert_array_equal(layer.recorded_state, recorded)
    assert _found(lint, "initial_state ignored").seen
    with warns:
        right = copy.deepcopy(layer)(given["x"], state)
    with warns:
        lint_vectors(layer, given["x"], initial_state=state, outputs=right, tolerance=0)
    with pytest.raises(ValueError, match="the batch is 1, expected 2: a stateful layer keeps one"):
        lint_vectors(layer, given["x"][:1])


def _symmetric(array: np.ndarray) -> np.ndarray:
    return np.concatenate([gate + gate.T for gate in np.split(array, 3, axis=1)], axis=1)


def _alike(array: np.ndarray) -> np.ndarray:
    return np.concatenate([np.split(array, 3, axis=-1)[0]] * 3, axis=-1)


# What a flaw hides.
OF_MASK = ["mask ignored", "mask inverted", "zero_output_for_mask added"]
OF_STATE = ["initial_state ignored"]
OF_FEATURES = ["features permuted"]
OF_UNITS = ["units permuted"]
OF_TRANSPOSE = ["recurrent kernel transposed"]
OF_GATES = {name: [f"z and r swapped in the {name} alone"] for name in ("kernel", "bias")}
OF_ROWS = ["bias rows swapped"]
OF_SECOND = ["bias rows merged", "recurrent bias dropped"]
OF_BIAS = [*OF_ROWS, *OF_SECOND, *OF_GATES["bias"], "input bias dropped", "bias dropped"]
# A flaw: the array it is in, what is done to it, in which words it is told, what it hides.
FLAWS: dict[str, tuple[Any, Any, str, list[str]]] = {
    "zero bias": (BIAS, lambda b: 0.0, "all biases are zero", OF_BIAS),
    "equal bias rows": (BIAS, lambda b: b[:1], "both bias rows are equal", OF_ROWS),
    "zero second row": (BIAS, lambda b: b * [[1], [0]], "the recurrent bias is zero", OF_SECOND),
    "alike biases": (BIAS, _alike, "the biases of all gates are equal", OF_GATES["bias"]),
    "equal kernel weights": (
        KERNEL,
        lambda k: 0.1,
        "all kernel weights are equal",
        [*OF_FEATURES, *OF_GATES["kernel"]],
    ),
    "features alike": (
        KERNEL,
        lambda k: k[:1],
        "the kernel weights of all features are equal",
        OF_FEATURES,
    ),
    "symmetric recurrent kernel": (
        RECURRENT,
        _symmetric,
        "every gate's recurrent kernel is symmetric",
        OF_TRANSPOSE,
    ),
    "recurrent rows alike": (
        RECURRENT,
        lambda r: r[:1],
        "the recurrent weights from all units are equal",
        OF_UNITS,
    ),
    "no initial state": ("initial_state", lambda h: None, "no initial state is given", OF_STATE),
    "zero initial state": ("initial_state", np.zeros_like, "no initial state is given", OF_STATE),
    "no mask": ("mask", lambda m: None, "no mask is given", OF_MASK),
    "mask of all": ("mask", np.ones_like, "no mask is given", OF_MASK),
    "features of inputs alike": (
        "x",
        lambda x: x[..., :1] + np.zeros(FEATURES),
        "the inputs of all features are equal",
        OF_FEATURES,
    ),
}


class TestReasons:
    """A test with one flaw does not see exactly what that flaw hides, and says so."""

    def test_without_a_flaw_everything_is_seen(self) -> None:
        lint = lint_vectors(_layer(return_sequences=True), **_call())
        assert all(one.seen for one in lint.findings)

    @pytest.mark.parametrize("flaw", FLAWS)
    def test_a_flaw_is_named(self, flaw: str) -> None:
        place, change, sentence, hidden = FLAWS[flaw]
        layer, given = _layer(return_sequences=True), _call()
        if isinstance(place, str):
            given[place] = change(given[place])
        else:
            layer = change_array(layer, place, change)
        lint = lint_vectors(layer, **given)
        found = {one.mistake: one.reason for one in lint.findings if not one.seen}
        causes = {name: reason.causes for name, reason in found.items() if reason}
        assert causes == dict.fromkeys(hidden, ((sentence,),))
        assert all(reason.instead > 1e-5 for reason in found.values() if reason)
        assert {one.mistake for one in lint.unseen} == set(hidden)
        assert lint.better.seen >= {one.mistake for one in lint.findings}

    def test_palindromic_inputs_without_a_state(self) -> None:
        layer, x = _layer(), _call()["x"]
        x = (x + x[:, ::-1]) / 2
        reason = _found(lint_vectors(layer, x), "go_backwards added").reason
        assert ("the inputs are the same read backwards",) in reason.causes

    def test_equal_weights_hide_the_gates_together(self) -> None:
        layer = _layer()
        layer.set_weights([np.full_like(array, 0.1) for array in layer.get_weights()])
        causes = _found(lint_vectors(layer, _call()["x"]), "z and r swapped").reason.causes
        assert set(causes) == {
            ("all biases are equal",),
            ("all recurrent weights are equal",),
            ("all kernel weights are equal",),
        }

    def test_what_has_to_change_at_once(self) -> None:
        layer = change_array(_layer(), RECURRENT, lambda r: 0.1)
        lint = lint_vectors(layer, _call()["x"][:, :1])
        assert _found(lint, "recurrent kernel transposed").reason.causes == (
            ("all recurrent weights are equal", "no initial state is given"),
        )

    def test_saturated_gates(self) -> None:
        layer = change_array(_layer(), KERNEL, lambda k: 1000 * k)
        given = {**_call(), "mask": None}
        lint = lint_vectors(layer, **given, tolerance=1e-3)
        hidden = [one for one in lint.unseen if one.mistake.startswith("bias rows")]
        assert hidden
        assert all(
            ("most gates are saturated",) in one.reason.causes for one in hidden if one.reason
        )

    def test_numbers_that_are_none(self) -> None:
        layer = _layer()
        layer.set_weights([np.nan * array for array in layer.get_weights()])
        lint = lint_vectors(layer, _call()["x"])
        assert _found(lint, "z and r swapped").reason.causes == (("no output is a finite number",),)

    def test_too_wide_a_tolerance(self) -> None:
        layer, given = _layer(return_sequences=True), _call()
        lint = lint_vectors(layer, **given, tolerance=10.0)
        assert lint.better.seen == {"batch and time swapped"}  # which the shapes refuse
        assert {one.reason.causes for one in lint.findings if one.reason} >= {
            (("it changes too little",),)
        }
        assert lint.unseen == ()


# One and two of everything, in all pairs; and three.
SIZES = [(1, 1, 1, 1), (1, 2, 2, 1), (1, 2, 1, 2), (2, 1, 2, 2), (2, 2, 1, 1), (3, 3, 3, 3)]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "default": {"return_sequences": True},
    "backwards": {"go_backwards": True, "time_major": True},
    "reset before": {"reset_after": False, "recurrent_activation": "hard_sigmoid"},
    "without bias": {"use_bias": False, "return_sequences": True, "zero_output_for_mask": True},
    "reset before without bias": {"use_bias": False, "reset_after": False, "activation": "relu"},
    "stateful": {"stateful": True, "return_state": True, "dropout": 0.5},
}


class TestBetter:
    """A better test of the same sizes sees everything but what is proved to be hidden."""

    @pytest.mark.parametrize("name", ARGUMENTS)
    def test_it_sees_exactly_what_no_proof_excludes(self, name: str) -> None:
        arguments = ARGUMENTS[name]
        for batch, timesteps, features, units in SIZES:
            layer = _layer(batch=batch, features=features, units=units, **arguments)
            axes = (timesteps, batch) if arguments.get("time_major") else (batch, timesteps)
            attempt = attempt_of(layer, np.zeros((*axes, features)))
            found = better(Vectors.of(attempt, 1e-5, 0.0))
            proved = {mistake for mistake in found.makeable if proof_of(mistake, attempt)}
            assert found.seen == found.makeable - proved, (batch, timesteps, features, units)

    def test_every_proof_is_of_mistakes_there_are(self) -> None:
        assert {name for proof in PROOFS for name in proof.mistakes} <= set(BY_NAME)

    @pytest.mark.parametrize("name", ["default", "reset before", "without bias"])
    def test_it_sees_the_mistakes_beside_what_the_layer_itself_returns(self, name: str) -> None:
        layer = _layer(**ARGUMENTS[name])
        (test,) = lint_vectors(layer, np.zeros((BATCH, TIMESTEPS, FEATURES))).better.chosen
        (call,) = test.attempt.calls
        layer.set_weights(test.attempt.weights.arrays())
        right = layer(call.x, call.initial_state, mask=call.mask)
        made = 0
        for mistake in MISTAKES:
            if mistake.applies(test.attempt) and mistake.name != "dropout left on":
                (wrong,) = mistake.run(test.attempt).outputs
                assert abs(wrong - right).max() > 1e-4, mistake.name
                made += 1
        assert made >= 20


class TestLintRefusals:
    """What does not fit is named."""

    @pytest.mark.parametrize(
        ("changed", "error", "message"),
        [
            ({"layer": gru_ref.GRUWeights}, TypeError, "layer is"),
            ({"layer": gru_ref.GRU(2)}, ValueError, "not built"),
            ({"x": np.ones((2, 3))}, ValueError, "x has shape"),
            ({"x": np.ones((2, 0, FEATURES))}, ValueError, "x has shape"),
            ({"x": np.array([["a"]])}, TypeError, "x has dtype"),
            ({"initial_state": np.ones((BATCH, 2))}, ValueError, "initial_state has shape"),
            ({"mask": np.ones((BATCH, 2))}, ValueError, "mask has shape"),
            ({"outputs": np.ones(3)}, ValueError, "outputs has shape"),
            ({"tolerance": -1.0}, ValueError, "tolerance is -1.0"),
            ({"relative_tolerance": np.nan}, ValueError, "relative_tolerance is nan"),
        ],
    )
    def test_a_call_that_does_not_fit(
        self, changed: Any, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            lint_vectors(**{"layer": _layer(), **_call(), **changed})
