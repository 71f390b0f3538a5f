"""What is no file of GRUs is named, with what its owner can do."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from gru_ref import MalformedFileError, load_layers
from gru_ref.files.held import held
from parity_tests.recording.files import recorded_exports
from parity_tests.tests.support.cli_runner import check_failed, invoke


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("model.h5"))
    return stream.getvalue()


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "a Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "not the file itself, expected a file of Keras weights: git lfs pull",
    ),
    "a web page": (b"\n<!DOCTYPE html>\n<html><head>", "it is a web page (HTML)"),
    "a page in capitals": (b"<HTML>", "it is a web page (HTML)"),
    "torch.save": (_zip("archive/data.pkl", "archive/data/0"), "it is a PyTorch checkpoint"),
    "torch.save until 1.5": (pickle.dumps(0x1950A86A20F9469CFC6C, 2), "it is a PyTorch checkpoint"),
    "a pickle": (pickle.dumps([1.0] * 9), "it is a pickle, which can run code"),
    "joblib": (b"\x80\x04\x95\xa0\0\0\0\0\0\0\0\x8c\x13joblib.numpy_pickle", "perhaps of joblib"),
    "another zip": (_zip("a.txt"), "it is a zip archive of a.txt"),
    "gzip": (
        b"\x1f\x8b\x08\0",
        "by gzip, expected a file of Keras weights: unpack it",
    ),
    "xz": (b"\xfd7zXZ\0\0", "it is packed by xz"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "it is a 7z archive"),
    "tar": (_tar(), "it is a tar archive"),
    "MATLAB 7.3": (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "it is a MATLAB file (v7.3)"),
    "MATLAB 5": (b"MATLAB 5.0 MAT-file, Platform: PCWIN64", "it is a MATLAB file (v5)"),
    # As coremltools 9.0 and TensorFlow 2.21 write them.
    "Core ML": (
        b"\x08\x04\x12$\n\x10\n\x01x\x1a\x0b*\t\n\x03\x01\x01\x04\x10\xc0\x80\x04R\x10\n\x01y\x1a",
        "it is a Core ML model",
    ),
    "the first Core ML": (b"\x08\x01\x12$\n\x10\n\x01x\x1a\x0b*\t\n\x03", "it is a Core ML model"),
    "a frozen graph": (
        b"\nL\n\x12input_of_the_model\x12\x0bPlaceholder*\x1c\n\x05shape",
        "it is a frozen TensorFlow graph (GraphDef)",
    ),
    "a graph as text": (b'node {\n  name: "x"\n}\n', "it is a TensorFlow graph as text"),
    "the names of checkpoints": (
        b'model_checkpoint_path: "ckpt-1"\n',
        "it is the text that names a TensorFlow checkpoint, expected",
    ),
    "OpenVINO": (b'<?xml version="1.0"?>\n<net name="gru">', "it is XML, as OpenVINO writes"),
    "CSV": (b"time,x,y\n0,1,2\n", "it is a table of text (CSV)"),
    "text in another language": ("Gewichte für ein Netz".encode(), "it is text that opens with"),
    "a letter cut in two": (b"a" * 511 + "ü".encode(), "it is text that opens with"),
    "other bytes": (bytes(range(128, 192)), r"it opens with the bytes b'\x80\x81"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_kind_is_named(name: str, tmp_path: Path) -> None:
    data, what = FILES[name]
    path = tmp_path / "model.h5"
    path.write_bytes(data)
    with pytest.raises(MalformedFileError) as caught:
        load_layers(path)
    assert what in caught.value.reason
    check_failed(invoke("inspect", path))


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["_METADATA", "manifest.ocdbt", "d/0"], "it is an Orbax checkpoint"),
        (["Manifest.json", "Data/model.mlmodel"], "it is a Core ML model"),
        (["config.json", "model.safetensors"], "give 'model.safetensors'"),
        (["a.txt"], "it is a folder without saved_model.pb"),
    ],
)
def test_a_folder_of_another_kind_is_named(names: list[str], what: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(MalformedFileError) as caught:
        load_layers(tmp_path)
    assert what in caught.value.reason


def test_hdf5_that_is_cut_short_says_how_much_is_missing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file["a"] = np.ones(3000)
    data = (tmp_path / "whole.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(data[: len(data) // 2])
    wanted = f"it has {len(data) // 2:,} of the {len(data):,} bytes"
    with pytest.raises(MalformedFileError, match=wanted):
        load_layers(tmp_path / "cut.h5")


def test_hdf5_of_other_programs_shows_its_arrays(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["spectra/a"] = np.ones((4, 5))
        file["b"] = np.ones(3)
    assert load_layers(tmp_path / "x.h5") == {}
    wanted = "2 arrays (b 3, spectra/a 4x5), and is perhaps not a file of Keras"
    assert held(tmp_path / "x.h5") == wanted


def _keras_3(folder: Path) -> dict[str, Path]:
    """Write what Keras 3 calls the groups of a model of LSTM, SimpleRNN, Embedding and Dense."""
    classes = {
        "LSTM": "lstm",
        "SimpleRNN": "simple_rnn",
        "Embedding": "embedding",
        "Dense": "dense",
    }
    weights = folder / "m.weights.h5"
    with h5py.File(weights, "w") as file:
        for name, arrays in {
            "layers/lstm/cell": [(3, 16), (4, 16), (16,)],
            "layers/simple_rnn/cell": [(4, 2), (2, 2), (2,)],
            "layers/embedding": [(7, 3)],
            "layers/dense": [(2, 3), (3,)],
        }.items():
            for i, shape in enumerate(arrays):
                file[f"{name}/vars/{i}"] = np.ones(shape)
    layers = [{"class_name": c, "config": {"name": n}} for c, n in classes.items()]
    model = {"class_name": "Sequential", "config": {"name": "model", "layers": layers}}
    with zipfile.ZipFile(folder / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.write(weights, "model.weights.h5")
    return {"keras": folder / "m.keras", "weights": weights}


def test_a_model_without_a_gru_shows_its_layers(tmp_path: Path) -> None:
    paths = _keras_3(tmp_path)
    assert load_layers(paths["keras"]) == load_layers(paths["weights"]) == {}
    assert held(paths["keras"]) == (
        "1 LSTM (lstm), 1 SimpleRNN (simple_rnn), 1 Embedding (embedding), 1 Dense (dense)"
    )
    assert held(paths["weights"]) == (
        "1 Dense (layers/dense), 1 Embedding (layers/embedding), 1 LSTM (layers/lstm/cell), "
        "1 SimpleRNN (layers/simple_rnn/cell)"
    )
    said = "holds no GRU, expected one at least: it holds 1 LSTM (lstm)"
    check_failed(invoke("inspect", paths["keras"]), said)


def test_a_gru_whose_arrays_do_not_fit_is_said_to_be_one(tmp_path: Path) -> None:
    gru = {"class_name": "GRU", "config": {"name": "gru", "units": 4}}
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": [gru]}}
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["layer_names"] = [b"gru"]
        group = file.create_group("gru")
        group.attrs["weight_names"] = [b"gru/kernel:0"]
        group["gru/kernel:0"] = np.ones((2, 5), "float32")
    assert load_layers(tmp_path / "m.h5") == {}
    said = "1 GRU (gru), whose arrays are not there or not of its shapes"
    assert held(tmp_path / "m.h5") == said


def test_many_layers_are_counted_and_a_few_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **{f"dense_{i}/kernel": np.ones((2, 3)) for i in range(9)})
    wanted = "9 Dense (dense_0, dense_1, dense_2, dense_3, …)"
    assert held(tmp_path / "x.npz") == wanted


@pytest.mark.parametrize(
    "name",
    ["onnx-stacked-3.15.1", "tflite-stacked-2.15.0", "export-stacked-3.15.1",
     "saved_model-nested-2.15.0", "checkpoint-nested-2.4.0"],
)  # fmt: skip
def test_every_format_can_say_what_it_holds(name: str, tmp_path: Path) -> None:
    """These hold GRUs, and the rest of their models too."""
    path = recorded_exports.write(recorded_exports.content(name), tmp_path / "x")
    said = held(path)
    assert said
    assert said != "no arrays of a GRU"
    assert len(said) < 500
