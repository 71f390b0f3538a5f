"""What a file does not say: inferred where it can be, else assumed, and said wherever it counts."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import gru_ref
from gru_ref import AssumptionWarning, MalformedFileError, load_grus, load_layers
from gru_ref.cli.assumptions import assumption_rows
from gru_ref.files import Found, Limits
from gru_ref.files.formats.carried import KEY, carried_text, carried_values
from gru_ref.files.interpretation.given_config import with_given_config
from parity_tests.recording.files import recorded_exports
from parity_tests.recording.files.recorded_files import ROOT, Recorded
from parity_tests.tests.files.bundles import field
from parity_tests.tests.files.hand_onnx import graph, model, node
from parity_tests.tests.files.test_keras import EPS
from parity_tests.tests.support.cli_files import NPZ
from parity_tests.tests.support.cli_runner import CommandResult, invoke

KERAS_2 = Recorded("tf.keras-2.6.0/hard_sigmoid.weights-alone.h5")
KERAS_3 = Recorded("keras-3.15.1/hard_sigmoid.weights.h5")
BOTH = Recorded("tf.keras-2.6.0/bidirectional.weights-alone.h5")
KERAS_1 = Recorded("keras-1.2.2/default.weights-alone.h5")
# What settles every number that a file of weights alone leaves open.
SETTLED = (
    "--set", "activation=relu", "--set", "recurrent_activation=hard_sigmoid",
    "--set", "go_backwards=yes", "--set", "return_sequences=1",
)  # fmt: skip


def _config(recorded: Recorded) -> Path:
    return recorded.path.parent / f"{recorded.path.name.partition('.')[0]}.json"


class TestConfigOfTheModel:
    """`model.to_json()` beside `save_weights`: taken when it is given, offered when it is not."""

    @pytest.mark.parametrize("recorded", [KERAS_2, KERAS_3, BOTH], ids=lambda one: one.path.name)
    def test_the_layers_compute_what_the_live_model_did(self, recorded: Recorded) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            layers = list(load_grus(recorded.path, config=_config(recorded)).values())
        assert recorded.worst_error(layers) <= EPS
        assert all(layer.provenance.assumed == {} for layer in layers)

    def test_without_it_the_numbers_are_others_and_the_reasons_are_listed(self) -> None:
        for recorded in (KERAS_2, KERAS_3):
            with pytest.warns(AssumptionWarning, match="activation='tanh'"):
                layers = list(load_layers(recorded.path).values())
            assert {"activation", "recurrent_activation", "go_backwards"} <= set(
                layers[0].provenance.assumed
            )

    def test_a_sibling_is_offered_by_name_and_never_taken(self, tmp_path: Path) -> None:
        weights = shutil.copy(KERAS_3.path, tmp_path / "model.weights.h5")
        shutil.copy(_config(KERAS_3), tmp_path / "model.json")
        (tmp_path / "other.json").write_text("{}")
        ended = _run(weights, tmp_path)
        assert "--config" in ended.err
        assert "model.json" in ended.err
        assert "other.json" not in ended.err
        assert f"give --config {tmp_path}" in " ".join(invoke("inspect", weights).out.split())
        strict = _run(weights, tmp_path, "--strict").err
        assert f"give --set, or --config {tmp_path / 'model.json'} if it is of" in strict
        settled = _run(weights, tmp_path, "--config", tmp_path / "model.json", "--strict")
        assert (settled.status, settled.err) == (0, "")
        _, _, y = KERAS_3.runs[0]
        with np.load(tmp_path / "y.npz") as written:
            assert np.abs(written["output"] - y).max() < 1e-6  # within |y| below 4, a step of 2e-7

    def test_what_does_not_fit_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="expected none: the file holds its own"):
            load_layers(Recorded("tf.keras-2.10.0/default.model.h5").path, config=_config(KERAS_2))
        with pytest.raises(ValueError, match=r"config says units=5 of .*expected 3"):
            load_layers(KERAS_1.path, config={"config": {"layers": 2 * [_gru(5)]}})
        with pytest.raises(ValueError, match="config describes no GRU"):
            load_layers(KERAS_1.path, config={"config": {"layers": []}})
        bad = tmp_path / "bad.json"
        bad.write_text('{"a": 1}')
        with pytest.raises(MalformedFileError, match=r"expected what model.to_json\(\) wrote"):
            load_layers(KERAS_1.path, config=bad)
        bad.write_bytes(b"\x1c\0\0\0TFL3\xff")
        with pytest.raises(MalformedFileError, match="it is no JSON: it is not text"):
            load_layers(KERAS_1.path, config=bad)
        with pytest.raises(FileNotFoundError):
            load_layers(KERAS_1.path, config=tmp_path / "none.json")


class TestInference:
    """What follows from names and versions, and from what it follows."""

    def test_the_backward_half_of_keras_2_runs_backwards(self) -> None:
        words = {"activation": "tanh", "return_sequences": True}
        layers = load_grus(BOTH.path, **words)
        turned = {path: layer.go_backwards for path, layer in layers.items()}
        assert [path for path, back in turned.items() if back] == [
            path for path in turned if "backward_" in path
        ]
        first = [layers[path] for path in list(layers)[:2]]
        for layer, (_, x, y) in zip(first, BOTH.runs[:2], strict=True):
            assert np.abs(layer(x) - y).max() < 1e-6  # tanh of Keras: 1.2e-7 measured
        assert "its path" in first[1].provenance.inferred["go_backwards"].source

    def test_a_user_may_say_otherwise(self) -> None:
        layers = load_grus(BOTH.path, go_backwards=True)
        assert [layer.go_backwards for layer in layers.values()][:2] == [True, False]

    def test_keras_1_has_hard_sigmoid_gates(self) -> None:
        layers = list(load_layers(KERAS_1.path, return_sequences=True).values())
        assert {layer.config.recurrent_activation for layer in layers} == {"hard_sigmoid"}
        assert layers[0].provenance.assumed["recurrent_activation"] == "hard_sigmoid"
        assert "gru_1_W_z to gru_1_b_h" in layers[0].provenance.inferred["keras_version"].source
        _, x, y = KERAS_1.runs[0]
        assert np.abs(layers[0](x) - y).max() < 1e-6  # of Theano's tanh: 2e-7 measured

    def test_nine_arrays_without_names_are_one_gru_of_keras_1(self, tmp_path: Path) -> None:
        with h5py.File(KERAS_1.path) as file:
            group = file["gru_1"]
            arrays = [group[name][()] for name in group.attrs["weight_names"]]
        np.savez(tmp_path / "w.npz", *arrays)
        (layer,) = load_layers(tmp_path / "w.npz", return_sequences=True).values()
        _, x, y = KERAS_1.runs[0]
        assert np.abs(layer(x) - y).max() < 1e-6  # of Theano's tanh: 2e-7 measured
        assert layer.provenance.inferred["keras_version"].value == "1"

    @pytest.mark.parametrize("halves", [("",), ("forward_", "backward_")])
    def test_an_lstm_of_keras_1_is_no_gru(self, tmp_path: Path, halves: tuple[str, ...]) -> None:
        shapes = {"W": (4, 5), "U": (5, 5), "b": (5,)}
        names = [f"{half}lstm_1_{a}_{gate}" for half in halves for gate in "icfo" for a in shapes]
        arrays = [np.ones(shapes[name[-3]], "float32") for name in names]
        with h5py.File(tmp_path / "w.h5", "w") as file:
            file.attrs["layer_names"] = [b"rnn_1"]
            group = file.create_group("rnn_1")
            group.attrs["weight_names"] = [name.encode() for name in names]
            group.update(zip(names, arrays, strict=True))
        np.savez(tmp_path / "w.npz", *arrays)
        assert load_layers(tmp_path / "w.h5") == load_layers(tmp_path / "w.npz") == {}
        ended = invoke("inspect", str(tmp_path / "w.h5"))
        assert f"it holds {len(halves)} LSTM of Keras 1 (" in ended.err

    def test_a_config_of_tensorflow_2_0_is_not_overruled_by_names(self, tmp_path: Path) -> None:
        path = _legacy(tmp_path, "2.2.4-tf", (3,), "gru/kernel:0")
        gru = _gru(1)
        gru["config"] |= {"recurrent_activation": "sigmoid", "reset_after": False}
        model = {"class_name": "Sequential", "config": {"name": "m", "layers": [gru]}}
        with h5py.File(path, "a") as file:
            file.attrs["model_config"] = json.dumps(model)
        (layer,) = load_layers(path).values()
        assert layer.config.recurrent_activation == "sigmoid"
        assert "recurrent_activation" in layer.provenance.read

    @pytest.mark.parametrize(
        ("version", "bias", "name", "expected"),
        [
            ("2.1.6", (3,), "gru/kernel:0", "hard_sigmoid"),
            ("2.1.6-tf", (3,), "gru/kernel:0", "hard_sigmoid"),
            ("2.3.1", (3,), "gru/kernel:0", "sigmoid"),
            (None, (3,), "gru/kernel:0", "hard_sigmoid"),
            (None, (2, 3), "gru/kernel:0", "sigmoid"),
            ("2.2.4-tf", (3,), "gru/kernel:0", "hard_sigmoid"),
            ("2.2.4-tf", (2, 3), "gru/kernel:0", "sigmoid"),
            ("2.4.0", (3,), "gru/gru_cell/kernel:0", "sigmoid"),
            ("2.15.0", (2, 3), "gru/gru_cell/kernel:0", "sigmoid"),
        ],
    )
    def test_the_gates_of_old_classes(
        self,
        version: str | None,
        bias: tuple[int, ...],
        name: str,
        expected: str,
        tmp_path: Path,
    ) -> None:
        (layer,) = load_layers(_legacy(tmp_path, version, bias, name)).values()
        assert layer.config.recurrent_activation == expected
        assert layer.provenance.assumed["recurrent_activation"] == expected

    @pytest.mark.parametrize("version", ["1", "1.2.2", "0.3.3", "2.2.4", "1.0.8"])
    def test_old_releases_can_be_given(self, version: str) -> None:
        with np.load(NPZ) as arrays:
            kernel, recurrent, bias = (arrays[f"arr_{k}"] for k in range(3))
        layer = _of_npz(kernel, recurrent, bias[0], version)
        assert layer.config.recurrent_activation == "hard_sigmoid"
        assert layer.provenance.supplied["keras_version"] == layer.keras_version
        assert any(version in note for note in layer.provenance.notes)


class TestWindows:
    """Groups whose names hold backslashes."""

    @pytest.mark.parametrize("ending", ["keras", "weights.h5"])
    def test_they_are_read_as_separators(self, ending: str, tmp_path: Path) -> None:
        recorded = Recorded("tf.keras-2.15.0/bidirectional.model.keras")
        made = tmp_path / f"windows.{ending}"
        with zipfile.ZipFile(recorded.path) as source:
            weights = _with_backslashes(source.read("model.weights.h5"))
            if ending == "weights.h5":
                made.write_bytes(weights)
            else:
                with zipfile.ZipFile(made, "w") as target:
                    for name in ("config.json", "metadata.json"):
                        target.writestr(name, source.read(name))
                    target.writestr("model.weights.h5", weights)
        expected = load_layers(recorded.path)
        layers = load_layers(made)
        assert set(layers) == set(expected)
        for path, layer in layers.items():
            assert recorded.has_weights(layer, expected[path].get_weights())
            if ending == "keras":
                assert layer.get_config() == expected[path].get_config()


class TestCommands:
    """Each command lists what its numbers rest on, and refuses it with --strict."""

    COMMANDS = (
        ("run", "--inputs", "x.npy", "-o", "out.npz"),
        ("trace", "--inputs", "x.npy", "-o", "out.npz"),
        ("diff", "--inputs", "x.npy", "--theirs", "x.npy"),
        ("lint-vectors", "--inputs", "x.npy"),
        ("bundle", "-o", "out.npz"),
        ("convert", "--to", "torch", "-o", "out.npz"),
        ("convert", "--to", "keras3", "-o", "out.keras"),
    )

    def test_inspect_refuses_when_strict_what_it_shows_as_assumed(self) -> None:
        strict = invoke("inspect", KERAS_3.path, "--strict")
        assert (strict.status, strict.out) == (2, "")
        assert "does not say activation=tanh" in strict.err
        whole = Recorded("tf.keras-2.10.0/default.model.h5").path
        assert invoke("inspect", whole, "--strict").status == 0

    def test_what_both_halves_rest_on_is_listed_once(self, tmp_path: Path) -> None:
        ended = invoke("bundle", BOTH.path, "-o", tmp_path / "b.npz")
        assert ended.err.count("activation=tanh") == ended.err.count("all 4 GRUs") == 1
        assert ended.err.count("go_backwards=True") == ended.err.count("go_backwards=False") == 2
        assert max(map(len, ended.err.splitlines()[1:-1])) <= 80  # paths of files aside

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda one: f"{one[0]} {one[-1]}")
    def test_it_is_listed_with_the_option_and_refused_when_strict(
        self, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        x = KERAS_3.runs[0][1]
        np.save("x.npy", x)
        theirs = np.zeros((*x.shape[:2], 5), "float32")
        np.save("theirs.npy", theirs)
        arguments = [command[0], KERAS_3.path, *command[1:]]
        if command[0] == "diff":
            arguments[-1] = "theirs.npy"
        ended = invoke(*arguments)
        assert ended.status in (0, 1)
        for argument in ("activation=tanh", "go_backwards=False"):
            assert re.search(rf"{argument} +assumed; --set ", ended.err)
        for made in tmp_path.glob("out.*"):
            made.unlink()
        strict = invoke(*arguments, "--strict")
        assert strict.status == 2
        assert "does not say activation=tanh" in strict.err
        assert not list(tmp_path.glob("out.*"))

    def test_what_is_settled_is_not_listed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        ended = _run(KERAS_3.path, tmp_path, *SETTLED, "--keras-version", "3", "--strict")
        assert (ended.status, ended.err) == (0, "")

    def test_the_release_is_listed_where_the_number_depends_on_it(self, tmp_path: Path) -> None:
        assert "--keras-version" not in _run(KERAS_3.path, tmp_path).err
        hard = _run(KERAS_3.path, tmp_path, "--set", "recurrent_activation=hard_sigmoid")
        assert "--keras-version" in hard.err

    @pytest.mark.parametrize("word", ["maybe", "", "2", "none", "tru"])
    def test_a_flag_is_true_or_false(self, word: str, tmp_path: Path) -> None:
        ended = _run(KERAS_3.path, tmp_path, "--set", f"go_backwards={word}")
        assert ended.status == 2
        assert f"--set go_backwards is {word!r}, expected true or false" in ended.err

    def test_the_words_of_a_flag(self, tmp_path: Path) -> None:
        states = {}
        for word in ("no", "off", "false", "0", "FALSE", "yes", "on", "true", "1", "True"):
            assert _run(KERAS_3.path, tmp_path, "--set", f"go_backwards={word}").status == 0
            with np.load(tmp_path / "y.npz") as written:
                states.setdefault(written["state"].tobytes(), []).append(word)
        assert sorted(map(len, states.values())) == [5, 5]

    def test_load_layers_takes_flags_alone(self) -> None:
        with pytest.raises(TypeError, match="go_backwards is 'no', expected True or False"):
            load_layers(KERAS_3.path, go_backwards="no")


class TestConverted:
    """A converted file carries what was assumed before."""

    @pytest.mark.parametrize("ending", ["npz", "json"])
    def test_it_is_assumed_again_where_the_file_is_read(self, ending: str, tmp_path: Path) -> None:
        made = tmp_path / f"w.{ending}"
        convert = ("convert", KERAS_3.path, "--to", "torch", "-o", made, "--force")
        assert invoke(*convert).status == 0
        (layer,) = load_layers(made).values()
        assert {"activation", "recurrent_activation", "go_backwards"} <= set(
            layer.provenance.assumed
        )
        if ending == "npz":
            with np.load(made) as arrays:
                assert "weight_ih_l0" in arrays
                assert not any("gru_ref" in name for name in arrays)
        settled = ("--set", "activation=tanh", "--set", "recurrent_activation=sigmoid")
        assert invoke(*convert, *settled, "--set", "go_backwards=no").status == 0
        (layer,) = load_layers(made).values()
        assert {"activation", "recurrent_activation"} <= set(layer.provenance.read)

    def test_a_model_of_keras_3_carries_it_for_each_layer(self, tmp_path: Path) -> None:
        made = tmp_path / "new.keras"
        convert = ("convert", KERAS_3.path, "--to", "keras3", "-o", made, "--force")
        assert invoke(*convert).status == 0
        with pytest.warns(AssumptionWarning, match="activation='tanh'"):
            (layer,) = load_layers(made).values()
        (before,) = load_layers(KERAS_3.path).values()
        assert layer.provenance.assumed == {
            name: value
            for name, value in before.provenance.assumed.items()
            if name not in ("keras_version", "time_major")
        }
        again = ("convert", made, "--to", "torch", "-o", tmp_path / "w.npz", "--strict")
        assert "does not say activation=tanh" in invoke(*again).err
        (other,) = load_layers(made, activation="relu").values()
        assert other.config.activation == "relu"
        assert invoke(*convert, "--gru-only", "--config", _config(KERAS_3)).status == 0
        (layer,) = load_layers(made).values()
        assert layer.provenance.assumed == {}

    def test_an_activation_that_arrays_are_multiplied_for_cannot_be_replaced(
        self, tmp_path: Path
    ) -> None:
        made = tmp_path / "new.keras"
        convert = ("convert", KERAS_1.path, "--to", "keras3", "-o", made)
        assert invoke(*convert, "--keras-version", "1.2.2").status == 0
        layers = load_layers(made)
        assert all("recurrent_activation" in one.provenance.assumed for one in layers.values())
        with pytest.raises(ValueError, match="recurrent_activation is 'sigmoid'"):
            load_layers(made, recurrent_activation="sigmoid")

    def test_an_onnx_model_carries_it(self, tmp_path: Path) -> None:
        tensors = {"W": np.ones((1, 6, 3), "f4"), "R": np.ones((1, 6, 2), "f4")}
        made = tmp_path / "gru.onnx"
        text = carried_text({"activation": "tanh", "recurrent_activation": "sigmoid"})
        for carried, assumed in ((b"", False), (text.encode(), True)):
            entry = field(14, field(1, KEY.encode()) + field(2, carried))
            nodes = graph([node("GRU", "x W R", "Y")], tensors, inputs={"x": (4, 1, 3)})
            made.write_bytes(model(nodes, entry))
            (layer,) = load_layers(made).values()
            for name in ("activation", "recurrent_activation"):
                assert (name in layer.provenance.assumed) is assumed
                assert (name in layer.provenance.read) is not assumed

    @pytest.mark.parametrize(
        "text", [b"", b"no JSON", b"[1]", b'{"gru_ref_assumed": 1}', b"9" * 5000, b"[" * 4000]
    )
    def test_another_comment_carries_nothing(self, text: bytes) -> None:
        assert carried_values(text) == {}


class TestUsersOwnClass:
    """A subclass of GRU in a file: its code is not there."""

    PATH = ROOT / "keras-3.15.1" / "custom.folder"

    def test_it_is_an_assumption_until_the_user_says_so(self) -> None:
        with pytest.warns(AssumptionWarning, match="class_name='GRU'"):
            (layer,) = load_layers(self.PATH).values()
        assert layer.provenance.assumed == {"class_name": "GRU"}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (layer,) = load_layers(self.PATH, class_name="GRU").values()
        assert layer.provenance.assumed == {}
        with pytest.raises(ValueError, match="class_name is 'LSTM', expected 'GRU'"):
            load_layers(self.PATH, class_name="LSTM")

    @pytest.mark.parametrize(
        ("outer", "stated"),
        [("MyGRU", "MyGRU is a GRU"), ("Bidirectional", "the class within is a GRU")],
    )
    def test_it_is_the_class_within_a_wrapper_that_is_assumed(
        self, outer: str, stated: str
    ) -> None:
        with pytest.warns(AssumptionWarning):
            (layer,) = load_layers(self.PATH).values()
        layer.provenance = dataclasses.replace(layer.provenance, class_name=outer)
        (rows,) = assumption_rows([layer], frozenset({"class_name"})).values()
        assert rows == [(stated, "assumed; --set class_name=GRU")]

    def test_a_bundle_carries_what_was_assumed(self, tmp_path: Path) -> None:
        gru_ref.save_bundle(tmp_path / "b.npz", load_layers(KERAS_3.path, activation="relu"))
        with pytest.warns(AssumptionWarning, match="recurrent_activation='sigmoid'"):
            (layer,) = load_layers(tmp_path / "b.npz").values()
        assert "activation" in layer.provenance.read
        assert "recurrent_activation" in layer.provenance.assumed
        (other,) = load_layers(tmp_path / "b.npz", recurrent_activation="hard_sigmoid").values()
        assert other.config.recurrent_activation == "hard_sigmoid"


def _run(path: object, folder: Path, *more: object) -> CommandResult:
    np.save(folder / "x.npy", KERAS_3.runs[0][1])
    made = folder / "y.npz"
    return invoke("run", path, "--inputs", folder / "x.npy", "-o", made, "--force", *more)


def _gru(units: int) -> dict[str, Any]:
    return {"class_name": "GRU", "config": {"name": "gru", "units": units}}


def _legacy(folder: Path, version: str | None, bias: tuple[int, ...], name: str) -> Path:
    """Write a legacy file of weights alone with one GRU of one unit and one feature."""
    path = folder / "w.h5"
    names = [name, name.replace("kernel", "recurrent_kernel"), name.replace("kernel", "bias")]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"gru"]
        if version is not None:
            file.attrs["keras_version"] = version
        group = file.create_group("gru")
        group.attrs["weight_names"] = [one.encode() for one in names]
        for one, shape in zip(names, ((1, 3), (1, 3), bias), strict=True):
            group[one] = np.ones(shape, "float32")
    return path


def _of_npz(kernel: object, recurrent: object, bias: object, version: str) -> gru_ref.GRU:
    buffer = io.BytesIO()
    np.savez(buffer, kernel, recurrent, bias)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "gru.npz"
        place.write_bytes(buffer.getvalue())
        (layer,) = load_layers(place, keras_version=version).values()
    return layer


def _with_backslashes(data: bytes) -> bytes:
    """Return HDF5 with one group a layer, whose name holds backslashes."""
    made = io.BytesIO()
    with h5py.File(io.BytesIO(data)) as source, h5py.File(made, "w") as target:

        def copy(name: str, found: object) -> None:
            if isinstance(found, h5py.Group) and name.rpartition("/")[2] == "vars" and len(found):
                place = name.rpartition("/")[0].replace("/", "\\")
                source.copy(found, target.require_group(place), "vars")

        source.visititems(copy)
    return made.getvalue()


class TestHalvesInOrderOfTheAlphabet:
    """The .weights.h5 of Keras 2.12: every second number, and the backward layer first."""

    def test_each_half_has_its_own_config(self) -> None:
        above = "_layer_checkpoint_dependencies/bidirectional"
        sizes = {"": 5, "_2": 4}
        found = [
            Found(
                f"{above}{number}/{half}_layer/cell",
                np.zeros((4, 3 * units), "float32"),
                np.zeros((units, 3 * units), "float32"),
                backward=half == "backward",
            )
            for number, units in sizes.items()
            for half in ("backward", "forward")
        ]
        found[2] = dataclasses.replace(found[2], recurrent_kernel=np.zeros((3, 9), "float32"))
        made = with_given_config(found, _config(BOTH), Limits())
        assert [one.path for one in made] == [one.path for one in found]
        assert [(one.config or {})["go_backwards"] for one in made] == [True, False, True, False]


def test_a_config_against_a_graph_is_refused(tmp_path: Path) -> None:
    name = next(n for n in recorded_exports.NAMES if n.startswith("tflite-backwards"))
    path = recorded_exports.write(recorded_exports.content(name), tmp_path / name)
    (layer,) = load_layers(path).values()
    gru = _gru(layer.units)
    gru["config"] |= {"activation": "tanh", "go_backwards": True}
    load_layers(path, config={"config": {"layers": [gru]}})
    gru["config"]["go_backwards"] = False
    with pytest.raises(ValueError, match=r"config says go_backwards=False of .*expected True"):
        load_layers(path, config={"config": {"layers": [gru]}})
