"""`gru-ref` inspects, runs and converts; what goes wrong is one line and exit status 2."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import gru_ref
from gru_ref.cli import main
from gru_ref.cli.commands import command
from gru_ref.files import write_keras3
from gru_ref.layouts import LAYOUTS

WEIGHTS = Path(__file__).parent.parent / "fixtures" / "weights"
# get_weights() of a live layer and what it returned: GRU(5, return_sequences=True).
NPZ, EXPECTED = WEIGHTS / "gru.npz", WEIGHTS / "gru_expected.npz"

# Whole models that releases of Keras 2 wrote.
KERAS_2_MODELS = sorted(
    path
    for path in (WEIGHTS.parent / "files").rglob("*.model.*")
    if path.parent.name.startswith(("keras-2", "tf.keras-2", "tf_keras-2"))
)

FEATURES, UNITS = 4, 5


class Ended(NamedTuple):
    """How a command ended."""

    status: Any
    out: str
    err: str


Cli = Callable[..., Ended]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command of gru-ref in this process, on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            command([str(argument) for argument in arguments], prog_name="gru-ref")
        return Ended(ended.value.code, *capsys.readouterr())

    return run


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(list(shape)).uniform(-1, 1, shape).astype("float32")


def _layer(**arguments: Any) -> gru_ref.GRU:
    layer = gru_ref.GRU(UNITS, **arguments)
    layer.build((2, None, FEATURES))
    shapes = layer.config.weight_shapes(FEATURES)
    layer.set_weights([_numbers(*shape) for shape in shapes.values()])
    return layer


def _model_file(path: Path, *layers: gru_ref.GRU) -> Path:
    """Write a `.keras` of the layers as their own Keras does: its version, config and weights."""
    configs = [{"class_name": "GRU", "config": layer.get_config()} for layer in layers]
    for number, config in enumerate(configs):
        config["config"]["name"] = f"gru_{number}"
    named = {config["config"]["name"]: layer for config, layer in zip(configs, layers, strict=True)}
    members = {
        "metadata.json": json.dumps({"keras_version": "2.15.0"}),
        "config.json": json.dumps({"class_name": "Sequential", "config": {"layers": configs}}),
        "model.weights.h5": write_keras3.weights_h5(write_keras3.plan_of_weights(named)),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def keras_2(tmp_path: Path) -> Path:
    """A model of Keras 2 with two GRUs, at a path with a space."""
    old = {"recurrent_activation": "hard_sigmoid", "reset_after": False, "go_backwards": True}
    layers = (_layer(return_sequences=True), _layer(**old))
    return _model_file(tmp_path / "my model.keras", *layers)


FIRST, SECOND = "layers/gru/cell", "layers/gru_1/cell"


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as loaded:
        return dict(loaded)


class TestInspect:
    """`inspect` says what a file holds, and what it does not say."""

    def test_shows_every_gru_within_80_columns(self, cli: Cli, keras_2: Path) -> None:
        shown = cli("inspect", keras_2)
        assert (shown.status, shown.err) == (0, "")
        assert max(map(len, shown.out.splitlines())) <= 80
        words = " ".join(shown.out.split())
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

    def test_names_what_a_file_of_weights_does_not_say(self, cli: Cli) -> None:
        words = " ".join(cli("inspect", NPZ).out.split())
        assert "not said activation=tanh, recurrent_activation=sigmoid" in words
        assert "--set NAME=VALUE says otherwise" in words
        assert "--keras-version says otherwise" in words

    def test_json_holds_everything(self, cli: Cli) -> None:
        data = json.loads(cli("inspect", "--json", NPZ, "--set", "go_backwards=true").out)
        (layer,) = data["layers"]
        kernel = _arrays(NPZ)["arr_0"]
        assert (layer["units"], layer["features"]) == (UNITS, FEATURES)
        assert layer["parameters"]["count"] == 165
        assert layer["arguments"]["go_backwards"] is True
        assert layer["arrays"]["kernel"]["min"] == kernel.min()
        assert layer["arrays"]["kernel"]["shape"] == [4, 15]
        assert len(layer["arrays"]["kernel"]["sha256"]) == 64
        assert "activation" in layer["unknown"]

    def test_flags_what_is_not_finite(self, cli: Cli, tmp_path: Path) -> None:
        arrays = list(_arrays(NPZ).values())
        arrays[0][0, :2], arrays[2][1, 0] = np.nan, np.inf
        np.savez(tmp_path / "bad.npz", *arrays)
        assert "! 2 NaN" in cli("inspect", tmp_path / "bad.npz").out
        assert "! 1 infinite" in cli("inspect", tmp_path / "bad.npz").out
        (layer,) = json.loads(cli("inspect", "--json", tmp_path / "bad.npz").out)["layers"]
        assert layer["arrays"]["kernel"]["nan"] == 2
        assert layer["arrays"]["bias"]["infinite"] == 1

    def test_escapes_names_from_the_file(self, cli: Cli, tmp_path: Path) -> None:
        kernel, recurrent, bias = _arrays(NPZ).values()
        prefix = "[red]\x1b[2J\u202e"
        names = (f"{prefix}/kernel", f"{prefix}/recurrent_kernel", f"{prefix}/bias")
        np.savez(tmp_path / "odd.npz", **dict(zip(names, (kernel, recurrent, bias), strict=True)))
        shown = cli("inspect", tmp_path / "odd.npz")
        assert "[red]\\x1b[2J\\u202e" in shown.out
        assert not {"\x1b", "\u202e"} & set(shown.out)

    def test_a_warning_is_one_line_beside_the_output(
        self, cli: Cli, keras_2: Path, tmp_path: Path
    ) -> None:
        newer = tmp_path / "newer.keras"
        with zipfile.ZipFile(keras_2) as old, zipfile.ZipFile(newer, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b"2.15.0", b"2.99.0"))
        shown = cli("inspect", "--json", newer)
        assert len(json.loads(shown.out)["layers"]) == 2
        assert shown.err.startswith("gru-ref: warning: keras_version '2.99.0' is unverified")
        assert shown.err.count("\n") == 1

    def test_caps_are_adjustable(self, cli: Cli) -> None:
        refused = cli("inspect", NPZ, "--limit", "max_bytes=100")
        assert refused.status == 2
        assert "max_bytes" in refused.err
        assert cli("inspect", NPZ, "--limit", "max_bytes=1e6").status == 0


class TestRun:
    """`run` computes what the live layer returned."""

    @pytest.fixture
    def x(self, tmp_path: Path) -> Path:
        """The recorded input."""
        np.save(tmp_path / "x y.npy", _arrays(EXPECTED)["x"])
        return tmp_path / "x y.npy"

    def _run(self, cli: Cli, tmp_path: Path, *arguments: object) -> dict[str, np.ndarray]:
        ended = cli("run", NPZ, "-o", tmp_path / "y.npz", "--force", *arguments)
        assert ended.status == 0, ended.err
        return _arrays(tmp_path / "y.npz")

    def test_outputs_and_state_are_those_of_the_live_layer(
        self, cli: Cli, x: Path, tmp_path: Path
    ) -> None:
        made, expected = self._run(cli, tmp_path, "--inputs", x, "--sequences"), _arrays(EXPECTED)
        # Outputs below 1, two steps after zeros: measured 1.2e-7
        np.testing.assert_allclose(made["output"], expected["outputs"], rtol=0, atol=3e-7)
        np.testing.assert_allclose(made["state"], expected["state"], rtol=0, atol=3e-7)
        last = self._run(cli, tmp_path, "--inputs", x)
        assert last["output"].tobytes() == made["state"].tobytes()

    def test_options_reach_the_layer(self, cli: Cli, x: Path, tmp_path: Path) -> None:
        inputs = _arrays(EXPECTED)["x"]
        mask, state = np.array([[1, 0, 1], [0, 1, 1]], bool), _numbers(2, UNITS)
        np.save(tmp_path / "mask.npy", mask)
        np.save(tmp_path / "state.npy", state)
        made = self._run(
            cli, tmp_path, "--inputs", x, "--mask", tmp_path / "mask.npy",
            "--initial-state", tmp_path / "state.npy", "--keras-version", "3",
            "--set", "go_backwards=true", "--set", "recurrent_activation=hard_sigmoid",
        )  # fmt: skip
        layer = gru_ref.GRU(
            UNITS, go_backwards=True, recurrent_activation="hard_sigmoid", keras_version="3"
        )
        layer.build(inputs.shape)
        layer.set_weights(list(_arrays(NPZ).values()))
        expected = layer(inputs, state, mask=mask)
        assert made["output"].tobytes() == expected.tobytes()

    @pytest.mark.parametrize(
        ("array", "says"),
        [
            (np.zeros((2, 3), "float32"), "(batch, timesteps, features)"),
            (np.zeros((2, 3, 7), "float32"), "expected 4 features"),
            (np.zeros((2, 0, 4), "float32"), "at least one timestep"),
            (np.array([["a"]]), "expected numbers"),
            (np.array([{}]), "expected one array as numpy.save writes it"),
        ],
    )
    def test_inputs_that_do_not_fit_get_a_sentence(
        self, cli: Cli, tmp_path: Path, array: np.ndarray, says: str
    ) -> None:
        np.save(tmp_path / "x.npy", array)
        ended = cli("run", NPZ, "--inputs", tmp_path / "x.npy", "-o", tmp_path / "y.npz")
        _check_failed(ended, says)
        assert not (tmp_path / "y.npz").exists()


class TestConvert:
    """`convert` writes every layout, and files that Keras 3 opens."""

    @pytest.mark.parametrize("target", sorted(LAYOUTS))
    def test_writes_every_layout(self, cli: Cli, tmp_path: Path, target: str) -> None:
        source = tmp_path / "source.keras"
        before = "after" not in {form[:5] for form in LAYOUTS[target].FACTS.reset_forms}
        layer = _layer(reset_after=not before)
        if target == "flax_nnx":  # it has no recurrent bias of the candidate
            kernel, recurrent, bias = layer.get_weights()
            bias[1, 2 * UNITS :] = 0
            layer.set_weights([kernel, recurrent, bias])
        _model_file(source, layer)
        output = tmp_path / "out.json"
        assert cli("convert", source, "--to", target, "-o", output) == (0, f"{output}\n", "")
        read = LAYOUTS[target].to_layout(layer)
        assert json.loads(output.read_text()) == json.loads(json.dumps(read, default=_as_list))
        if target != "rtneural":
            cli("convert", source, "--to", target, "-o", tmp_path / "out.npz")
            assert set(_arrays(tmp_path / "out.npz")) == set(read)

    def test_what_a_runtime_cannot_hold_is_refused(
        self, cli: Cli, keras_2: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "w.npz"
        ended = cli("convert", keras_2, "--layer", SECOND, "--to", "torch", "-o", output)
        _check_failed(ended, "reset_after is False, expected True")
        assert not output.exists()

    @pytest.mark.parametrize("name", ["new.keras", "new.weights.h5"])
    def test_keras3_keeps_the_meaning_of_hard_sigmoid(
        self, cli: Cli, keras_2: Path, tmp_path: Path, name: str
    ) -> None:
        ended = cli("convert", keras_2, "--to", "keras3", "-o", tmp_path / name)
        assert ended.status == 0
        assert f"note: {SECOND}: hard_sigmoid of Keras 2" in ended.err
        said = {}
        if name == "new.weights.h5":
            config = json.loads((tmp_path / "new.json").read_text())
            assert (
                config["config"]["layers"][-1]["config"]["recurrent_activation"] == "hard_sigmoid"
            )
            said = {
                "keras_version": "3",
                "recurrent_activation": "hard_sigmoid",
                "go_backwards": True,
            }
        old = gru_ref.load_layers(keras_2)
        new = gru_ref.load_layers(tmp_path / name, **said)
        assert list(new) == list(old)
        assert new[SECOND].keras_version.startswith("3.")
        x = _numbers(2, 7, FEATURES)
        # Outputs below 1, each product with 1.2 rounded once: measured 1.2e-7
        np.testing.assert_allclose(new[SECOND](x), old[SECOND](x), rtol=0, atol=5e-7)
        if not said:
            assert new[FIRST](x).tobytes() == old[FIRST](x).tobytes()

    def test_keras3_weights_alone_are_untouched(
        self, cli: Cli, keras_2: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "new.weights.h5"
        ended = cli("convert", keras_2, "--to", "keras3", "-o", output, "--weights-only")
        assert "computes something else" in ended.err
        assert f"{SECOND}: build it as GRU(5, recurrent_activation='hard_sigmoid'" in ended.err
        old, new = gru_ref.load_layers(keras_2), gru_ref.load_layers(output)
        for mine, theirs in zip(old.values(), new.values(), strict=True):
            for a, b in zip(mine.get_weights(), theirs.get_weights(), strict=True):
                assert a.tobytes() == b.tobytes()
        assert not (tmp_path / "new.json").exists()

    @pytest.mark.parametrize(
        ("argument", "value"),
        [("time_major", True), ("activation", "ThresholdedReLU")],
    )
    def test_keras3_refuses_what_it_cannot_keep(
        self, cli: Cli, tmp_path: Path, argument: str, value: Any
    ) -> None:
        source = _model_file(tmp_path / "old.keras", _layer(**{argument: value}))
        ended = cli("convert", source, "--to", "keras3", "-o", tmp_path / "new.keras")
        _check_failed(ended, f"{argument} of {FIRST} is ")
        assert not (tmp_path / "new.keras").exists()

    def test_a_stateful_layer_needs_a_batch(self, cli: Cli, tmp_path: Path) -> None:
        source = _model_file(tmp_path / "old.keras", _layer(stateful=True))
        arguments = ("convert", source, "--to", "keras3", "-o", tmp_path / "new.keras")
        _check_failed(cli(*arguments), "stateful")
        assert cli(*arguments, "--batch", 3).status == 0
        with zipfile.ZipFile(tmp_path / "new.keras") as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
        assert layers[0]["config"]["batch_shape"] == [3, None, FEATURES]


@pytest.mark.parametrize("path", KERAS_2_MODELS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_model_of_keras_2_is_shown_and_converted(
    cli: Cli, tmp_path: Path, path: Path
) -> None:
    shown = cli("inspect", path)
    assert shown.status == 0, shown.err
    assert max(map(len, shown.out.splitlines()[1:])) <= 80  # the first line is the path
    assert f"Keras {path.parent.name.partition('-')[2]}" in shown.out
    ended = cli("convert", path, "--to", "keras3", "-o", tmp_path / "new.keras", "--batch", 2)
    assert ended.status == 0, ended.err
    old, new = gru_ref.load_layers(path), gru_ref.load_layers(tmp_path / "new.keras")
    assert len(new) == len(old)
    for mine, theirs in zip(new.values(), old.values(), strict=True):
        assert mine.keras_version.startswith("3.")
        assert mine.config.reset_after == theirs.config.reset_after
        assert mine.config.go_backwards == theirs.config.go_backwards


class TestLayouts:
    """`layouts` shows the facts of every runtime."""

    def test_names_every_layout_within_80_columns(self, cli: Cli) -> None:
        shown = cli("layouts")
        assert max(map(len, shown.out.splitlines())) <= 80
        first_words = {
            line.split()[0].rstrip("*~") for line in shown.out.splitlines() if line.split()
        }
        assert set(LAYOUTS) <= first_words
        for name, module in LAYOUTS.items():
            marked = f"{name}*" in shown.out
            assert marked is (not module.FACTS.verified)

    def test_shows_one_in_full(self, cli: Cli) -> None:
        out = cli("layouts", "torch").out
        for name in ("weight_ih_l0", "h' = (1 − z) ∘ n + z ∘ h", "z and r swapped"):
            assert name in out


def _check_failed(ended: Ended, says: str) -> None:
    """Check the one line on standard error and the exit status."""
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("gru-ref: ")
    assert says in ended.err


def _as_list(array: np.ndarray) -> Any:
    return array.tolist()


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
    def test_a_file_that_is_none_of_keras(
        self, cli: Cli, tmp_path: Path, content: bytes | None, says: str
    ) -> None:
        path = tmp_path / "a name with spaces"
        path.mkdir() if content is None else path.write_bytes(content)
        ended = cli("inspect", path)
        _check_failed(ended, says)
        assert "a name with spaces" in ended.err

    def test_a_file_that_is_not_there(self, cli: Cli, tmp_path: Path) -> None:
        _check_failed(cli("inspect", tmp_path / "no\x1b[31mne"), "no\\x1b[31mne: No such file")

    def test_a_file_without_a_gru(self, cli: Cli, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, kernel=np.zeros((2, 3), "float32"))
        (tmp_path / "dense.npz").write_bytes(buffer.getvalue())
        _check_failed(cli("inspect", tmp_path / "dense.npz"), "GRU")

    def test_a_layer_that_is_not_there_names_the_known_ones(
        self, cli: Cli, keras_2: Path, tmp_path: Path
    ) -> None:
        for option in ((), ("--layer", "nope")):
            ended = cli("convert", keras_2, "--to", "torch", "-o", tmp_path / "w.npz", *option)
            _check_failed(ended, f"expected one of '{FIRST}', '{SECOND}'")

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ((), "Missing command"),
            (("frobnicate",), "No such command"),
            (("inspect",), "Missing argument"),
            (("inspect", NPZ, "--set", "units"), "expected NAME=VALUE"),
            (("inspect", NPZ, "--set", "colour=red"), "expected no such argument"),
            (("inspect", NPZ, "--set", "activation=tanhh"), "activation is 'tanhh'"),
            (("inspect", NPZ, "--limit", "colour=1"), "expected one of 'max_bytes'"),
            (("inspect", NPZ, "--keras-version", "9"), "keras_version is '9'"),
            (("layouts", "frobnicate"), "expected one of torch"),
            (("convert", NPZ, "--to", "frobnicate", "-o", "w.npz"), "expected one of torch"),
            (("convert", NPZ, "--to", "torch", "-o", "w.pt"), "expected a name in .npz or .json"),
            (("convert", NPZ, "--to", "torch", "-o", "/no such/w.npz"), "folder that is there"),
        ],
    )
    def test_a_wrong_argument(self, cli: Cli, arguments: tuple[object, ...], says: str) -> None:
        _check_failed(cli(*arguments), says)

    def test_what_is_there_is_overwritten_only_by_force(self, cli: Cli, tmp_path: Path) -> None:
        output = tmp_path / "w.npz"
        output.write_bytes(b"mine")
        _check_failed(cli("convert", NPZ, "--to", "torch", "-o", output), "--force")
        assert output.read_bytes() == b"mine"
        assert cli("convert", NPZ, "--to", "torch", "-o", output, "--force").status == 0
        assert "weight_ih_l0" in _arrays(output)
        assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]

    def test_the_file_that_is_read_is_never_overwritten(self, cli: Cli, tmp_path: Path) -> None:
        source = tmp_path / "w.npz"
        source.write_bytes(NPZ.read_bytes())
        ended = cli("convert", source, "--to", "torch", "-o", source, "--force")
        _check_failed(ended, "expected another file than the one read")
        assert source.read_bytes() == NPZ.read_bytes()


@pytest.mark.parametrize("package", ["click", "rich"])
def test_a_missing_package_names_the_extra(
    package: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith("gru_ref.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "argv", ["gru-ref", "layouts"])
    for name in [name for name in sys.modules if name.startswith("rich.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SystemExit) as ended:
        main()
    says = f"{package} is not installed, expected it for this command: pip install 'gru-ref[cli]'"
    _check_failed(Ended(ended.value.code, *capsys.readouterr()), says)


def test_the_command_is_a_process_of_its_own_without_keras(tmp_path: Path) -> None:
    code = (
        "import sys; from gru_ref.cli import main\n"
        "try: main()\n"
        "finally: print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "inspect", str(NPZ)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "ascii"},
        cwd=Path(__file__).parent.parent,
    )
    assert ended.returncode == 0, ended.stderr
    assert "165 = 3*(U*F + U*U + 2*U)" in ended.stdout
    assert not {"h5py", "keras", "tensorflow", "onnx"} & set(ended.stderr.split())
