"""`gru-ref` inspects files, runs and converts their GRUs, shows the layouts, and how it fails."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.atomic_write import write_all
from gru_ref.cli import main
from gru_ref.cli.group import SUMMARIES
from gru_ref.cli.json_report import print_json
from gru_ref.cli.text import say
from gru_ref.files.sniff import is_read, source_files
from gru_ref.files.writers import keras3
from gru_ref.keras.activations import tables
from gru_ref.layouts import LAYOUTS
from parity_tests.environment import FIXTURES, ROOT
from parity_tests.tests.support import cli_files, small_gru
from parity_tests.tests.support.arrays import check_same_arrays
from parity_tests.tests.support.cli_files import EXPECTED, FIRST, NPZ, SECOND, arrays_of, model_file
from parity_tests.tests.support.cli_runner import CommandResult, check_failed, check_shown, invoke
from parity_tests.tests.support.small_gru import BIAS, FEATURES, UNITS, change_array

# Whole models that releases of Keras 2 wrote.
KERAS_2_MODELS = sorted(
    path
    for path in (FIXTURES / "files").rglob("*.model.*")
    if path.parent.name.startswith(("keras-2", "tf.keras-2", "tf_keras-2"))
)
_WEIGHTS = ("convert", NPZ, "--to", "keras3", "-o", "w.weights.h5", "--weights-only")
_SET = ("inspect", NPZ, "--set")
_HEADER = "{{'descr': '{}', 'fortran_order': False, 'shape': ({},)}}"  # of a .npy
_TORCH = ("convert", NPZ, "--to", "torch", "-o")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test run in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def keras_2() -> Path:
    """A model of Keras 2 with two GRUs."""
    return cli_files.two_grus(Path())


def test_a_terminal_gets_messages_wrapped_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    message = "--to is 'pytorch', expected one of torch, coreml_neuralnetwork, keras3"
    say(message)
    assert capsys.readouterr().err == f"gru-ref: {message}\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    say(message)
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(line.strip() for line in lines) == f"gru-ref: {message}"


class TestInspect:
    """`inspect` says what a file holds, and what it does not say."""

    def test_shows_every_gru_within_80_columns(self, keras_2: Path) -> None:
        words = check_shown(invoke("inspect", keras_2))
        for expected in (
            "2 GRUs",
            FIRST,
            SECOND,
            "165 = 3*(U*F + U*U + 2*U)",
            "150 = 3*(U*F + U*U + U)",
            "hard_sigmoid (as in Keras 2) of the gates",
            "go_backwards=True",
            "written by Keras 2.15.0",
            "4 x 15",
        ):
            assert expected in words

    def test_names_what_a_file_of_weights_does_not_say(self) -> None:
        words = check_shown(invoke("inspect", NPZ))
        assert "assumed activation=tanh, recurrent_activation=sigmoid" in words
        assert "--set NAME=VALUE says otherwise" in words
        assert "--keras-version says otherwise" in words

    def test_json_holds_everything(self) -> None:
        data = json.loads(invoke("inspect", "--json", NPZ, "--set", "go_backwards=true").out)
        (layer,) = data["layers"]
        kernel = arrays_of(NPZ)["arr_0"]
        assert (layer["units"], layer["features"]) == (UNITS, FEATURES)
        assert layer["parameters"]["count"] == 165
        assert layer["arguments"]["go_backwards"] is True
        assert layer["arrays"]["kernel"]["min"] == kernel.min()
        assert layer["arrays"]["kernel"]["shape"] == [4, 15]
        assert len(layer["arrays"]["kernel"]["sha256"]) == 64
        assert layer["assumed"]["activation"] == "tanh"

    def test_flags_what_is_not_finite(self) -> None:
        arrays = list(arrays_of(NPZ).values())
        arrays[0][0, :2], arrays[2][1, 0] = np.nan, np.inf
        np.savez("bad.npz", *arrays)
        assert "! 2 NaN" in invoke("inspect", "bad.npz").out
        assert "! 1 infinite" in invoke("inspect", "bad.npz").out
        (layer,) = json.loads(invoke("inspect", "--json", "bad.npz").out)["layers"]
        assert layer["arrays"]["kernel"]["nan"] == 2
        assert layer["arrays"]["bias"]["infinite"] == 1

    def test_escapes_names_from_the_file(self) -> None:
        names = [f"[red]\x1b[2J\u202e/{name}" for name in ("kernel", "recurrent_kernel", "bias")]
        arrays = zip(names, arrays_of(NPZ).values(), strict=True)
        np.savez("odd.npz", **dict(arrays))
        shown = invoke("inspect", "odd.npz")
        assert "[red]\\x1b[2J\\u202e" in shown.out
        assert not {"\x1b", "\u202e"} & set(shown.out)

    def test_a_warning_is_one_line_beside_the_output(self, keras_2: Path) -> None:
        newer = "newer.keras"
        with zipfile.ZipFile(keras_2) as old, zipfile.ZipFile(newer, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b"2.15.0", b"2.99.0"))
        shown = invoke("inspect", "--json", newer)
        assert len(json.loads(shown.out)["layers"]) == 2
        assert shown.err.startswith("gru-ref: warning: keras_version '2.99.0' is unverified")
        assert shown.err.count("\n") == 1

    def test_caps_are_adjustable(self) -> None:
        check_failed(invoke("inspect", NPZ, "--limit", "max_bytes=100"), "max_bytes")
        assert invoke("inspect", NPZ, "--limit", "max_bytes=1e6").status == 0


class TestRun:
    """`run` computes what the live layer returned."""

    def _run(self, *arguments: object) -> dict[str, np.ndarray]:
        """Return what `run` computes of the recorded input."""
        np.save("x y.npy", arrays_of(EXPECTED)["x"])
        check_shown(invoke("run", NPZ, "--inputs", "x y.npy", "-o", "y.npz", "--force", *arguments))
        return arrays_of(Path("y.npz"))

    def test_outputs_and_state_are_those_of_the_live_layer(self) -> None:
        made, expected = self._run("--sequences"), arrays_of(EXPECTED)
        # Outputs below 1, two steps after zeros: measured 1.2e-7
        np.testing.assert_allclose(made["output"], expected["outputs"], rtol=0, atol=3e-7)
        np.testing.assert_allclose(made["state"], expected["state"], rtol=0, atol=3e-7)
        assert self._run()["output"].tobytes() == made["state"].tobytes()

    def test_options_reach_the_layer(self) -> None:
        mask, state = np.array([[1, 0, 1], [0, 1, 1]], bool), cli_files.numbers(2, UNITS)
        np.save("mask.npy", mask)
        np.save("state.npy", state)
        made = self._run(
            "--mask", "mask.npy", "--initial-state", "state.npy", "--keras-version", "3",
            "--set", "go_backwards=true", "--set", "recurrent_activation=hard_sigmoid",
        )  # fmt: skip
        options = {"go_backwards": True, "recurrent_activation": "hard_sigmoid"}
        layer = cli_files.npz_layer(keras_version="3", **options)
        expected = layer(arrays_of(EXPECTED)["x"], state, mask=mask)
        assert made["output"].tobytes() == expected.tobytes()

    @pytest.mark.parametrize(
        ("array", "says"),
        [
            (np.zeros((2, 3), "float32"), "(batch, timesteps, features)"),
            (np.zeros((2, 3, 7), "float32"), "expected 4 features"),
            (np.zeros((2, 0, 4), "float32"), "at least one timestep"),
            (np.array([["a"]]), "expected numbers"),
            (np.array([{}]), "or holds Python objects"),
        ],
    )
    def test_inputs_that_do_not_fit_get_a_sentence(self, array: np.ndarray, says: str) -> None:
        np.save("x.npy", array)
        check_failed(invoke("run", NPZ, "--inputs", "x.npy", "-o", "y.npz"), says)
        assert not Path("y.npz").exists()


class TestConvert:
    """`convert` writes every layout, and files that Keras 3 opens."""

    @pytest.mark.parametrize("target", sorted(LAYOUTS))
    def test_writes_every_layout(self, target: str) -> None:
        before = "after" not in {form[:5] for form in LAYOUTS[target].FACTS.reset_forms}
        layer = small_gru.layer(reset_after=not before)
        if target == "flax_nnx":  # it has no recurrent bias of the candidate
            layer = change_array(layer, BIAS, lambda bias: bias * [[1], [0]])
        source = model_file(Path("source.keras"), layer)
        output = "out.json"
        assert invoke("convert", source, "--to", target, "-o", output) == (0, f"{output}\n", "")
        read = LAYOUTS[target].to_layout(layer)
        written = json.dumps(read, default=np.ndarray.tolist)
        assert json.loads(Path(output).read_text()) == json.loads(written)
        if target != "rtneural":
            invoke("convert", source, "--to", target, "-o", "out.npz")
            assert set(arrays_of(Path("out.npz"))) == set(read)

    def test_what_a_runtime_cannot_hold_is_refused(self, keras_2: Path) -> None:
        output = "w.npz"
        ended = invoke("convert", keras_2, "--layer", SECOND, "--to", "torch", "-o", output)
        check_failed(ended, "reset_after is False, expected True")
        assert not Path(output).exists()

    @pytest.mark.parametrize("name", ["new.keras", "new.weights.h5"])
    def test_keras3_keeps_the_meaning_of_hard_sigmoid(self, keras_2: Path, name: str) -> None:
        ended = invoke("convert", keras_2, "--to", "keras3", "-o", name)
        assert ended.status == 0
        assert "recurrent_activation='hard_sigmoid', what it acts on multiplied by 1.2" in ended.err
        said = {}
        if name == "new.weights.h5":
            last = json.loads(Path("new.json").read_text())["config"]["layers"][-1]["config"]
            said = {"recurrent_activation": "hard_sigmoid", "go_backwards": True}
            assert last.items() >= said.items()
            said["keras_version"] = "3"
        old = gru_ref.load_layers(keras_2)
        new = gru_ref.load_layers(name, **said)
        assert list(new) == list(old)
        assert new[SECOND].keras_version.startswith("3.")
        x = cli_files.numbers(2, 7, FEATURES)
        # Outputs below 1, each product with 1.2 rounded once: measured 1.2e-7
        np.testing.assert_allclose(new[SECOND](x), old[SECOND](x), rtol=0, atol=5e-7)
        if not said:
            assert new[FIRST](x).tobytes() == old[FIRST](x).tobytes()

    def test_keras3_weights_alone_are_untouched(self, keras_2: Path) -> None:
        output = "new.weights.h5"
        ended = invoke("convert", keras_2, "--to", "keras3", "-o", output, "--weights-only")
        assert "with Keras 3's the layer computes something else" in ended.err
        old, new = gru_ref.load_layers(keras_2), gru_ref.load_layers(output)
        for mine, theirs in zip(old.values(), new.values(), strict=True):
            check_same_arrays(theirs.get_weights(), mine.get_weights())
        assert not Path("new.json").exists()

    @pytest.mark.parametrize(
        ("argument", "value"), [("time_major", True), ("activation", "ThresholdedReLU")]
    )
    def test_keras3_refuses_what_it_cannot_keep(self, argument: str, value: Any) -> None:
        source = model_file(Path("old.keras"), small_gru.layer(**{argument: value}))
        arguments = ("convert", source, "--to", "keras3", "-o", "new.keras")
        ended = invoke(*arguments)
        assert ended.status == 2
        assert f"  sequential/gru_0: {argument}=" in ended.err
        check_failed(invoke(*arguments, "--gru-only"), f"{argument} of {FIRST} is ")
        assert not Path("new.keras").exists()

    @pytest.mark.parametrize(
        ("name", "release"), [("sigmoid", "tf-2.4"), ("gelu", "tf-2.4"), ("gelu", "3.2")]
    )
    def test_keras3_has_what_another_release_rounds_otherwise(
        self, name: str, release: str
    ) -> None:
        layer = small_gru.layer(activation=name, keras_version=release)
        then, now = layer.config.activation_function, tables.KERAS_3[name]
        x = np.linspace(-8, 8, 999)
        assert then is not now
        # √½ or √2 rounded to float32, in float64: measured 1.0e-8
        np.testing.assert_allclose(then(x), now(x), rtol=0, atol=2e-8)
        planned = keras3.plan({"gru": layer})
        assert planned.config["config"]["layers"][-1]["config"]["activation"] == name

    def test_a_stateful_layer_needs_a_batch(self) -> None:
        source = model_file(Path("old.keras"), small_gru.layer(stateful=True))
        arguments = ("convert", source, "--to", "keras3", "-o", "new.keras")
        check_failed(invoke(*arguments), "stateful")
        assert invoke(*arguments, "--batch", 3).status == 0
        with zipfile.ZipFile("new.keras") as archive:
            config = json.loads(archive.read("config.json"))["config"]
        assert config["build_input_shape"] == [3, None, FEATURES]

    def test_json_holds_finite_weights_alone(self, tmp_path: Path) -> None:
        arrays = list(arrays_of(NPZ).values())
        arrays[0][0, 0] = np.nan
        bad = tmp_path / "bad.npz"
        np.savez(bad, *arrays)
        ended = invoke("convert", bad, "--to", "torch", "-o", tmp_path / "w.json")
        check_failed(ended, "weights hold NaN or infinity, expected finite numbers")
        assert invoke("convert", bad, "--to", "torch", "-o", tmp_path / "w.npz").status == 0


# A subclass of Model, and what Keras 3 takes for another shape.
NOT_CARRIED = ("a model of a class of its own", "to have twice the units of the forward layer")


@pytest.mark.parametrize("path", KERAS_2_MODELS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_model_of_keras_2_is_shown_and_converted(path: Path) -> None:
    shown = invoke("inspect", path)
    assert shown.status == 0, shown.err
    assert max(map(len, shown.out.splitlines()[1:])) <= 80  # the first line is the path
    assert f"Keras {path.parent.name.partition('-')[2]}" in shown.out
    arguments = ("convert", path, "--to", "keras3", "-o", "new.keras", "--batch", 2)
    ended = invoke(*arguments)
    if any(reason in ended.err for reason in NOT_CARRIED):
        assert ended.status == 2
        ended = invoke(*arguments, "--gru-only")
    assert ended.status == 0, ended.err
    old, new = gru_ref.load_grus(path), gru_ref.load_grus("new.keras")
    assert len(new) == len(old)
    for mine, theirs in zip(new.values(), old.values(), strict=True):
        assert mine.keras_version.startswith("3.")
        assert mine.config.reset_after == theirs.config.reset_after
        assert mine.config.go_backwards == theirs.config.go_backwards


class TestLayouts:
    """`layouts` shows the facts of every runtime."""

    def test_names_every_layout_within_80_columns(self) -> None:
        shown = invoke("layouts")
        check_shown(shown)
        first_words = {line.split()[0] for line in shown.out.splitlines() if line.split()}
        for name, module in LAYOUTS.items():
            (shown_as,) = (word for word in first_words if word.rstrip("*~") == name)
            assert ("*" in shown_as) is (not module.FACTS.verified)

    def test_shows_one_in_full(self) -> None:
        out = invoke("layouts", "torch").out
        for name in ("weight_ih_l0", "h' = (1 − z) ∘ n + z ∘ h", "z and r swapped"):
            assert name in out


def _modules_of(*arguments: object) -> tuple[str, set[str]]:
    """Return what a process of the command prints, and the packages that it imports."""
    code = (
        "import sys; from gru_ref.cli import main\n"
        "try: main()\n"
        "finally: print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "ascii"},
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout, set(ended.stderr.split())


def test_the_command_is_a_process_of_its_own_without_keras() -> None:
    out, modules = _modules_of("inspect", NPZ)
    assert "165 = 3*(U*F + U*U + 2*U)" in out
    assert not {"h5py", "keras", "tensorflow", "onnx"} & modules


def test_help_imports_no_command() -> None:
    out, modules = _modules_of("--help")
    assert all(f"\n  {name} " in out for name in SUMMARIES)
    assert not {"numpy", "rich"} & modules


class TestFailures:
    """Every failure is one sentence on standard error, with exit status 2."""

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "empty"),
            (b"just text\n", "expected"),
            (b"\x80\x04K\x01.", "pickle"),
            (b"PK\x03\x04 damaged", "zip"),
            (b"\x89HDF\r\n\x1a\n damaged", "HDF5"),
            (None, "folder"),
        ],
    )
    def test_a_file_that_is_none_of_keras(self, content: bytes | None, says: str) -> None:
        path = Path("a name with spaces")
        path.mkdir() if content is None else path.write_bytes(content)
        check_failed(invoke("inspect", path), says, "a name with spaces")

    def test_a_file_that_is_not_there(self) -> None:
        check_failed(invoke("inspect", "no\x1b[31mne"), "no\\x1b[31mne: No such file")

    def test_a_file_without_a_gru(self) -> None:
        np.savez("dense.npz", kernel=np.zeros((2, 3), "float32"))
        check_failed(invoke("inspect", "dense.npz"), "GRU")

    def test_a_layer_that_is_not_there_names_the_known_ones(self, keras_2: Path) -> None:
        for option in ((), ("--layer", "nope")):
            ended = invoke("convert", keras_2, "--to", "torch", "-o", "w.npz", *option)
            check_failed(
                ended, f"expected one of '{FIRST}' (named 'gru_0'), '{SECOND}' (named 'gru_1')"
            )

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ((), "Missing command"),
            (("frobnicate",), "No such command 'frobnicate'. See"),
            (("insepct", NPZ), "No such command 'insepct'; did you mean 'inspect'? See"),
            (("inspect", "-"), "it is -, standard input, expected a file of layers. See"),
            ((*_SET, "go_backward=true"), "; did you mean 'go_backwards'?"),
            (("inspect",), "Missing argument"),
            ((*_SET, "units"), "expected NAME=VALUE"),
            (
                (*_SET, "dropout=0.1", "--set", "dropout=0.2"),
                "--set dropout is '0.1' and '0.2', expected one value",
            ),
            (
                (*_SET, "seed=1", "--set", "seed=true"),
                "--set seed is '1' and 'true', expected one value",
            ),
            ((*_SET, "colour=red"), "--set names 'colour', expected one of activation, "),
            ((*_SET, "activation=tanhh"), "activation is 'tanhh'"),
            (("inspect", NPZ, "--limit", "colour=1"), "expected one of 'max_bytes'"),
            (("inspect", NPZ, "--keras-version", "9"), "--keras-version is '9'"),
            (("layouts", "frobnicate"), "expected one of torch"),
            (("convert", NPZ, "--to", "frobnicate", "-o", "w.npz"), "expected one of torch"),
            ((*_TORCH, "w.pt"), "expected a name in .npz or .json"),
            ((*_TORCH, "/no such/w.npz"), "folder that is there"),
            ((*_TORCH, "w.npz", "--batch", 4), "--batch needs --to keras3"),
            ((*_WEIGHTS, "--batch", 4), "--batch cannot be given with --weights-only"),
            (("run", NPZ, "--inputs", NPZ, "-o", "a.txt"), "expected a name in .npz"),
            (("trace", NPZ, "--inputs", NPZ, "-o", "t.npz", "--row", 9), "--row needs --picture"),
            ((*_SET, "keras_version=3"), "--set names 'keras_version', expected --keras-version"),
            ((*_SET, "limits=1"), "--set names 'limits', expected --limit"),
            ((*_SET, "path=a"), "--set names 'path', expected FILE"),
        ],
    )
    def test_a_wrong_argument(self, arguments: tuple[object, ...], says: str) -> None:
        check_failed(invoke(*arguments), says)

    def test_what_is_there_is_overwritten_only_by_force(self) -> None:
        output = Path("w.npz")
        output.write_bytes(b"mine")
        check_failed(invoke(*_TORCH, output), "--force")
        assert output.read_bytes() == b"mine"
        assert invoke(*_TORCH, output, "--force").status == 0
        assert "weight_ih_l0" in arrays_of(output)
        assert [path.name for path in Path().iterdir()] == ["w.npz"]

    def test_a_file_that_cannot_be_written_is_named_itself(self) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            write_all({Path("nodir/w.npz"): b""})
        assert caught.value.filename == os.path.join("nodir", "w.npz")

    def test_the_file_that_is_read_is_never_overwritten(self) -> None:
        source = Path("w.npz")
        source.write_bytes(NPZ.read_bytes())
        ended = invoke("convert", source, "--to", "torch", "-o", source, "--force")
        check_failed(ended, f"--output is {str(source)!r}, which is read as FILE")
        assert source.read_bytes() == NPZ.read_bytes()

    @pytest.mark.parametrize(
        ("command", "written", "read"),
        [
            (("run",), "-o", "--inputs"),
            (("run", "--inputs", "x.npz"), "-o", "--mask"),
            (("trace", "--inputs", "x.npz"), "-o", "--initial-state"),
            (("bundle", "--inputs", "x.npz"), "-o", "--theirs"),
            (("lint-vectors", "--inputs", "x.npz"), "--write-better", "--outputs"),
            (("doctor", "--inputs", "x.npz", "--to", "torch"), "-o", "--last-state"),
        ],
    )
    def test_no_file_that_is_read_is_overwritten(
        self, command: tuple[str, ...], written: str, read: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.npz"
        path.write_bytes(b"mine")
        name, *more = command
        ended = invoke(name, NPZ, *more, written, path, read, path, "--force")
        check_failed(ended, f"{str(path)!r}, which is read as {read}, expected another file")
        assert path.read_bytes() == b"mine"

    def test_of_a_folder_the_files_that_are_read_are_not_overwritten(self, tmp_path: Path) -> None:
        names = ("kernel", "recurrent_kernel", "bias")
        for name, array in zip(names, arrays_of(NPZ).values(), strict=True):
            np.save(tmp_path / f"{name}.npy", array)
        other = tmp_path / "w.npz"
        other.write_bytes(b"mine")
        probe = ("--inputs", "x.npy", "--write-probe", tmp_path / "bias.npy", "--force")
        check_failed(invoke("doctor", tmp_path, *probe), "bias.npy', which is read as FILE")
        ended = invoke("convert", tmp_path, "--to", "torch", "-o", other, "--force")
        assert ended.status == 0
        assert "weight_ih_l0" in arrays_of(other)

    @pytest.mark.parametrize("missing", ["nodir/x.npy", "w.npz/x.npy", "w"])
    def test_a_source_that_is_not_there_is_not_overwritten(self, missing: str) -> None:
        output = Path("w.npz")
        output.write_bytes(b"mine")
        ended = invoke("run", NPZ, "--inputs", missing, "-o", output, "--force")
        check_failed(ended, f"gru-ref: --inputs is {missing!r}, which cannot be read: ")
        assert output.read_bytes() == b"mine"

    def test_of_a_prefix_only_the_files_of_the_checkpoint_are_read(self, tmp_path: Path) -> None:
        prefix = tmp_path / "ck"
        names = ("ck.index", "ck.data-00000-of-00001", "ck.npy", "ck.weights.h5", "ck2.index")
        for name in names:
            (tmp_path / name).write_bytes(b"mine")
        assert [is_read(tmp_path / name, prefix) for name in names] == [True] * 2 + [False] * 3
        assert source_files(prefix) == [tmp_path / names[1], tmp_path / names[0]]


def test_json_has_no_nan_and_no_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1.5, None, np.inf, (np.nan, -np.inf)], "b": {1: np.float64(2)}})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "a": [1.5, None, None, [None, None]],
        "b": {"1": 2.0},
    }


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_help_of_every_command_has_80_columns(name: str) -> None:
    check_shown(invoke(name, "--help"))


def _zip_of(content: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("x.npy", content)
    return stream.getvalue()


def _with_bytes(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _npy_of(header: str) -> bytes:
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header.encode()


def _damaged_arrays() -> dict[str, bytes]:
    """Return files that numpy.load raises another class of error for each."""
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).normal(size=(2, 40, 3)))
    plain = _zip_of(stream.getvalue())
    table = plain.index(b"PK\x01\x02")
    damaged = {
        name: _with_bytes(_zip_of(stream.getvalue(), method), 90, b"\xff" * 60)
        for name, method in (
            ("deflate", zipfile.ZIP_DEFLATED),
            ("bzip2", zipfile.ZIP_BZIP2),
            ("lzma", zipfile.ZIP_LZMA),
        )
    }
    return damaged | {
        "encrypted": _with_bytes(_with_bytes(plain, 6, b"\1"), table + 8, b"\1"),
        "method": _with_bytes(_with_bytes(plain, 8, b"\x63"), table + 10, b"\x63"),
        "header": stream.getvalue().replace(b"}", b"("),
        "header_cut_short": _npy_of("{'descr': '<f4', 'shape': (1,"),
        "header_of_no_python": _npy_of(_HEADER.format("(2,", 1)),
        "header_of_a_list": _npy_of("{'descr': '<f4', [1]: 1}"),
        "header_of_a_huge_size": _npy_of(_HEADER.format("<f4", 10**30)),
        "text": _zip_of(b"GRU"),
        "nothing": b"",
    }


@pytest.mark.parametrize("name", _damaged_arrays())
def test_a_damaged_array_is_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(_damaged_arrays()[name])
    ended = invoke("run", NPZ, "--inputs", path, "-o", tmp_path / "y.npz")
    check_failed(ended, f"--inputs is {str(path)!r}", "expected arrays as numpy.save")
    assert not name.startswith("header") or "the header of an array is damaged" in ended.err


def test_an_array_beyond_the_memory_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(_npy_of(_HEADER.format("<f4", 1 << 50)))
    ended = invoke("run", NPZ, "--inputs", path, "-o", tmp_path / "y.npz")
    check_failed(ended, f"--inputs is {str(path)!r}, expected arrays that fit the memory")


@pytest.mark.parametrize("package", ["click", "rich"])
def test_a_missing_package_names_the_extra(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith(("gru_ref.cli.", "rich."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "argv", ["gru-ref", "layouts"])
    with pytest.raises(SystemExit) as ended:
        main()
    says = f"needs {package}, which is not installed: pip install 'gru-ref[cli]'"
    check_failed(CommandResult(ended.value.code, *capsys.readouterr()), says)
