"""`gru-ref bundle`, `lint-vectors`, `diff` and `trace`: what they write, print and exit with."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.mistakes.table import BY_NAME, Attempt, Call
from gru_ref.files import probe
from gru_ref.files.bundles import bundle_bytes
from parity_tests.recording.files.recorded_files import Recorded
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, UNITS
from parity_tests.tests.support.cli_runner import CommandResult, check_failed, invoke

EVERY = ("--set", "return_sequences=true")
TWO = Recorded("keras-3.15.1/eleven.model.keras").path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The live layer's call, and what right and wrong ports return, as files."""
    (layer,) = gru_ref.load_layers(NPZ, return_sequences=True).values()
    with np.load(EXPECTED) as live:
        x, y = live["x"], live["outputs"]
    attempt = Attempt(layer.config, gru_ref.GRUWeights(*layer.get_weights()), (Call(x),))
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
        np.save(tmp_path / f"{name}.npy", array)
    return {name: tmp_path / f"{name}.npy" for name in arrays}


class TestBundle:
    """`gru-ref bundle`."""

    def test_a_bundle_is_inspected_like_its_file(self, tmp_path: Path) -> None:
        ended = invoke("bundle", TWO, "-o", tmp_path / "b.npz")
        assert (ended.status, ended.err) == (0, "")
        assert "probe: inputs of seed 0, outputs by gru_ref" in ended.out
        old, new = (
            json.loads(invoke("inspect", "--json", path).out)["layers"]
            for path in (TWO, tmp_path / "b.npz")
        )
        for one, other in zip(old, new, strict=True):
            assert one["path"] == other["path"]
            assert one["arrays"] == other["arrays"]
            assert one["arguments"] == other["arguments"]
            assert f"bundled from {TWO.name}" in other["notes"]

    def test_layers_can_be_chosen(self, tmp_path: Path) -> None:
        paths = list(gru_ref.load_layers(TWO))[1:3]
        options = [word for path in paths for word in ("--layer", path)]
        assert invoke("bundle", TWO, *options, "-o", tmp_path / "b.npz").status == 0
        assert list(gru_ref.load_layers(tmp_path / "b.npz")) == paths
        check_failed(invoke("bundle", TWO, "--layer", "no", "-o", tmp_path / "c.npz"), "'no'")

    def test_outputs_of_the_live_model_are_checked_and_kept(
        self, files: dict[str, Path], tmp_path: Path
    ) -> None:
        output = tmp_path / "b.npz"
        call = ("bundle", NPZ, *EVERY, "--inputs", files["x"], "-o", output)
        refused = invoke(*call, "--theirs", files["spoiled"])
        check_failed(refused, "outputs[1, 2, 3] is", "gru-ref diff")
        assert not output.exists()
        ended = invoke(*call, "--theirs", files["y"])
        assert (ended.status, ended.err) == (0, "")
        assert "outputs by the live model, checked" in ended.out
        (probe,) = gru_ref.load_bundle(output).probes.values()
        assert (probe.outputs == np.load(files["y"])).all()
        loose = invoke(*call, "--theirs", files["spoiled"], "--tolerance", "0.01", "--force")
        assert loose.status == 0

    def test_a_call_of_ones_own_is_a_probe_too(
        self, files: dict[str, Path], tmp_path: Path
    ) -> None:
        given = {"--inputs": "x", "--mask": "mask", "--initial-state": "state"}
        options = [word for option, name in given.items() for word in (option, files[name])]
        assert invoke("bundle", NPZ, *options, "-o", tmp_path / "b.npz").status == 0
        (probe,) = gru_ref.load_bundle(tmp_path / "b.npz").probes.values()
        assert probe.mask.tolist() == [[True] * 3, [True, False, True]]
        assert (probe.initial_state == 0.5).all()

    def test_what_is_missing_is_named(self, files: dict[str, Path], tmp_path: Path) -> None:
        call = ("bundle", NPZ, "-o", tmp_path / "b.npz")
        check_failed(invoke(*call, "--theirs", files["y"]), "--theirs needs --inputs")
        check_failed(invoke("bundle", NPZ, "-o", tmp_path / "b.keras"), "a name in .npz")
        seeded = (*call, "--inputs", files["x"], "--seed", 5)
        check_failed(invoke(*seeded), "--seed cannot be given with --inputs")
        assert invoke(*call).status == 0
        check_failed(invoke(*call), "there already", "--force")

    def test_a_limit_can_be_moved(self, files: dict[str, Path], tmp_path: Path) -> None:
        output = tmp_path / "b.npz"
        call = ("bundle", NPZ, "--inputs", files["x"], "-o", output)
        # three timesteps are counted as no fewer multiplications than these
        refused = invoke(*call, "--limit", "max_products=300000")
        check_failed(refused, "probe cannot be bundled", "expected no more than 300,000")
        with mock.patch.object(probe, "_OF_STEP", 1 << 32):
            check_failed(invoke(*call), "max_products")
            more = ("--limit", "max_products=1e12")
            assert invoke(*call, *more).status == 0
            check_failed(invoke("lint-vectors", output), "max_products")
            assert invoke("lint-vectors", output, *more).status == 1
            better = ("--write-better", tmp_path / "better.npz")
            assert invoke("lint-vectors", output, *more, *better).status == 1

    def test_what_takes_too_much_is_not_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(probe, "compute", None)
        layer = next(iter(gru_ref.load_layers(NPZ).values()))
        with pytest.raises(ValueError, match="probe cannot be bundled: it takes"):
            bundle_bytes(layer, limits=gru_ref.Limits(max_products=1))

    def test_a_call_that_is_none_is_refused(self) -> None:
        layer = next(iter(gru_ref.load_layers(NPZ).values()))
        with pytest.raises(TypeError, match="recorded holds 'gru'"):
            bundle_bytes({"gru": layer}, recorded={"gru": np.ones(3)})


class TestLintVectors:
    """`gru-ref lint-vectors`."""

    def test_shows_what_is_seen_and_what_is_not_within_80_columns(
        self, files: dict[str, Path]
    ) -> None:
        ended = invoke("lint-vectors", NPZ, "--inputs", files["x"], "--outputs", files["y"])
        assert (ended.status, ended.err) == (1, "")
        assert max(map(len, ended.out.splitlines())) <= 80
        words = " ".join(ended.out.split())
        assert "initial_state ignored no initial state is given" in words
        assert "The test sees 27 of the 31 mistakes that can be made here." in words
        assert "with state and mask sees 31: --write-better FILE.npz writes it." in words

    def test_the_better_test_sees_everything(self, files: dict[str, Path], tmp_path: Path) -> None:
        better = tmp_path / "better.npz"
        call = ("lint-vectors", NPZ, "--inputs", files["x"], "--write-better", better)
        assert invoke(*call).status == 1
        ended = invoke("lint-vectors", better)
        assert ended.status == 0
        assert "The test sees 31 of the 31" in ended.out
        check_failed(
            invoke("lint-vectors", better, "--outputs", files["y"]),
            "--outputs needs --inputs",
        )
        (probe,) = gru_ref.load_bundle(better).probes.values()
        assert probe.inputs.shape == np.load(files["x"]).shape
        check_failed(invoke(*call), "there already")
        check_failed(invoke(*call[:-1], tmp_path / "b.npy"), "a name in .npz")

    @pytest.mark.parametrize("dtype", ["float16", "float32"])
    def test_of_a_bundle_every_output_of_its_probe_is_looked_at(
        self, tmp_path: Path, dtype: str
    ) -> None:
        layer = small_gru.layer(dtype=dtype)
        kernel, recurrent_kernel, bias = layer.get_weights()
        kernel[:, : small_gru.UNITS], bias[:, : small_gru.UNITS] = 0, -2
        # z is 0.018: the first outputs tell the initial state, the last one has forgotten it
        layer.set_weights([kernel, 0 * recurrent_kernel, bias])
        gru_ref.save_bundle(tmp_path / "b.npz", layer)
        found = json.loads(invoke("lint-vectors", tmp_path / "b.npz", "--json").out)
        findings = {one["mistake"]: one for one in found["findings"]}
        assert findings["initial_state ignored"]["seen"]

    def test_what_is_not_proved_has_a_heading_of_its_own(self, files: dict[str, Path]) -> None:
        np.save(files["x"], np.ones((2, 1, 4), "float32"))
        call = ("lint-vectors", NPZ, "--inputs", files["x"], "--tolerance", 10)
        ended = invoke(*call)
        first, second = ended.out.split("seen by no test of these sizes")
        assert "not seen, nor by any drawn test" in first
        assert "it changes too little" in first
        assert "one timestep has no direction" in second
        assert "it changes too little" not in second

    def test_json_holds_everything(self, files: dict[str, Path]) -> None:
        np.save(files["x"], np.zeros((1, 1, 4), "float32"))
        ended = invoke("lint-vectors", NPZ, "--inputs", files["x"], "--json")
        found = json.loads(ended.out)
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

    def test_what_does_not_fit_is_one_line(self, files: dict[str, Path]) -> None:
        check_failed(invoke("lint-vectors", NPZ), "--inputs is needed", "no bundle")
        spoiled = ("--inputs", files["x"], "--outputs", files["spoiled"])
        check_failed(invoke("lint-vectors", NPZ, *spoiled), "tolerances off", "gru-ref diff")
        loose = invoke("lint-vectors", NPZ, *spoiled, "--tolerance", "0.01")
        assert loose.status == 1


# ---- diff and trace


def _diff(files: dict[str, Path], name: str, *more: str) -> CommandResult:
    return invoke("diff", NPZ, "--inputs", files["x"], "--theirs", files[name], *more)


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
def test_diff_says_it_in_80_columns(
    files: dict[str, Path], name: str, status: int, sentence: str
) -> None:
    ended = _diff(files, name)
    assert (ended.status, ended.err) == (status, "")
    assert sentence in " ".join(ended.out.split())
    assert max(map(len, ended.out.splitlines())) <= 80


def test_diff_as_json_is_everything(files: dict[str, Path]) -> None:
    ended = _diff(files, "swapped", "--json")
    data = json.loads(ended.out)
    assert ended.status == 1
    assert data["first"]["timestep"] == 0
    assert data["hypotheses"][0]["name"] == "z and r swapped"
    assert data["hypotheses"][0]["explains"]
    assert not any(hypothesis["explains"] for hypothesis in data["hypotheses"][1:])


def test_diff_of_another_layout_is_one_line_and_status_2(files: dict[str, Path]) -> None:
    ended = _diff(files, "by_time")
    check_failed(ended, "hand in theirs.swapaxes(0, 1)")


def test_bfloat16_is_read_as_such(files: dict[str, Path]) -> None:
    bits = np.load(files["y"]).view("uint32") >> 16
    np.save(files["y"], bits.astype("uint16").view("V2"))  # as NumPy writes bfloat16
    told = _diff(files, "y", "--json")
    assert json.loads(told.out)["dtype"] == "bfloat16"
    lint = ("lint-vectors", NPZ, "--inputs", files["x"], "--outputs", files["y"])
    assert invoke(*lint, "--tolerance", "0.01").status == 1


def test_trace_writes_what_diff_reads(files: dict[str, Path], tmp_path: Path) -> None:
    written = tmp_path / "trace.npz"
    ended = invoke("trace", NPZ, "--inputs", files["x"], "-o", written)
    assert (ended.status, ended.err) == (0, "")
    files["trace"] = written
    assert _diff(files, "trace").status == 0
    assert invoke("trace", NPZ, "--inputs", files["x"], "-o", written).status == 2
    csv = tmp_path / "trace.csv"
    assert invoke("trace", NPZ, "--inputs", files["x"], "-o", csv).status == 0
    assert csv.read_text(encoding="utf-8").startswith("position,timestep,batch,name,index,value")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--output or --picture is needed"),
        (["--picture", "trace.png", "--row", "2"], "--row is 2, expected one of 2 rows"),
        (["-o", "trace.txt"], "--output is 'trace.txt', expected a name in .npz or .csv"),
        (["--picture", "gates.gif"], "--picture is 'gates.gif', expected a name in"),
    ],
)
def test_trace_refuses_what_it_cannot_write(
    files: dict[str, Path],
    options: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    check_failed(invoke("trace", NPZ, "--inputs", files["x"], *options), says)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy"}
