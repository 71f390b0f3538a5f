"""The doctor names the class of layouts that explain an output, and no larger one than need be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from parameterized import parameterized

import gru_ref
from gru_ref.debugging.doctor import Diagnosis, Reading, diagnose
from gru_ref.debugging.doctor.arrangements import BiasLayout, KernelLayout
from gru_ref.debugging.doctor.reading import runtimes
from gru_ref.debugging.doctor.space import ArrayLayout
from gru_ref.layouts import LAYOUTS
from parity_tests.cases.doctor.outside import OUTSIDE
from parity_tests.cases.doctor.trial import degenerate, generic, outside
from parity_tests.runner.doctor_trials import ABSTAINED, LARGER, MINIMAL, UNIQUE, run, verdict_on
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of

FEATURES, UNITS = 3, 4
MIXED = "z by hard_sigmoid, r by sigmoid"
# What keeps a search short that is not about activations.
_KNOWN = {"activation": "tanh", "recurrent_activation": "sigmoid"}


def _torch(seed: int = 0, timesteps: int = 6) -> tuple[list[Any], Any, Any]:
    """Return arrays as PyTorch lays them out, an input, and the output by its formula."""
    rng = np.random.default_rng(seed)
    shapes = ((3 * UNITS, FEATURES), (3 * UNITS, UNITS), (3 * UNITS,), (3 * UNITS,))
    W, R, b, c = (rng.normal(size=shape) for shape in shapes)
    x = rng.normal(size=(2, timesteps, FEATURES))
    return [W, R, b, c], x, _run_torch((W, R, b, c), x)


def _run_torch(arrays: Any, x: Any, h: Any = None) -> Any:
    W, R, b, c = arrays
    h = np.zeros((len(x), UNITS)) if h is None else h
    states = []
    for t in range(x.shape[1]):
        i_r, i_z, i_n = np.split(x[:, t] @ W.T + b, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ R.T + c, 3, axis=1)
        r, z = 1 / (1 + np.exp(-i_r - h_r)), 1 / (1 + np.exp(-i_z - h_z))
        h = z * h + (1 - z) * np.tanh(i_n + r * h_n)
        states.append(h)
    return np.stack(states, axis=1)


def _one(found: Diagnosis) -> Reading:
    assert found.verdict == "unique", str(found)
    (reading,) = found.explanations[0].readings
    return reading


@parameterized.expand([("float32", 9), ("float16", 3), ("bfloat16", 10), ("int8", 7)])
def test_a_generic_source_is_found(precision: str, seed: int) -> None:
    outcome = run(generic(seed))
    assert outcome.trial.precision == precision
    assert outcome.verdict in (UNIQUE, MINIMAL), f"{outcome.trial.what}\n{outcome.diagnosis}"


@parameterized.expand(
    [
        ("r by hard_sigmoid, z by sigmoid", 2),
        ("peephole", 0),
        ("candidate by arctan", 435),  # a few roundings outside, as the next
        ("another initial state", 189),
    ]
)
def test_a_source_outside_the_space_is_not_explained(kind: str, seed: int) -> None:
    trial = outside(kind, seed)
    found = diagnose(**trial.arguments, **_KNOWN)
    assert trial.true is None
    assert verdict_on(trial, found) == ABSTAINED
    assert found.checks


def test_what_is_degenerate_is_named_and_costs_no_answer() -> None:
    (W, R, b, c), x, _ = _torch()
    arrays = [W, R, 0 * b, 0 * c]
    found = diagnose(arrays, x, _run_torch(arrays, x))
    assert [spot.name for spot in found.blind_spots] == ["the bias is zero"]
    (explanation,) = found.explanations
    assert len({reading.bias for reading in explanation.readings}) > 1
    assert {reading.gates for reading in explanation.readings} == {"rzh"}


def test_live_keras_is_found_by_its_own_arrays() -> None:
    live = arrays_of(EXPECTED)
    reading = _one(diagnose(arrays_of(NPZ), live["x"], live["outputs"]))
    assert (reading.kernel, reading.gates, reading.bias) == ("(f, 3u)", "zrh", "two rows")
    assert (reading.reset_after, reading.z_keeps_old) == (True, True)


def test_a_last_state_that_is_none_of_the_outputs_is_refused() -> None:
    arrays, x, y = _torch()
    assert _one(diagnose(arrays, x, (y, y[:, -1]))).gates == "rzh"
    rounded = y[:, -1].astype(np.float16)
    assert _one(diagnose(arrays, x, (y, rounded))).gates == "rzh"
    for wrong in (y[:, 1], np.zeros_like(y[:, -1]), y[:, -1] + 0.01):
        with pytest.raises(ValueError, match="the last state is that of neither end"):
            diagnose(arrays, x, (y, wrong))


def test_the_last_state_is_enough() -> None:
    arrays, x, y = _torch()
    reading = _one(diagnose(arrays, x, y[:, -1]))
    assert (reading.gates, reading.output) == ("rzh", "last state")


def test_names_and_order_of_arrays_do_not_matter() -> None:
    arrays, x, y = _torch()
    shuffled = {f"tensor {number}": array for number, array in enumerate(reversed(arrays))}
    assert _one(diagnose(shuffled, x, y)).bias == "two rows, the recurrent one first"


def test_bits_of_bfloat16_are_read() -> None:
    arrays, x, _ = _torch()
    bits = [(np.float32(array).view(np.uint32) >> 16).astype(np.uint16) for array in arrays]
    exact = [(array.astype(np.uint32) << 16).view(np.float32).astype(float) for array in bits]
    assert _one(diagnose(bits, x, _run_torch(exact, x), bits="bfloat16")).gates == "rzh"
    with pytest.raises(ValueError, match=r"expected bits='bfloat16' or"):
        diagnose(bits, x, _run_torch(exact, x))
    with pytest.raises(ValueError, match="bits is 'bfloat16', expected none"):
        diagnose(exact, x, _run_torch(exact, x), bits="bfloat16")


def test_a_class_is_split_by_its_probe() -> None:
    arrays, x, _ = _torch()
    palindrome = np.concatenate([x, x[:, ::-1]], axis=1)
    found = diagnose(arrays, palindrome, _run_torch(arrays, palindrome)[:, -1], **_KNOWN)
    assert found.verdict == "class"
    assert {one.readings[0].direction for one in found.explanations} == {"forward", "backward"}
    with pytest.raises(ValueError, match="member is None, expected 0 to"):
        found.layer()
    assert found.undecided == 0
    probe = found.probe.astype(float)
    reading = _one(diagnose(arrays, probe, _run_torch(arrays, probe)[:, -1], **_KNOWN))
    assert reading.direction == "forward"


@parameterized.expand([(np.s_[0],), (np.s_[:1],)])
def test_outputs_without_a_batch_are_one_layout(of_x: Any) -> None:
    arrays, x, y = _torch()
    found = diagnose(arrays, x[of_x], y[0], **_KNOWN)
    _one(found)
    output = found.explanations[0].run(x[of_x])[:, 0]
    np.testing.assert_allclose(output, y[0], rtol=0, atol=1e-14)


@parameterized.expand([(np.s_[0],), (np.s_[:1, 0],), (np.s_[..., :2],), (np.s_[:, :0],)])
def test_an_explanation_runs_inputs_in_its_own_axes_alone(of_x: Any) -> None:
    arrays, x, y = _torch()
    (explanation,) = diagnose(arrays, x, y, **_KNOWN).explanations
    with pytest.raises(ValueError, match=r"x has shape \(.*\), expected three sizes as in"):
        explanation.run(x[of_x])


def test_pairs_of_activations_that_were_not_tried_are_said() -> None:
    (W, R, b, c), x, y = _torch(timesteps=2)
    small = [array[:3] * 0 + 1 for array in (W[:, :1], R[:, :1], b, c)]
    sentence = "pairs of two unusual activations"
    for outputs in (y[..., :1], y[:, -1, :1]):
        found = diagnose(small, x[..., :1], outputs)
        assert found.verdict == "none"
        assert sentence in " ".join(found.limits)
        assert f"Not tried: {'softmax' if outputs.ndim == 3 else 'rare'}" in str(found)
    assert diagnose(small, x[..., :1], y[..., :1], **_KNOWN).limits == ()


def test_another_initial_state_is_what_the_checks_name_first() -> None:
    arrays, x, _ = _torch()
    start = np.random.default_rng(9).normal(size=(2, UNITS))
    y = _run_torch(arrays, x, start)
    found = diagnose(arrays, x, y, **_KNOWN)
    assert found.verdict == "none"
    assert found.checks[0].startswith("every timestep but the first fits")
    assert _one(diagnose(arrays, x, y, initial_state=start)).gates == "rzh"


def test_arrays_of_an_lstm_are_told_by_their_sizes() -> None:
    _, x, y = _torch()
    rng = np.random.default_rng(0)
    shapes = ((4 * UNITS, FEATURES), (4 * UNITS, UNITS), (4 * UNITS,))
    found = diagnose([rng.normal(size=shape) for shape in shapes], x, y)
    assert any("LSTM" in check for check in found.checks)
    assert found.searched == 0


def test_arrays_that_are_no_weights_are_told_from_those_that_are() -> None:
    arrays, x, y = _torch()
    named = dict(zip(("wi", "wh", "bi", "bh"), arrays, strict=True))
    found = diagnose({**named, "moments": np.ones((7, 5))}, x, y)
    assert (found.verdict, found.searched) == ("none", 0)
    assert "'wi', 'wh', 'bi', 'bh' alone fit a GRU of these sizes" in found.checks
    assert "no layout has arrays of these shapes" in str(found)
    sizes = diagnose([np.ones((6, 6)), np.ones((4, 12))], x, y)  # of 3·u·f and 3·u·u numbers
    assert sizes.checks[0].endswith("sizes of a GRU, but shapes of no layout")


# ---- coarse numbers: the class holds the truth, or the doctor abstains and says why


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


def test_a_state_that_tells_no_layout_from_another_is_said_to() -> None:
    found = diagnose(**degenerate("saturated gates", 1352).arguments)
    assert found.verdict == "none"
    assert "4,752 readings may fit under float32, weights quantised afterwards" in found.checks[0]


# ---- what is refused


@parameterized.expand(
    [
        ({"precision": "half"}, "precision is 'half', expected one of float64"),
        ({"activation": "softmax"}, "activation is 'softmax', expected an activation of Keras"),
        ({"initial_state": np.zeros(7)}, r"initial_state is \(1, 7\), expected \(batch, 4\)"),
        ({"outputs": np.zeros((5, 9, UNITS))}, r"outputs has shape \(5, 9, 4\), expected \(batch"),
        ({"arrays": [np.ones((2, 2), int)]}, "has dtype int64, expected floating numbers"),
        ({"arrays": [np.full((2, 2), np.nan)]}, "holds NaN or infinity"),
        ({"x": np.zeros((2, 6, FEATURES), int)}, "x has dtype int64, expected floating"),
        ({"x": np.zeros(FEATURES)}, r"x has shape \(3,\), expected \(batch"),
        ({"outputs": np.zeros((2, 6, 0))}, r"outputs has shape \(2, 6, 0\), expected \(batch"),
        ({"outputs": np.float64(1)}, r"outputs has shape \(\), expected \(batch"),
    ]
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    arrays, x, y = _torch()
    with pytest.raises(ValueError, match=message):
        diagnose(**{"arrays": arrays, "x": x, "outputs": y, **change})


def test_every_runtime_is_some_readings_convention() -> None:
    assert set(LAYOUTS) == {
        name
        for kernel in (
            KernelLayout("igo"),
            KernelLayout("goi"),
            KernelLayout("igo", transposed_in_place=True),
        )
        for gates in ("zrh", "rzh", "rhz")
        for keeps in (True, False)
        for after in (True, False)
        for name in runtimes(
            ArrayLayout("arrays", kernel, kernel, (gates, gates, gates), BiasLayout("no bias")),
            reset_after=after,
            z_keeps_old=keeps,
        )
    }


def test_the_kinds_of_trial_have_names_of_their_own() -> None:
    assert len(OUTSIDE) == 26
    assert gru_ref.diagnose is diagnose
