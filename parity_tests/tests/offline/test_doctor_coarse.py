"""Where numbers are coarse, the doctor's class holds the truth, or it abstains and says why."""

from __future__ import annotations

from parameterized import parameterized

from gru_ref.debugging.doctor import diagnose
from parity_tests.cases.doctor.trial import degenerate, generic, outside
from parity_tests.runner.doctor_trials import ABSTAINED, LARGER, MINIMAL, UNIQUE, run, verdict_on

MIXED = "z by hard_sigmoid, r by sigmoid"


@parameterized.expand(
    [
        ("saturated gates", 186),  # wrong layouts fit exactly, the true one within rounding
        ("one timestep", 414),  # the rounding of a finer bias is most of the error
    ]
)
def test_a_class_of_coarse_numbers_holds_the_truth(kind: str, seed: int) -> None:
    outcome = run(degenerate(kind, seed))
    assert outcome.verdict in (UNIQUE, MINIMAL, LARGER), outcome.trial.what


def test_a_decoy_that_fits_as_well_is_named() -> None:
    found = diagnose(**outside(MIXED, 447).arguments)
    assert found.verdict == "none"
    assert found.checks[0].startswith("z by hard_sigmoid of Keras 2 and r by sigmoid fits as well")


def test_activations_that_are_known_have_no_decoys() -> None:
    known = {"activation": "tanh", "recurrent_activation": "hard_sigmoid"}
    found = diagnose(**outside(MIXED, 447).arguments, **known)
    assert not any("fits as well" in check for check in found.checks)


def test_a_coarse_source_of_a_last_state_is_found() -> None:
    trial = generic(600002)
    assert trial.precision != "float32"
    assert verdict_on(trial, diagnose(**trial.arguments)) in (UNIQUE, MINIMAL)


@parameterized.expand(
    [
        ("candidate by arctan", 435),
        ("another initial state", 189),
    ]
)
def test_what_is_a_few_roundings_outside_is_not_explained(kind: str, seed: int) -> None:
    trial = outside(kind, seed)
    assert trial.true is None
    found = diagnose(**trial.arguments, activation="tanh", recurrent_activation="sigmoid")
    assert verdict_on(trial, found) == ABSTAINED


def test_a_state_that_tells_no_layout_from_another_is_said_to() -> None:
    found = diagnose(**degenerate("saturated gates", 1352).arguments)
    assert found.verdict == "none"
    assert "4,752 readings may fit under float32, weights quantised afterwards" in found.checks[0]
