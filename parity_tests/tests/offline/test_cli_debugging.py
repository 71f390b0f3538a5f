"""`gru-ref bundle`, `lint-vectors`, `diff` and `trace`: what they write, print and exit with."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.mistakes.table import BY_NAME
from gru_ref.files import probe
from gru_ref.files.bundles import bundle_bytes
from parity_tests.recording.files.recorded_files import Recorded
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of, npz_layer
from parity_tests.tests.support.cli_runner import CommandResult, check_failed, check_shown, invoke
from parity_tests.tests.support.small_gru import FEATURES, UNITS

BUNDLE = ("bundle", NPZ, "-o", "b.npz")
LINT = ("lint-vectors", NPZ, "--inputs", "x.npy")
TRACE = ("trace", NPZ, "--inputs", "x.npy")
EVERY = ("--set", "return_sequences=true")
TWO = Recorded("keras-3.15.1/eleven.model.keras").path


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the live layer's call, and what right and wrong ports return, into a new folder."""
    monkeypatch.chdir(tmp_path)
    live = arrays_of(EXPECTED)
    x, y = live["x"], live["outputs"]
    attempt = small_gru.attempt_of(npz_layer(return_sequences=True), x)
    swapped = BY_NAME["z and r swapped"].run(attempt).outputs[0]
    spoiled = y.copy()
    spoiled[1, 2, 3] += 1e-3
    arrays = {
        "x": x,
        "state": np.full((2, 5), 0.5, "float32"),
        "mask": np.array([[1, 1, 1], [1, 0, 1]]),
        "y": y,
        "spoiled": spoiled,
        "swapped": swapped,
        "last": swapped[:, -1],
        "noise": np.zeros_like(y),
        "by_time": y.swapaxes(0, 1),
        "nan": np.where(np.arange(UNITS) == 2, np.float32("nan"), y),
    }
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)


class TestBundle:
    """`gru-ref bundle`."""

    def test_a_bundle_is_inspected_like_its_file(self) -> None:
        words = check_shown(invoke("bundle", TWO, "-o", "b.npz"))
        assert "probe: inputs of seed 0, outputs by gru_ref" in words
        old, new = (
            json.loads(invoke("inspect", "--json", path).out)["layers"] for path in (TWO, "b.npz")
        )
        for one, other in zip(old, new, strict=True):
            for name in ("path", "arrays", "arguments"):
                assert one[name] == other[name]
            assert f"bundled from {TWO.name}" in other["notes"]

    def test_layers_can_be_chosen(self) -> None:
        paths = list(gru_ref.load_layers(TWO))[1:3]
        options = [word for path in paths for word in ("--layer", path)]
        assert invoke("bundle", TWO, *options, "-o", "b.npz").status == 0
        assert list(gru_ref.load_layers("b.npz")) == paths
        check_failed(invoke("bundle", TWO, "--layer", "no", "-o", "c.npz"), "'no'")

    def test_outputs_of_the_live_model_are_checked_and_kept(self) -> None:
        call = (*BUNDLE, *EVERY, "--inputs", "x.npy")
        refused = invoke(*call, "--theirs", "spoiled.npy")
        check_failed(refused, "outputs[1, 2, 3] is", "gru-ref diff")
        assert not Path("b.npz").exists()
        words = check_shown(invoke(*call, "--theirs", "y.npy"))
        assert "outputs by the live model, checked" in words
        bundle = gru_ref.load_bundle("b.npz")
        (probe,), (said,) = bundle.probes.values(), bundle.said.values()
        assert (probe.outputs == np.load("y.npy")).all()
        assert said["probe"]["outputs_by"] == "theirs"
        loose = invoke(*call, "--theirs", "spoiled.npy", "--tolerance", "0.01", "--force")
        assert loose.status == 0

    def test_a_call_of_ones_own_is_a_probe_too(self) -> None:
        given = {"--inputs": "x", "--mask": "mask", "--initial-state": "state"}
        options = [word for option, name in given.items() for word in (option, f"{name}.npy")]
        assert invoke(*BUNDLE, *options).status == 0
        (probe,) = gru_ref.load_bundle("b.npz").probes.values()
        assert probe.mask.tolist() == [[True] * 3, [True, False, True]]
        assert (probe.initial_state == 0.5).all()

    def test_what_is_missing_is_named(self) -> None:
        check_failed(invoke(*BUNDLE, "--theirs", "y.npy"), "--theirs needs --inputs")
        check_failed(invoke("bundle", NPZ, "-o", "b.keras"), "a name in .npz")
        alone = ("--inputs", "x.npy", "--tolerance", 1)
        check_failed(invoke(*BUNDLE, *alone), "--tolerance needs --theirs")
        for shape, what in (((0, 4, FEATURES), "row"), ((2, 0, FEATURES), "timestep")):
            np.save("x.npy", np.zeros(shape, "float32"))
            ended = invoke(*BUNDLE, "--inputs", "x.npy")
            check_failed(ended, f"inputs has shape {shape}, expected at least one {what}")
        seeded = invoke(*BUNDLE, "--inputs", "x.npy", "--seed", 5)
        check_failed(seeded, "--seed cannot be given with --inputs")
        check_shown(invoke(*BUNDLE))
        check_failed(invoke(*BUNDLE), "there already", "--force")

    def test_a_limit_can_be_moved(self) -> None:
        call = (*BUNDLE, "--inputs", "x.npy")
        # three timesteps are counted as no fewer multiplications than these
        refused = invoke(*call, "--limit", "max_products=300000")
        check_failed(refused, "probe cannot be bundled", "expected no more than 300,000")
        with mock.patch.object(probe, "_OF_STEP", 1 << 32):
            check_failed(invoke(*call), "max_products")
            more = ("--limit", "max_products=1e12")
            assert invoke(*call, *more).status == 0
            check_failed(invoke("lint-vectors", "b.npz"), "max_products")
            assert invoke("lint-vectors", "b.npz", *more).status == 1
            better = ("--write-better", "better.npz")
            assert invoke("lint-vectors", "b.npz", *more, *better).status == 1

    def test_what_takes_too_much_is_not_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(probe, "compute", None)
        with pytest.raises(ValueError, match="probe cannot be bundled: it takes"):
            bundle_bytes(npz_layer(), limits=gru_ref.Limits(max_products=1))

    def test_a_call_that_is_none_is_refused(self) -> None:
        with pytest.raises(TypeError, match="recorded holds 'gru'"):
            bundle_bytes({"gru": npz_layer()}, recorded={"gru": np.ones(3)})


class TestLintVectors:
    """`gru-ref lint-vectors`."""

    def test_shows_what_is_seen_and_what_is_not_within_80_columns(self) -> None:
        words = check_shown(invoke(*LINT, "--outputs", "y.npy"), status=1)
        assert "initial_state ignored no initial state is given" in words
        assert "The test sees 27 of the 31 mistakes that can be made here." in words
        assert "with state and mask sees 31. --write-better FILE.npz writes it." in words

    def test_the_better_test_sees_everything(self) -> None:
        better = "better.npz"
        call = (*LINT, "--write-better", better)
        assert invoke(*call).status == 1
        ended = invoke("lint-vectors", better)
        assert ended.status == 0
        assert "The test sees 31 of the 31" in ended.out
        beside = invoke("lint-vectors", better, "--outputs", "y.npy")
        assert beside.status == 2
        assert "tolerances off, expected what the layer returns" in beside.err
        (probe,) = gru_ref.load_bundle(better).probes.values()
        assert probe.inputs.shape == np.load("x.npy").shape
        check_failed(invoke(*call), "there already")
        check_failed(invoke(*call[:-1], "b.npy"), "a name in .npz")

    @pytest.mark.parametrize("dtype", ["float16", "float32"])
    def test_of_a_bundle_every_output_of_its_probe_is_looked_at(self, dtype: str) -> None:
        layer = small_gru.layer(dtype=dtype)
        kernel, recurrent_kernel, bias = layer.get_weights()
        kernel[:, :UNITS], bias[:, :UNITS] = 0, -2
        # z is 0.018: the first outputs tell the initial state, the last one has forgotten it
        layer.set_weights([kernel, 0 * recurrent_kernel, bias])
        gru_ref.save_bundle("b.npz", layer)
        found = json.loads(invoke("lint-vectors", "b.npz", "--json").out)
        findings = {one["mistake"]: one for one in found["findings"]}
        assert findings["initial_state ignored"]["seen"]

    def test_what_is_not_proved_has_a_heading_of_its_own(self) -> None:
        np.save("x.npy", np.ones((2, 1, 4), "float32"))
        ended = invoke(*(*LINT, "--tolerance", 10))
        first, second = ended.out.split("seen by no test of these sizes")
        assert "not seen, nor by any drawn test" in first
        assert "it changes too little" in first
        assert "one timestep has no direction" in second
        assert "it changes too little" not in second

    def test_json_holds_everything(self) -> None:
        np.save("x.npy", np.zeros((1, 1, 4), "float32"))
        found = json.loads(invoke(*LINT, "--json").out)
        findings = {one["mistake"]: one for one in found["findings"]}
        assert findings["features permuted"] == {
            "mistake": "features permuted",
            "meaning": "reads the features from another place: every one from its neighbour's",
            "seen": False,
            "error": 0.0,
            "hidden_by": [["all inputs are zero"]],
            "error_without": pytest.approx(findings["features permuted"]["error_without"]),
            "proved": False,
        }
        assert findings["go_backwards added"]["hidden_by"] == [["one timestep has no direction"]]
        assert findings["go_backwards added"]["error_without"] is None
        assert findings["go_backwards added"]["proved"]
        assert "reset after for before" in found["cannot_be_made"]
        assert "features permuted" in found["better"][0]["sees"]

    def test_what_does_not_fit_is_one_line(self) -> None:
        check_failed(invoke("lint-vectors", NPZ), "--inputs is needed", "no bundle")
        spoiled = (*LINT, "--outputs", "spoiled.npy")
        check_failed(invoke(*spoiled), "tolerances off", "gru-ref diff")
        assert invoke(*spoiled, "--tolerance", "0.01").status == 1


# ---- diff and trace


def _diff(theirs: str, *more: str) -> CommandResult:
    return invoke("diff", NPZ, "--inputs", "x.npy", "--theirs", theirs, *more)


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("y", 0, "Equal up to rounding."),
        ("swapped", 1, "Explained: the port takes the blocks as r, z, h."),
        ("last", 1, "only the final state is given"),
        ("noise", 1, "No single usual mistake explains it"),
        ("nan", 1, "None of the usual mistakes explains a number that is not finite."),
    ],
)
def test_diff_says_it_in_80_columns(name: str, status: int, sentence: str) -> None:
    assert sentence in check_shown(_diff(f"{name}.npy"), status)


def test_diff_as_json_is_everything() -> None:
    ended = _diff("swapped.npy", "--json")
    data = json.loads(ended.out)
    assert ended.status == 1
    assert data["first"]["timestep"] == 0
    assert data["hypotheses"][0]["name"] == "z and r swapped"
    assert data["hypotheses"][0]["explains"]
    assert not any(hypothesis["explains"] for hypothesis in data["hypotheses"][1:])


def test_diff_of_another_layout_is_one_line_and_status_2() -> None:
    check_failed(_diff("by_time.npy"), "hand in theirs.swapaxes(0, 1)")


def test_bfloat16_is_read_as_such() -> None:
    bits = np.load("y.npy").view("uint32") >> 16
    np.save("y.npy", bits.astype("uint16").view("V2"))  # as NumPy writes bfloat16
    assert json.loads(_diff("y.npy", "--json").out)["dtype"] == "bfloat16"
    assert invoke(*LINT, "--outputs", "y.npy", "--tolerance", "0.01").status == 1


def test_trace_writes_what_diff_reads() -> None:
    check_shown(invoke(*TRACE, "-o", "trace.npz"))
    assert _diff("trace.npz").status == 0
    assert invoke(*TRACE, "-o", "trace.npz").status == 2
    check_shown(invoke(*TRACE, "-o", "trace.csv"))
    header = Path("trace.csv").read_text(encoding="utf-8").partition("\n")[0]
    assert header == "position,timestep,batch,name,index,value"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--picture", "trace.png", "--row", "2"], "--row is 2, expected one of 2 rows"),
        (["-o", "trace.txt"], "--output is 'trace.txt', expected a name in .npz or .csv"),
        (["--picture", "gates.gif"], "--picture is 'gates.gif', expected a name in"),
    ],
)
def test_trace_refuses_what_it_cannot_write(options: list[str], says: str) -> None:
    check_failed(invoke(*TRACE, *options), says)
    assert {path.suffix for path in Path.cwd().iterdir()} == {".npy"}
