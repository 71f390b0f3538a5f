"""Diff finds the first number of any part that differs, and what explains it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.bounds import final_state
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.diff import dropout_search
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.diff.difference import Difference
from gru_ref.debugging.diff.hypotheses import DROPOUT
from gru_ref.debugging.mistakes.gru_run import layer_attempt
from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.testing import assert_same_gru
from parity_tests.tests.support.small_gru import BIAS, attempt_of, change_array, with_weights

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 7, 4, 5
TWO_CALLS = {"recorded state dropped"}  # a diff is of one


def _layer(units: int = UNITS, features: int = FEATURES, **arguments: Any) -> gru_ref.GRU:
    layer = gru_ref.GRU(units, **{"return_sequences": True, **arguments})
    return with_weights(layer, (BATCH, None, features), scale=features**-0.5)


def _x(features: int = FEATURES, timesteps: int = TIMESTEPS) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.normal(size=(BATCH, timesteps, features)).astype("float32")


X = _x()
LAYER = _layer()
HOLE = np.ones((BATCH, TIMESTEPS), bool)
HOLE[1, 3] = False


def _mistaken(layer: gru_ref.GRU, name: str, **call: Any) -> np.ndarray:
    attempt = attempt_of(layer, X, **call)
    assert BY_NAME[name].applies(attempt)
    return BY_NAME[name].run(attempt).outputs[0]


def _gates() -> dict[str, np.ndarray]:
    arrays = LAYER.trace(X).arrays()
    return {name: arrays[name].copy() for name in ("z", "r", "candidate", "h")}


def _names(found: Difference) -> list[str]:
    return [hypothesis.name for hypothesis in found.explanations]


# ---- where


def test_the_first_number_is_named_and_those_after_it_are_not_blamed() -> None:
    theirs = LAYER(X).copy()
    theirs[1, 4, 2] += 1e-3
    found = diff(LAYER, X, theirs)
    assert found.first[:5] == (4, 4, 1, 2, "h")
    assert found.first.theirs == pytest.approx(float(theirs[1, 4, 2]))
    assert found.first.expected == pytest.approx(float(theirs[1, 4, 2]) - 1e-3, abs=1e-6)
    assert (found.first.outside, found.first.numbers) == (1, BATCH * UNITS)
    assert found.explanations == ()


def test_backwards_the_first_is_the_last_of_the_input() -> None:
    layer = _layer(go_backwards=True)
    theirs = _mistaken(layer, "go_backwards ignored")
    found = diff(layer, X, theirs)
    assert found.first[:2] == (TIMESTEPS - 1, 0)
    assert _names(found) == ["go_backwards ignored"]


@pytest.mark.parametrize("gate", ["z", "r", "candidate", "h"])
def test_the_first_gate_is_named_when_gates_are_given(gate: str) -> None:
    theirs = _gates()
    theirs[gate][3, 2, 1] += 1e-3
    assert diff(LAYER, X, theirs).first[:5] == (3, 3, 2, 1, gate)


def test_without_any_mistake_the_states_alone_are_judged_as_under_one() -> None:
    theirs = _gates()
    theirs["h"] = _mistaken(LAYER, "z and r swapped").swapaxes(0, 1)
    with_gates, alone = diff(LAYER, X, theirs), diff(LAYER, X, {"h": theirs["h"]})
    assert with_gates.left == alone.left == (alone.worst, alone.error)
    assert with_gates.worst != alone.worst
    assert with_gates.hypotheses == alone.hypotheses


def test_a_gate_that_differs_beside_equal_states_is_explained_by_no_mistake() -> None:
    layer = change_array(_layer(), BIAS, lambda b: 0.0)  # so that a lost bias changes nothing
    theirs = layer.trace(X).arrays()
    theirs["z"] = 1 - theirs["z"]
    found = diff(layer, X, theirs)
    assert found.first.what == "z"
    assert found.error > 0.1
    assert found.left.ratio <= 1
    assert found.hypotheses == ()
    assert any("1 − z" in sentence for sentence in found.unknown)


def test_at_a_masked_timestep_the_output_is_named_and_what_it_has_to_be() -> None:
    layer = _layer(zero_output_for_mask=True, keras_version="3")
    theirs = _mistaken(layer, "zero_output_for_mask ignored", mask=HOLE)
    found = diff(layer, X, theirs, mask=HOLE)
    assert (found.first.timestep, found.first.batch, found.first.what) == (3, 1, "output")
    assert (found.first.expected, found.first.ratio) == (0, np.inf)
    assert _names(found) == ["zero_output_for_mask ignored"]
    told = " ".join(str(found).split())
    assert "expected 0, which nothing rounds" in told
    assert f"off by {abs(found.first.theirs):.2g}; " in told


def test_a_dropout_mask_of_another_shape_is_refused() -> None:
    layer = _layer(dropout=0.5, unroll=True)
    with pytest.raises(ValueError, match="dropout_mask has shape"):
        diff(layer, X, layer(X), dropout_mask=np.ones((1, FEATURES)))
    with pytest.raises(ValueError, match="drops nothing"):
        diff(_layer(), X, layer(X), dropout_mask=np.ones((BATCH, FEATURES)))


def test_a_whole_trace_and_what_run_writes_are_read() -> None:
    assert diff(LAYER, X, LAYER.trace(X).arrays()).equal
    assert diff(LAYER, X, {"output": LAYER(X), "state": LAYER(X)[:, -1]}).equal


# ---- why


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - TWO_CALLS))
def test_every_mistake_is_named_in_first_place(name: str) -> None:
    rng = np.random.default_rng(8)
    arguments: dict[str, Any] = {}
    call: dict[str, Any] = {}
    if ("backwards" in name and "added" not in name) or "flipped" in name:
        arguments["go_backwards"] = True
    if "mask" in name and "dropout" not in name:
        call["mask"] = rng.random((BATCH, TIMESTEPS)) > 0.3
    if name == "zero_output_for_mask ignored":
        arguments |= {"zero_output_for_mask": True, "keras_version": "3"}
    if name == "reset after for before":
        arguments["reset_after"] = False
    if "left at" in name or "other generation" in name:
        arguments |= {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}
    if name == "initial_state ignored":
        call["initial_state"] = rng.uniform(-1, 1, (BATCH, UNITS)).astype("float32")
    if "dropout" in name:
        arguments |= {"dropout": 0.5, "unroll": True}
    if name == "dropout mask ignored":
        call["dropout_mask"] = 2 * (rng.random((BATCH, FEATURES)) > 0.5).astype("float32")
    if name == "recurrent dropout mask ignored":
        arguments = {"recurrent_dropout": 0.5}
        mask = 2 * (rng.random((3, BATCH, UNITS)) > 0.5).astype("float32")
        call["recurrent_dropout_mask"] = mask
    layer = _layer(**arguments)
    found = diff(layer, X, _mistaken(layer, name, **call), **call)
    assert _names(found) == [name]
    assert found.hypotheses[0].error < 1e-6
    ratios = [hypothesis.ratio for hypothesis in found.hypotheses]
    assert ratios == sorted(ratios)


def test_mistakes_that_come_to_the_same_are_tied() -> None:
    layer = change_array(_layer(), BIAS, lambda b: b * [[0], [1]])
    theirs = _mistaken(layer, "bias dropped")
    assert set(_names(diff(layer, X, theirs))) == {"bias dropped", "recurrent bias dropped"}


def test_equal_says_which_mistakes_could_not_be_seen() -> None:
    layer = change_array(_layer(), BIAS, lambda b: b[:1])
    found = diff(layer, X, layer(X))
    assert found.equal
    assert 0 < found.worst <= 1
    assert "'bias rows swapped'" in found.unknown[0]
    assert diff(_layer(), X, _layer()(X)).unknown == ()


def test_no_mistake_explains_another_layer() -> None:
    other = _layer()
    other.set_weights([w[::-1] for w in other.get_weights()])
    assert diff(_layer(), X, other(X)).explanations == ()


# ---- the final state alone


@pytest.mark.parametrize("zero_output", [False, True])
def test_a_mask_on_their_side_alone_is_asked_for(zero_output: bool) -> None:
    layer = _layer(zero_output_for_mask=zero_output)
    asked = "a mask that is not given here: at timestep 3 of row 1 it keeps its state or is zero"
    assert asked in diff(layer, X, layer(X, mask=HOLE)).unknown[0]
    assert diff(layer, X, layer(X, mask=HOLE), mask=HOLE).equal
    assert asked not in str(diff(layer, X, _mistaken(layer, "1 - z for z")))


def test_a_final_state_names_the_mistake_and_says_what_it_cannot_know() -> None:
    found = diff(LAYER, X, _mistaken(LAYER, "bias rows merged")[:, -1])
    assert _names(found) == ["bias rows merged"]
    assert (found.first.timestep, found.first.position) == (None, None)
    assert any("which timestep differs first" in sentence for sentence in found.unknown)
    assert diff(LAYER, X, LAYER(X)[:, -1]).equal
    assert diff(_layer(return_sequences=False), X, LAYER(X)[:, -1]).equal


def test_a_final_state_that_is_no_number_is_explained_by_nothing() -> None:
    theirs = LAYER(X)[:, -1].copy()
    theirs[1, 2] = np.nan
    found = diff(LAYER, X, theirs)
    assert (found.first.batch, found.first.unit, found.first.outside) == (1, 2, 1)
    assert found.worst == np.inf
    assert {hypothesis.error for hypothesis in found.hypotheses} == {np.inf}


def test_one_timestep_is_a_sequence() -> None:
    assert diff(LAYER, X[:, :1], LAYER(X[:, :1])[:, 0] + np.float32(0.1)).first.timestep == 0


# ---- other layouts and dtypes


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda y: y.swapaxes(0, 1), r"theirs.swapaxes\(0, 1\)"),
        (lambda y: y.swapaxes(0, 1)[:, None], "this is Y of ONNX"),
        (lambda y: y[None, :, -1], "an axis of layers"),
        (lambda y: np.concatenate([y, y], axis=2), "two directions"),
        (lambda y: y.swapaxes(1, 2), "units have to be the last"),
        (lambda y: y[:, 1:], "it has 6 timesteps, x has 7"),
        (lambda y: y[0, 0], "expected"),
    ],
)
def test_another_layout_is_a_sentence(change: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        diff(LAYER, X, change(LAYER(X)))


def test_the_batch_of_a_recorded_state_is_that_of_the_call() -> None:
    layer = _layer(stateful=True)
    y = layer(X)
    with pytest.raises(ValueError, match="the batch is 1, expected 3: a stateful layer keeps one"):
        diff(layer, X[:1], y[:1])


def test_half_numbers_are_judged_as_half_unless_said_otherwise() -> None:
    theirs = LAYER(X).astype("float16")
    found = diff(LAYER, X, theirs)
    assert found.equal
    assert found.arithmetic.dtype == "float16"
    assert not diff(LAYER, X, theirs, arithmetic=FloatFormat("float32")).equal
    assert diff(LAYER, X, LAYER(X).astype("float64")).arithmetic.dtype == "float32"


def test_time_major_and_stateful_layers_are_read_as_they_are() -> None:
    layer = _layer(time_major=True)
    x = np.ascontiguousarray(X.swapaxes(0, 1))
    assert diff(layer, x, layer(x)).equal
    stateful = _layer(stateful=True)
    first = stateful(X)
    before = stateful.states[0]
    again = _layer(stateful=False)(X, initial_state=first[:, -1])
    assert diff(stateful, X, again).equal
    np.testing.assert_array_equal(stateful.states[0], before)


# ---- outputs beside states


def test_a_wrong_output_beside_right_states_is_named_with_its_own_numbers() -> None:
    theirs = LAYER.trace(X).arrays()
    theirs["output"] = theirs["output"].copy()
    theirs["output"][3, 1, 2] += 0.5
    found = diff(LAYER, X, theirs)
    assert found.first[:5] == (3, 3, 1, 2, "output")
    assert found.first.theirs - found.first.expected == pytest.approx(0.5)
    assert found.worst == np.inf


def test_a_wrong_state_at_a_masked_timestep_is_a_state() -> None:
    theirs = {"h": LAYER.trace(X, mask=HOLE).h.copy()}
    theirs["h"][3, 1] += 0.1
    found = diff(LAYER, X, theirs, mask=HOLE)
    assert (found.first.timestep, found.first.what) == (3, "h")


# ---- a final state beside them


@pytest.mark.parametrize("arguments", [{}, {"go_backwards": True}, {"zero_output_for_mask": True}])
def test_the_final_state_is_the_last_of_the_states(arguments: dict[str, Any]) -> None:
    layer = _layer(return_state=True, **arguments)
    mask = np.ones((BATCH, TIMESTEPS), bool)
    mask[1, -2:] = False
    output, state = layer(X, mask=mask)
    assert diff(layer, X, {"output": output, "state": state}, mask=mask).equal
    spoiled = state.copy()
    spoiled[1, 2] += 0.5
    found = diff(layer, X, {"output": output, "state": spoiled}, mask=mask)
    assert found.first[1:5] == (TIMESTEPS - 1, 1, 2, "final state")
    assert found.first.theirs - found.first.expected == pytest.approx(0.5)
    assert found.explanations == ()


def test_a_final_state_beside_the_last_output_is_judged_too() -> None:
    layer = _layer(return_sequences=False, return_state=True)
    output, state = layer(X)
    assert diff(layer, X, {"output": output, "state": state}).equal
    found = diff(layer, X, {"output": output, "state": state + np.float32(0.5)})
    assert found.first.what == "final state"
    found = diff(layer, X, {"output": output + np.float32(0.5), "state": state})
    assert found.first.what == "last output"


# ---- what is refused


STATES = np.zeros((BATCH, TIMESTEPS, UNITS))
BESIDE = {"output": STATES}


class ForeignTensor:
    """What other libraries have for an array: NumPy asks it for one, and may be told why not."""

    def __init__(self, array: np.ndarray, refusal: str = "") -> None:
        self.array, self.refusal = array, refusal

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.refusal:
            raise RuntimeError(self.refusal)
        return self.array


def test_a_tensor_of_another_library_is_an_array() -> None:
    found = diff(
        LAYER,
        ForeignTensor(X),
        ForeignTensor(LAYER(X)),
        ForeignTensor(np.zeros((BATCH, UNITS), "float32")),
    )
    assert found.equal


@pytest.mark.parametrize(
    ("theirs", "error", "message"),
    [
        (STATES.astype("int64"), TypeError, "dtype int64"),
        (STATES.tolist(), TypeError, "expected an array, whose dtype counts"),
        ((STATES, STATES[:, -1]), TypeError, r"a tuple of 2, .* hand in \{'output': theirs\[0\]"),
        (
            ForeignTensor(STATES, "it requires grad"),
            TypeError,
            "a ForeignTensor that NumPy .*: it requires grad",
        ),
        ({"update": STATES}, ValueError, "expected h, with z, r, candidate"),
        (
            {**BESIDE, "foo": STATES},
            ValueError,
            "expected h, with z, r, candidate, output and state",
        ),
        (
            {**BESIDE, "state": STATES[:1, 0]},
            ValueError,
            r"state has shape \(1, 5\), expected \(3, 5\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(theirs: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        diff(LAYER, X, theirs)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (None, "layer is None, expected a gru_ref.GRU"),
        (gru_ref.Bidirectional(LAYER), "layer.forward_layer and layer.backward_layer are one each"),
        (gru_ref.RNN(gru_ref.GRUCell(UNITS)), "gru.set_weights(cell.get_weights())"),
        (gru_ref.GRUCell(UNITS), "gru.set_weights(cell.get_weights())"),
        (SimpleNamespace(get_weights=list), "gru_ref.GRU.from_keras(layer)"),
        ("model.h5", "gru_ref.load_grus(path)"),
    ],
)
@pytest.mark.parametrize("tool", [diff, gru_ref.trace, gru_ref.lint_vectors, assert_same_gru])
def test_what_is_no_gru_is_refused_and_it_is_said_where_one_is(
    tool: Any, layer: Any, says: str
) -> None:
    more = (STATES,) if tool in (diff, assert_same_gru) else ()
    with pytest.raises(TypeError, match=re.escape(says)):
        tool(layer, X, *more)


def test_what_is_not_built_or_no_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one with weights"):
        diff(gru_ref.GRU(UNITS), X, STATES)
    with pytest.raises(ValueError, match="expected a row at least"):
        diff(LAYER, X[:0], STATES[:0])


def test_sums_without_a_bound_are_refused() -> None:
    layer, x = _layer(200, 60), _x(60, 2)
    with pytest.raises(ValueError, match=r"accumulator is bfloat16, expected a finer one: .* 262 "):
        diff(layer, x, layer(x), arithmetic=FloatFormat("bfloat16", "bfloat16"))


def test_another_layout_of_a_time_major_layer_is_a_sentence_that_works() -> None:
    layer, x = _layer(time_major=True), np.ascontiguousarray(X.swapaxes(0, 1))
    y = layer(x)
    with pytest.raises(ValueError, match=r"this is Y of ONNX, hand in theirs\[:, 0\]$"):
        diff(layer, x, y[:, np.newaxis])
    with pytest.raises(ValueError, match="it has 4 timesteps, x has 7"):
        diff(layer, x, y[:4])
    with pytest.raises(ValueError, match=r"the batch is missing, hand in theirs\[:, None\]"):
        diff(layer, x[:, :1], y[:, 0])


# ---- dropout


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of rows that are searched, as they come to be."""
    seen: list[int] = []
    kept = dropout_search._kept

    def counted(*arguments: Any) -> Any:
        seen.append(len(arguments[1]))
        return kept(*arguments)

    monkeypatch.setattr(dropout_search, "_kept", counted)
    return seen


def test_no_mask_is_searched_where_nothing_differs(searched: list[int]) -> None:
    layer = _layer(dropout=0.5)
    found = diff(layer, X, layer(X))
    assert (found.equal, found.unknown, searched) == (True, (), [])


def test_few_rows_are_searched_where_no_mask_explains_them(searched: list[int]) -> None:
    layer, x = _layer(dropout=0.5), _x(timesteps=40)
    assert not diff(layer, x, np.zeros((BATCH, 40, UNITS), "float32")).explanations
    assert sum(searched) == 8


def test_rows_are_searched_in_chunks_from_the_first_that_differs(
    searched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropout_search, "_HELD", 5 * FEATURES * UNITS)
    layer = _layer(dropout=0.5, unroll=True)
    theirs = DROPOUT.run(attempt_of(layer, X)).outputs[0]
    assert [one.name for one in diff(layer, X, theirs).explanations] == [DROPOUT.name]
    assert searched == [5, 3, 5, 5, 5, 5, 1]


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        ({}, {}),
        ({"time_major": True}, {}),
        ({}, {"mask": HOLE, "initial_state": np.float32(np.arange(15).reshape(3, 5) / 15)}),
        ({"dropout": 0.5}, {"dropout_mask": np.float32(np.arange(84).reshape(3, 7, 4) % 2 * 2)}),
        (
            {"recurrent_dropout": 0.5},
            {"recurrent_dropout_mask": np.float32(np.arange(45).reshape(3, 3, 5) % 2 * 2)},
        ),
    ],
)
@pytest.mark.parametrize("mistake", [None, "batch and time swapped"])
def test_runs_side_by_side_end_as_one_does(
    arguments: dict[str, Any], call: dict[str, Any], mistake: str | None
) -> None:
    layer = _layer(return_sequences=False, **arguments)
    x = X.swapaxes(0, 1) if layer.time_major else X
    masks = [call.get(name) for name in ("dropout_mask", "recurrent_dropout_mask")]
    attempt = layer_attempt(layer, x, call.get("initial_state"), call.get("mask"), masks)
    if mistake is not None and BY_NAME[mistake].applies(attempt):
        attempt = BY_NAME[mistake].make(attempt)
    alone = final_state.ends(attempt)
    every = final_state.ends(final_state._side_by_side(attempt))
    assert every.shape == (2, final_state.RUNS * alone.shape[1], UNITS)
    np.testing.assert_allclose(every, np.tile(alone, (1, final_state.RUNS, 1)), rtol=0, atol=1e-15)
