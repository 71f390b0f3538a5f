"""gru_ref computes what live Keras computes, over the sweeps of the matrix."""

from __future__ import annotations

import pytest
from parameterized import parameterized

from parity_tests.cases import sweeps
from parity_tests.judging.judge import Disagreement, judge, observe
from parity_tests.judging.mistakes import MISTAKES
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.runner import live_run
from parity_tests.tests.live import three_sources


def _rows(sweep: str) -> list[tuple[str, str]]:
    return [(oracle, case.id) for oracle in GENERATIONS for case in sweeps.expand(sweep, oracle)]


def _judge(oracle: str, case_id: str) -> None:
    case = sweeps.find(oracle, case_id)
    live = live_run.oracle(oracle)
    seen = observe(live, case)
    golden_failures = three_sources.check_those_of(oracle, case_id, seen)
    shows = live_run.every_mistake or sweeps.shows_mistakes(case)
    failures = golden_failures
    try:
        record = judge(live, case, seen, mistakes=MISTAKES if shows else ())
    except Disagreement as disagreement:
        record, failures = disagreement.record, [str(disagreement), *golden_failures]
    live_run.record("case", record.as_data())
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)


class TestEveryCombination:
    """Every 4-way combination of the structural axes, at tolerance zero."""

    @parameterized.expand(_rows("structure"), name_func=live_run.case_name)
    def test_bit_equal(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @parameterized.expand(_rows("fused"), name_func=live_run.case_name)
    def test_bit_equal_on_the_fused_path(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @parameterized.expand(_rows("raises"), name_func=live_run.case_name)
    def test_raises_as_predicted(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)


class TestRounded:
    """Generic numbers: float64 within a measured bound, float32 within a derived one."""

    @parameterized.expand(_rows("rounded"), name_func=live_run.case_name)
    def test_within_the_bound(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @parameterized.expand(_rows("fused-rounded"), name_func=live_run.case_name)
    def test_within_the_bound_on_the_fused_path(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @parameterized.expand(_rows("sequences"), name_func=live_run.case_name)
    def test_every_step_within_its_derived_bound(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @parameterized.expand(_rows("long"), name_func=live_run.case_name)
    def test_within_the_bound_after_a_thousand_steps(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)


class TestActivations:
    """Every activation with every recurrent_activation, in both reset forms."""

    @parameterized.expand(_rows("activation-pairs"), name_func=live_run.case_name)
    def test_within_the_bound(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)

    @parameterized.expand(_rows("activation-layers"), name_func=live_run.case_name)
    def test_layer_names_within_the_bound(self, oracle: str, case_id: str) -> None:
        _judge(oracle, case_id)
