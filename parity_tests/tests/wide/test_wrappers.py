"""Cells, RNNs, stacked cells, Bidirectional and ragged input: gru_ref is live Keras."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from parity_tests.cases import wrappers
from parity_tests.judging import engines, run_wrappers
from parity_tests.judging.invalid_rows import check_live
from parity_tests.judging.judge import TINY
from parity_tests.judging.wrapper_observation import observe
from parity_tests.matrix import wrappers as table
from parity_tests.matrix.invalid import RELEASES
from parity_tests.matrix.wrappers_invalid import AROUND_INVALID
from parity_tests.oracles import codec
from parity_tests.runner import live_run
from parity_tests.tests.live.both_sides import live_steps, unfit_release, wrapper_values
from parity_tests.tests.live.each_case import for_each, for_rows

codec.take_dtype(ml_dtypes.bfloat16)  # else the oracle's arrays of it are float32

ROWS = {row.id: row for row in AROUND_INVALID}
ATOL_EPS = 64  # of calls that both accept: the weights are ones and zeros


def _rows(family: str) -> list[tuple[str, str]]:
    oracles = table.FAMILIES[family]["oracles"]
    return [(oracle, case.id) for oracle in oracles for case in wrappers.cases(family, oracle)]


def _judge(oracle: str, case_id: str) -> None:
    """Compare a case with live Keras: the core's numbers, and those of every faster engine."""
    case = wrappers.find(oracle, case_id)
    steps, live, masks = observe(live_run.oracle(oracle), case)
    bound = table.DOUBLE_BOUND if case.lane == "double" else 0.0
    record: dict[str, Any] = {"oracle": oracle, "id": case_id, "bound": bound, "engines": {}}
    failures = []
    for name in (engines.CORE, *engines.installed()):
        run = run_wrappers.run(steps, live_run.keras_version(oracle), masks, name)
        last = run.outcomes[-1]
        assert last.error is None, f"engine {name} raises at {last.method}: {last.error!r}"
        errors = {
            number: run_wrappers.difference_of(outcome.method, outcome.value, theirs["value"])
            for number, (outcome, theirs) in enumerate(zip(run.outcomes, live, strict=True))
            if outcome.method not in ("construct", "build", "set_weights", "make_seed")
        }
        worst = max(errors.values())
        if name == engines.CORE:
            record |= {"error": worst, "quirks": run.quirks}
        elif run.reason is not None:
            over = worst / (bound or TINY)
            record["engines"][name] = {"reason": run.reason, "equal": worst == 0, "over": over}
        if worst > bound or run.quirks != record["quirks"]:
            at = max(errors, key=lambda number: errors[number])
            failures.append(
                f"{case.spec}\nengine {name}, {at} {live[at]['method']}: {worst:g} eps, bound "
                f"{bound:g}, quirks {run.quirks}\n{run.outcomes[at].value!r}\n"
                f"live: {live[at]['value']!r}"
            )
    live_run.record("wrappers", record)
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)


class TestFamilies:
    """Every case of every family."""

    @for_rows(_rows("cell"))
    def test_a_cell_is_the_live_one(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @for_rows(_rows("rnn"))
    def test_an_rnn_is_the_live_one(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @for_rows(_rows("stacked"))
    def test_stacked_cells_are_the_live_ones(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @for_rows(_rows("bidirectional"))
    def test_both_directions_are_the_live_ones(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @for_rows(_rows("ragged"))
    def test_ragged_rows_are_the_live_ones(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)


class TestLiveWrapperRows:
    """Live Keras does what a row says."""

    @for_each(RELEASES, ROWS)
    def test_live_keras_does_what_the_row_says(self, oracle: str, id: str) -> None:
        row = ROWS[id]
        expected = row.outcome(oracle)
        if reason := unfit_release(oracle):
            live_run.leave_out(oracle, reason)
        live = live_steps(oracle, [list(step) for step in row.steps], "wrappers")
        check_live(row, expected, live)
        if expected.keras is None and expected.raises is None:
            ours = run_wrappers.run(row.steps, live_run.keras_version(oracle)).outcomes
            for outcome, theirs in zip(ours, live, strict=True):
                if outcome.method != "construct":
                    difference = run_wrappers.difference(outcome.value, theirs["value"])
                    assert difference <= ATOL_EPS, f"{outcome.value!r}, live {theirs['value']!r}"


class TestDrawn:
    """What layers draw and add to the loss, without anything handed in."""

    @for_each(RELEASES, table.DRAWN)
    def test_draws_what_live_keras_draws(self, oracle: str, name: str) -> None:
        spec = table.DRAWN[name]
        x, positional = _arguments(spec)
        calls = [["call", positional, {"training": True} if on else {}] for on in (1, 0, 1)]
        steps = [
            ["set_random_seed", [table.DRAWN_SEED], {}],
            ["construct", [], spec],
            ["build", [x.shape], {}],
            ["get_weights", [], {}],
            *calls,
        ]
        weights, *outputs = _differences(oracle, steps)[3:]
        assert weights == 0
        assert max(outputs) <= table.SINGLE_BOUND

    @for_each(RELEASES, table.PENALIZED)
    def test_adds_what_live_keras_adds_to_the_loss(self, oracle: str, name: str) -> None:
        spec = table.PENALIZED[name]
        _, positional = _arguments(spec)
        steps = [
            ["construct", [], spec],
            ["call", positional, {}],
            ["losses", [], {}],
            ["get_weights", [], {}],
        ]
        _, output, losses, weights = _differences(oracle, steps)
        assert weights == 0
        assert max(output, losses) <= table.SINGLE_BOUND


class TestSeveralDtypes:
    """Layers around others of another dtype: what is cast, at the first call and the second."""

    @for_each(RELEASES, table.DTYPES)
    def test_both_calls_are_the_live_ones(self, oracle: str, name: str) -> None:
        first, second = _differences(oracle, wrappers.dtype_steps(name))[3:]
        assert (first, second) == (0, 0)

    @for_each(("keras3",), table.UNLIKE)
    def test_cells_of_another_dtype_are_the_live_ones(self, oracle: str, name: str) -> None:
        first, second = _differences(oracle, wrappers.dtype_steps(name))[3:]
        assert (first, second) == (0, 0)

    def test_a_state_of_the_cells_dtype_is_used_uncast(self) -> None:
        steps = [
            ["construct", [], table.UNLIKE["float32-of-float64"]],
            ["build", [table.DTYPE_SHAPE], {}],
            *wrappers.dtype_steps("float32-of-float64")[2:3],
            ["call", [np.ones(table.DTYPE_SHAPE)], {"initial_state": [np.full((2, 2), 0.1)]}],
        ]
        assert _differences("keras2", steps)[-1] == 0


def _arguments(spec: dict[str, Any]) -> tuple[np.ndarray, list[Any]]:
    """Return the input of a layer, and the positional arguments of its call."""
    shape = table.BATCH, table.TIMESTEPS, table.FEATURES
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    if spec["class"] == "GRUCell":
        return x[:, 0], [x[:, 0], [np.zeros((table.BATCH, spec["units"]), "float32")]]
    return x, [x]


def _differences(oracle: str, steps: list[Any]) -> list[float]:
    """Return how far every step of gru_ref is from live Keras."""
    live, ours = wrapper_values(oracle, steps)
    return [run_wrappers.difference(own, theirs) for own, theirs in zip(ours, live, strict=True)]
