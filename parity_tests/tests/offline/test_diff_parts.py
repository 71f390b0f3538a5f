"""Diff judges every part that is handed in, and says what it cannot judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.bounds.float_format import FloatFormat
from gru_ref.debugging.diff import dropout_search
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.diff.hypotheses import DROPOUT
from gru_ref.debugging.mistakes.table import Attempt, Call

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 6, 3, 4


def _layer(units: int = UNITS, features: int = FEATURES, **arguments: Any) -> gru_ref.GRU:
    rng = np.random.default_rng(6)
    layer = gru_ref.GRU(units, **{"return_sequences": True, **arguments})
    layer.build((BATCH, None, features))
    shapes = layer.config.weight_shapes(features).values()
    layer.set_weights([rng.normal(scale=features**-0.5, size=shape) for shape in shapes])
    return layer


def _x(features: int = FEATURES, timesteps: int = TIMESTEPS) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.normal(size=(BATCH, timesteps, features)).astype("float32")


# ---- outputs beside states


def test_a_wrong_output_beside_right_states_is_named_with_its_own_numbers() -> None:
    layer = _layer()
    theirs = layer.trace(_x()).arrays()
    theirs["output"] = theirs["output"].copy()
    theirs["output"][3, 1, 2] += 0.5
    found = diff(layer, _x(), theirs)
    assert found.first[:5] == (3, 3, 1, 2, "output")
    assert found.first.theirs - found.first.expected == pytest.approx(0.5)
    assert found.worst == np.inf


def test_a_wrong_state_at_a_masked_timestep_is_a_state() -> None:
    layer = _layer()
    mask = np.ones((BATCH, TIMESTEPS), bool)
    mask[1, 3] = False
    theirs = {"h": layer.trace(_x(), mask=mask).h.copy()}
    theirs["h"][3, 1] += 0.1
    found = diff(layer, _x(), theirs, mask=mask)
    assert (found.first.timestep, found.first.what) == (3, "h")


# ---- a final state beside them


@pytest.mark.parametrize("arguments", [{}, {"go_backwards": True}, {"zero_output_for_mask": True}])
def test_the_final_state_is_the_last_of_the_states(arguments: dict[str, Any]) -> None:
    layer = _layer(return_state=True, **arguments)
    mask = np.ones((BATCH, TIMESTEPS), bool)
    mask[1, -2:] = False
    output, state = layer(_x(), mask=mask)
    assert diff(layer, _x(), {"output": output, "state": state}, mask=mask).equal
    spoiled = state.copy()
    spoiled[1, 2] += 0.5
    found = diff(layer, _x(), {"output": output, "state": spoiled}, mask=mask)
    assert found.first[1:5] == (TIMESTEPS - 1, 1, 2, "final state")
    assert found.first.theirs - found.first.expected == pytest.approx(0.5)
    assert found.explanations == ()


def test_a_final_state_beside_the_last_output_is_judged_too() -> None:
    layer = _layer(return_sequences=False, return_state=True)
    output, state = layer(_x())
    assert diff(layer, _x(), {"output": output, "state": state}).equal
    found = diff(layer, _x(), {"output": output, "state": state + np.float32(0.5)})
    assert found.first.what == "final state"
    found = diff(layer, _x(), {"output": output + np.float32(0.5), "state": state})
    assert found.first.what == "last output"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"foo": np.zeros(3)}, "expected h, with z, r, candidate, output and state"),
        ({"state": np.zeros((1, UNITS))}, r"state has shape \(1, 4\), expected \(2, 4\)"),
    ],
)
def test_what_is_beside_an_output_is_never_ignored(more: dict[str, Any], message: str) -> None:
    layer = _layer()
    with pytest.raises(ValueError, match=message):
        diff(layer, _x(), {"output": layer(_x()), **more})


# ---- what is refused


def test_what_is_no_gru_is_refused() -> None:
    with pytest.raises(TypeError, match=r"layer is None, expected a gru_ref\.GRU"):
        diff(None, _x(), _x())  # type: ignore[arg-type]


def test_sums_without_a_bound_are_refused() -> None:
    layer, x = _layer(200, 60), _x(60, 2)
    with pytest.raises(ValueError, match=r"accumulator is bfloat16, expected a finer one: .* 262 "):
        diff(
            layer, x, np.full((BATCH, 2, 200), 1e4), arithmetic=FloatFormat("bfloat16", "bfloat16")
        )


def test_another_layout_of_a_time_major_layer_is_a_sentence_that_works() -> None:
    layer, x = _layer(time_major=True), np.ascontiguousarray(_x().swapaxes(0, 1))
    y = layer(x)
    with pytest.raises(ValueError, match=r"this is Y of ONNX, hand in theirs\[:, 0\]$"):
        diff(layer, x, y[:, np.newaxis])
    with pytest.raises(ValueError, match="it has 4 timesteps, x has 6"):
        diff(layer, x, y[:4])
    with pytest.raises(ValueError, match=r"the batch is missing, hand in theirs\[:, None\]"):
        diff(layer, x[:, :1], y[:, 0])


# ---- dropout


def _searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of rows that are searched, as they come to be."""
    seen: list[int] = []
    kept = dropout_search._kept

    def counted(*arguments: Any) -> Any:
        seen.append(len(arguments[1]))
        return kept(*arguments)

    monkeypatch.setattr(dropout_search, "_kept", counted)
    return seen


def test_no_mask_is_searched_where_nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, layer = _searched(monkeypatch), _layer(dropout=0.5)
    found = diff(layer, _x(), layer(_x()))
    assert (found.equal, found.unknown, seen) == (True, (), [])


def test_few_rows_are_searched_where_no_mask_explains_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, layer, x = _searched(monkeypatch), _layer(dropout=0.5), _x(timesteps=40)
    assert not diff(layer, x, np.zeros((BATCH, 40, UNITS), "float32")).explanations
    assert sum(seen) == 8


def test_rows_are_searched_in_chunks_from_the_first_that_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = _searched(monkeypatch)
    monkeypatch.setattr(dropout_search, "_HELD", 5 * FEATURES * UNITS)
    layer = _layer(dropout=0.5, unroll=True)
    weights = gru_ref.GRUWeights(*layer.get_weights())
    theirs = DROPOUT.run(Attempt(layer.config, weights, (Call(_x()),))).outputs[0]
    found = diff(layer, _x(), theirs)
    assert [one.name for one in found.explanations] == [DROPOUT.name]
    assert seen == [5, 3, 5, 5, 2]
