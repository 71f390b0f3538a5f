"""`lint_vectors` tells the mistakes that a test cannot see, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import GRUWeights, lint_vectors
from gru_ref.debugging.lint import Lint
from gru_ref.debugging.mistakes.table import MISTAKES, Attempt, Call
from parity_tests.tests.support.lint_calls import BATCH, FEATURES, call, layer_of


def _with(layer: gru_ref.GRU, index: int, change: Any) -> gru_ref.GRU:
    """Change one array of a layer."""
    arrays = layer.get_weights()
    arrays[index] = change(arrays[index]) * np.ones_like(arrays[index])
    layer.set_weights(arrays)
    return layer


def _found(lint: Lint, mistake: str) -> Any:
    return next(one for one in lint.findings if one.mistake == mistake)


class TestVerdict:
    """A mistake is seen where the test would fail."""

    @pytest.mark.parametrize(("atol", "rtol"), [(1e-5, 0.0), (0.1, 0.1)])
    def test_it_is_that_of_allclose(self, atol: float, rtol: float) -> None:
        layer, given = layer_of(return_sequences=True), call()
        lint = lint_vectors(layer, **given, tolerance=atol, relative_tolerance=rtol)
        attempt = Attempt(
            layer.config,
            GRUWeights(*layer.get_weights()),
            (Call(given["inputs"], given["initial_state"], given["mask"]),),
        )
        right = layer(given["inputs"], given["initial_state"], mask=given["mask"])
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
        layer, given = layer_of(), call()
        right = layer(given["inputs"], given["initial_state"], mask=given["mask"])
        off = right + 0.9e-2
        lint = lint_vectors(layer, **given, outputs=off, tolerance=1e-2)
        assert _found(lint, "initial_state ignored").seen
        with pytest.raises(ValueError, match="tolerances off, expected what the layer returns"):
            lint_vectors(layer, **given, outputs=off, tolerance=0.8e-2)

    def test_it_looks_at_the_last_output_or_at_all_as_the_test_does(self) -> None:
        layer, given = layer_of(return_sequences=True), call()
        right = layer(given["inputs"], given["initial_state"], mask=given["mask"])
        name = "zero_output_for_mask added"
        assert _found(lint_vectors(layer, **given, outputs=right), name).seen
        last = _found(lint_vectors(layer, **given, outputs=right[:, -1]), name)
        assert last.reason.causes == (("the last output alone is compared",),)

    def test_it_looks_at_the_state_that_the_layer_returns(self) -> None:
        given = call()
        given["mask"][1] = [False] * 4  # the output is zero, and the state is the initial one
        given["initial_state"][0] = 0
        name = "initial_state ignored"
        assert not _found(lint_vectors(layer_of(), **given), name).seen
        assert _found(lint_vectors(layer_of(return_state=True), **given), name).seen


def _symmetric(array: np.ndarray) -> np.ndarray:
    gates = np.split(array, 3, axis=1)
    return np.concatenate([gate + gate.T for gate in gates], axis=1)


def _alike(array: np.ndarray) -> np.ndarray:
    return np.concatenate([np.split(array, 3, axis=-1)[0]] * 3, axis=-1)


KERNEL, RECURRENT, BIAS = 0, 1, 2
# A flaw: the array it is in and what is done to it; the mistakes it hides, and in which words.
FLAWS: dict[str, tuple[Any, Any, dict[str, str]]] = {
    "zero bias": (
        BIAS,
        lambda b: 0.0,
        dict.fromkeys(
            (
                "bias rows swapped",
                "bias rows merged",
                "recurrent bias dropped",
                "input bias dropped",
                "bias dropped",
                "z and r swapped in the bias alone",
            ),
            "all biases are zero",
        ),
    ),
    "equal bias rows": (
        BIAS,
        lambda b: b[:1],
        {"bias rows swapped": "both bias rows are equal"},
    ),
    "zero recurrent bias": (
        BIAS,
        lambda b: b * [[1], [0]],
        dict.fromkeys(("bias rows merged", "recurrent bias dropped"), "the recurrent bias is zero"),
    ),
    "bias without gates": (
        BIAS,
        _alike,
        {"z and r swapped in the bias alone": "the biases of all gates are equal"},
    ),
    "equal kernel weights": (
        KERNEL,
        lambda k: 0.1,
        dict.fromkeys(
            ("features permuted", "z and r swapped in the kernel alone"),
            "all kernel weights are equal",
        ),
    ),
    "features alike": (
        KERNEL,
        lambda k: k[:1],
        {"features permuted": "the kernel weights of all features are equal"},
    ),
    "symmetric recurrent kernel": (
        RECURRENT,
        _symmetric,
        dict.fromkeys(
            ("recurrent kernel transposed",), "every gate's recurrent kernel is symmetric"
        ),
    ),
    "recurrent rows alike": (
        RECURRENT,
        lambda r: r[:1],
        {"units permuted": "the recurrent weights from all units are equal"},
    ),
    "no initial state": (
        "initial_state",
        lambda h: None,
        {"initial_state ignored": "no initial state is given"},
    ),
    "zero initial state": (
        "initial_state",
        lambda h: 0 * h,
        {"initial_state ignored": "no initial state is given"},
    ),
    "no mask": (
        "mask",
        lambda m: None,
        dict.fromkeys(
            ("mask ignored", "mask inverted", "zero_output_for_mask added"), "no mask is given"
        ),
    ),
    "mask of all": (
        "mask",
        np.ones_like,
        dict.fromkeys(
            ("mask ignored", "mask inverted", "zero_output_for_mask added"), "no mask is given"
        ),
    ),
    "features of inputs alike": (
        "inputs",
        lambda x: x[..., :1] + np.zeros(FEATURES),
        {"features permuted": "the inputs of all features are equal"},
    ),
}


class TestReasons:
    """A test with one flaw does not see exactly what that flaw hides, and says so."""

    def test_without_a_flaw_everything_is_seen(self) -> None:
        lint = lint_vectors(layer_of(return_sequences=True), **call())
        assert all(one.seen for one in lint.findings)

    @pytest.mark.parametrize("flaw", FLAWS)
    def test_a_flaw_is_named(self, flaw: str) -> None:
        place, change, hidden = FLAWS[flaw]
        layer, given = layer_of(return_sequences=True), call()
        if isinstance(place, str):
            given[place] = change(given[place])
        else:
            layer = _with(layer, place, change)
        lint = lint_vectors(layer, **given)
        found = {one.mistake: one.reason for one in lint.findings if not one.seen}
        assert {name: reason.causes for name, reason in found.items() if reason} == {
            name: ((sentence,),) for name, sentence in hidden.items()
        }
        assert all(reason.instead > 1e-5 for reason in found.values() if reason)
        assert {one.mistake for one in lint.unseen} == set(hidden)
        assert lint.better.seen >= {one.mistake for one in lint.findings}

    def test_palindromic_inputs_without_a_state(self) -> None:
        layer, x = layer_of(), call()["inputs"]
        x = (x + x[:, ::-1]) / 2
        reason = _found(lint_vectors(layer, x), "go_backwards added").reason
        assert ("the inputs are the same read backwards",) in reason.causes

    def test_equal_weights_hide_the_gates_together(self) -> None:
        layer = layer_of()
        layer.set_weights([np.full_like(array, 0.1) for array in layer.get_weights()])
        lint = lint_vectors(layer, call()["inputs"])
        causes = _found(lint, "z and r swapped").reason.causes
        assert set(causes) == {
            ("all biases are equal",),
            ("all recurrent weights are equal",),
            ("all kernel weights are equal",),
        }

    def test_what_has_to_change_at_once(self) -> None:
        layer = _with(layer_of(), RECURRENT, lambda r: 0.1)
        lint = lint_vectors(layer, call()["inputs"][:, :1])
        assert _found(lint, "recurrent kernel transposed").reason.causes == (
            ("all recurrent weights are equal", "no initial state is given"),
        )

    def test_saturated_gates(self) -> None:
        layer = _with(layer_of(), KERNEL, lambda k: 100 * k)
        given = {**call(), "mask": None}
        lint = lint_vectors(layer, **given, tolerance=1e-3)
        hidden = [one for one in lint.unseen if one.mistake.startswith("bias rows")]
        assert hidden
        assert all(
            ("most gates are saturated",) in one.reason.causes for one in hidden if one.reason
        )

    def test_numbers_that_are_none(self) -> None:
        lint = lint_vectors(layer_of(), np.nan * call()["inputs"])
        causes = _found(lint, "z and r swapped").reason.causes
        assert causes == (("no output is a finite number",),)

    def test_too_wide_a_tolerance(self) -> None:
        layer, given = layer_of(return_sequences=True), call()
        lint = lint_vectors(layer, **given, tolerance=10.0)
        assert lint.better.seen == {"batch and time swapped"}  # which the shapes refuse
        assert {one.reason.causes for one in lint.findings if one.reason} >= {
            (("it changes too little",),)
        }
        assert lint.unseen == ()


class TestLintRefusals:
    """What does not fit is named."""

    @pytest.mark.parametrize(
        ("changed", "error", "message"),
        [
            ({"inputs": np.ones((2, 3))}, ValueError, "inputs has shape"),
            ({"inputs": np.ones((2, 0, FEATURES))}, ValueError, "inputs has shape"),
            ({"inputs": np.array([["a"]])}, TypeError, "inputs has dtype"),
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
            lint_vectors(layer_of(), **{**call(), **changed})

    def test_a_layer_that_is_none_or_not_built(self) -> None:
        with pytest.raises(TypeError, match="layer is"):
            lint_vectors(GRUWeights, np.ones((1, 1, 1)))
        with pytest.raises(ValueError, match="not built"):
            lint_vectors(gru_ref.GRU(2), np.ones((1, 1, 1)))
