"""What exporters of live Keras wrote is read bit for bit; what strangers wrote is refused."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.files.formats.crc32c import crc32c
from gru_ref.files.interpretation.as_layer import as_layer
from gru_ref.files.interpretation.found import Found
from gru_ref.files.malformed import MalformedFileError
from parity_tests.recording.files import recorded_exports
from parity_tests.recording.files.recorded_exports import arrays_of, read
from parity_tests.tests.live.each_case import for_each

# Keras 3 hands neither lists of layers nor stacked cells to tf.train.Checkpoint: the file holds one
# GRU of these models, and not the others. name → how many are missing.
NOT_IN_THE_FILE = {"checkpoint-subclassed-3.15.1": 2, "checkpoint-cells-3.5.0": 2}
READ = recorded_exports.NAMES
SAVED_MODELS = [name for name in READ if name.startswith("saved_model")]
# |gru_ref − Keras|, in float32 from the stored weights: worst seen 2.4e-7, 8.5e-4 (Keras computes
# in float16), 8.1e-3 (in bfloat16) and 2.0e-2 (of weights in eight bits).
BOUNDS = {"float32": 5e-7, "float16": 2e-3, "bfloat16": 2e-2, "int8": 5e-2}

SINGLE = [name for name in READ if name.startswith(("npz", "onnx", "safetensors", "tflite"))]
FOLDERS = ["checkpoint-trained-2.15.0", "export-stacked-3.15.1", "npy-before-3.15.1"]


def _same(found: Found, arrays: list[np.ndarray[Any, Any]]) -> bool:
    mine = arrays_of(found)
    exact = found.stored_dtype != "int8"
    return len(mine) == len(arrays) and all(
        a.dtype == b.dtype
        and a.shape == b.shape
        and (a.tobytes() == b.tobytes() if exact else np.abs(a - b).max() <= _rounding(b))
        for a, b in zip(mine, arrays, strict=True)
    )


def _rounding(array: np.ndarray[Any, Any]) -> float:
    """Return half of what one of 127 levels of an array is."""
    return float(np.abs(array).max()) / 127 / 2 * (1 + 1e-5)


def _expected(name: str) -> list[recorded_exports.Expected]:
    found = recorded_exports.expectations(name)
    return found[:1] if name.startswith(("npz", "npy")) else found


def _as_stored(name: str, arrays: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    if name.startswith("tflite_float16"):
        return [array.astype(np.float16).astype(np.float32) for array in arrays]
    return arrays


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def found_in(place: Path) -> Callable[[str], list[Found]]:
    @functools.cache
    def found_in(name: str) -> list[Found]:
        return read(recorded_exports.write(recorded_exports.content(name), place / name))

    return found_in


class TestRecordedFiles:
    """Every file of fixtures/files/exports-*.tar.xz."""

    @pytest.mark.parametrize("name", READ)
    def test_every_gru_is_found_once_and_bit_identical(
        self, name: str, found_in: Callable[[str], list[Found]]
    ) -> None:
        found = found_in(name)
        expected = [_as_stored(name, one.arrays) for one in _expected(name)]
        matched = [sum(_same(one, arrays) for one in found) for arrays in expected]
        assert matched.count(1) == len(expected) - NOT_IN_THE_FILE.get(name, 0)
        assert sum(matched) == len(found)

    @pytest.mark.parametrize("name", READ)
    def test_the_outputs_equal_the_live_layers(
        self, name: str, found_in: Callable[[str], list[Found]]
    ) -> None:
        release = recorded_exports.release_of(name)
        for one in _expected(name):
            alike = [f for f in found_in(name) if _same(f, _as_stored(name, one.arrays))]
            if not alike:
                continue  # the test above counts them
            how = {"file": name, "file_format": "", "keras_version": release}
            if alike[0].keras_version is not None:
                how["keras_version"] = None
            assumed = as_layer(alike[0], {}, **how).provenance.assumed
            supplied = {k: v for k, v in one.arguments.items() if k in assumed}
            if alike[0].backward:  # known from the path; a supplied one is the forward layer's
                supplied.pop("go_backwards", None)
            layer = as_layer(alike[0], supplied, **how)
            if one.h is None:
                output = layer(one.x)
            else:
                output = layer(one.x[:, :1], initial_state=one.h).reshape(one.y.shape)
            stored = name.partition("-")[0].partition("_")[2]  # of tflite_float16, tflite_int8
            bound = BOUNDS[stored if stored in BOUNDS else one.arguments["dtype"]]
            assert np.abs(output - one.y).max() < bound

    @pytest.mark.parametrize("name", [name for name in READ if name.startswith("tflite")])
    def test_a_graph_says_the_arguments_of_its_layers(
        self, name: str, found_in: Callable[[str], list[Found]]
    ) -> None:
        for one in _expected(name):
            found = next(f for f in found_in(name) if _same(f, _as_stored(name, one.arrays)))
            said = {k: v for k, v in found.already_known.items() if k in one.arguments}
            asked = {"activation", "recurrent_activation", "reset_after"}
            if one.h is None:
                asked |= {"go_backwards", "return_sequences"}
            assert asked <= said.keys()
            assert {k: one.arguments[k] for k in asked} == {k: said[k] for k in asked}
            hard = "hard_sigmoid" in one.arguments.values()
            assert ("keras_version" in found.inferred) == hard

    @pytest.mark.parametrize("name", SAVED_MODELS)
    def test_saved_models_of_keras_2_say_their_configs(
        self, name: str, found_in: Callable[[str], list[Found]]
    ) -> None:
        for one in _expected(name):
            found = next(found for found in found_in(name) if _same(found, one.arrays))
            assert found.keras_version == recorded_exports.release_of(name)
            assert found.config.items() >= one.arguments.items()
            assert (
                as_layer(found, {}, file=name, file_format="saved_model").provenance.assumed == {}
            )

    def test_every_release_writes_a_checkpoint_and_both_generations_the_rest(self) -> None:
        kinds = {(name.split("-")[0], recorded_exports.release_of(name)[0]) for name in READ}
        both = ("checkpoint", "export", "tflite", "onnx")
        assert {(kind, major) for kind in both for major in "23"} <= kinds

    def test_a_weights_only_file_says_what_it_leaves_open(self, place: Path) -> None:
        name = "weights-bidirectional-2.4.0"
        path = recorded_exports.write(recorded_exports.content(name), place / name)
        forward, backward = gru_ref.load_grus(path).values()
        assert {"activation", "go_backwards", "keras_version"} <= set(forward.provenance.assumed)
        assert backward.go_backwards
        assert not forward.go_backwards

    def test_the_paths_are_those_of_the_file(self, found_in: Callable[[str], list[Found]]) -> None:
        assert [found.path for found in found_in("checkpoint-nested-2.4.0")] == [
            "model/layer_with_weights-0/cell",
            "model/layer_with_weights-1/layer_with_weights-0/cell",
            "model/layer_with_weights-2/layer/cell",
        ]
        paths = [found.path for found in found_in("export-stacked-3.15.1")]
        live = [one.name for one in _expected("export-stacked-3.15.1")]
        assert paths == [f"sequential/{name}/gru_cell" for name in live]
        assert found_in("onnx-bidirectional-2.21.0")[1].path.endswith("/reverse")


class TestDamage:
    """A damaged file is refused, or read to the same arrays."""

    @for_each([*FOLDERS, *SINGLE])
    def test_a_file_that_is_cut_short_is_refused_or_whole(self, name: str) -> None:
        files = recorded_exports.content(name)
        with tempfile.TemporaryDirectory() as folder:
            whole = read(recorded_exports.write(files, Path(folder) / "whole"))
            for path, data in files.items():
                for i, size in enumerate((0, 1, 7, len(data) // 2, len(data) - 1)):
                    cut = {**files, path: data[:size]}
                    try:
                        found = read(recorded_exports.write(cut, Path(folder) / str(i)))
                    except MalformedFileError:
                        continue
                    kept = [any(_same(one, arrays_of(other)) for other in whole) for one in found]
                    assert all(kept), (path, size)

    def test_a_flipped_bit_of_a_checkpoint_is_caught_or_changes_nothing(
        self, tmp_path: Path
    ) -> None:
        files = recorded_exports.content("checkpoint-backwards-2.21.0")
        whole = read(recorded_exports.write(files, tmp_path / "whole"))
        caught = 0
        for path, data in files.items():
            for position in range(0, len(data), 23):
                damaged = bytearray(data)
                damaged[position] ^= 1 << position % 8
                place = recorded_exports.write({**files, path: bytes(damaged)}, tmp_path / "bit")
                try:
                    found = read(place)
                except MalformedFileError:
                    caught += 1
                    continue
                assert len(found) == len(whole)
                assert all(map(_same, found, map(arrays_of, whole)))
        assert caught > 50

    @pytest.mark.parametrize("chunk", [1 << 15, 4 << 20])
    def test_the_crc_of_long_data_equals_the_definition(
        self, chunk: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gru_ref.files.formats.crc32c._CHUNK", chunk)
        data = np.random.default_rng(0).bytes((1 << 15) + 4567)
        register = 0xFFFFFFFF
        for byte in data:
            register ^= byte
            for _ in range(8):
                register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
        assert crc32c(data) == register ^ 0xFFFFFFFF
