"""gru_ref computes what live Keras computes, over the sweeps of the matrix."""

from __future__ import annotations

from parity_tests.tests.live.each_case import for_sweep
from parity_tests.tests.live.three_sources import judge_case


class TestEveryCombination:
    """Every 4-way combination of the structural axes, at tolerance zero."""

    @for_sweep("structure")
    def test_bit_equal(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)

    @for_sweep("fused")
    def test_bit_equal_on_the_fused_path(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)

    @for_sweep("raises")
    def test_raises_as_predicted(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)


class TestRounded:
    """Generic numbers: float64 within a measured bound, float32 within a derived one."""

    @for_sweep("rounded")
    def test_within_the_bound(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)

    @for_sweep("fused-rounded")
    def test_within_the_bound_on_the_fused_path(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)

    @for_sweep("sequences")
    def test_every_step_within_its_derived_bound(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)

    @for_sweep("long")
    def test_within_the_bound_after_a_thousand_steps(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)


class TestActivations:
    """Every activation with every recurrent_activation, in both reset forms."""

    @for_sweep("activation-pairs")
    def test_within_the_bound(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)

    @for_sweep("activation-layers")
    def test_layer_names_within_the_bound(self, oracle: str, case_id: str) -> None:
        judge_case(oracle, case_id)
