"""A bundle returns what was put in, with a probe that tells GRUs apart; altered, it is refused."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref import Limits, MalformedFileError
from gru_ref.files.bundles import RecordedCall, bundle_bytes
from gru_ref.files.probe import products
from parity_tests.environment import ROOT
from parity_tests.recording.files import recorded_files
from parity_tests.recording.files.recorded_files import Recorded as File
from parity_tests.tests.files import altered_bundles as altered
from parity_tests.tests.files.altered_bundles import Members, built_gru, members_of
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of, npz_layer

# Every generation, and files of several parts.
RELEASES = ("keras-1.2.2", "keras-2.3.1", "tf.keras-2.4.0", "tf_keras-2.21.0", "keras-3.15.1")
NAMES = [name for name in recorded_files.NAMES if name.startswith(RELEASES)]
NAMES += ["keras-3.5.0/stateful.folder"]
PROBE = ("inputs", "initial_state", "mask", "outputs", "states")
WEIGHTS_AND_PROBE = ("kernel", "recurrent_kernel", "bias", *PROBE)


@pytest.fixture(scope="module")
def honest() -> Members:
    """The members of a bundle of one GRU."""
    return members_of(bundle_bytes(built_gru(return_sequences=True)))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Members], Path]:
    """Write members as numpy.savez does."""
    return lambda members: altered.write_bundle(tmp_path / "gru.npz", members)


def _load_again(folder: Path, layers: Any) -> dict[str, gru_ref.GRU]:
    """Return what a bundle of one layer or several holds."""
    gru_ref.save_bundle(folder / "b", layers)
    return gru_ref.load_grus(folder / "b")


class TestRoundTrip:
    """What Keras's own files hold comes back."""

    @pytest.mark.parametrize("name", NAMES)
    def test_every_gru_of_a_file_comes_back(self, name: str, tmp_path: Path) -> None:
        recorded = File(name)
        layers = gru_ref.load_grus(recorded.path)
        again = _load_again(tmp_path, layers)
        assert list(again) == list(layers)
        for one, other in zip(again.values(), layers.values(), strict=True):
            assert one.get_config() == other.get_config()
            assert one.implementation == other.implementation
            assert one.keras_version == other.keras_version
            assert any(File.has_weights(one, gru) for gru in recorded.grus)

    @pytest.mark.parametrize(
        "dtype", ["float32", "float64", "float16", "bfloat16", "mixed_float16"]
    )
    def test_dtypes_and_odd_numbers_come_back(self, dtype: str, tmp_path: Path) -> None:
        layer = built_gru(dtype=dtype, use_bias=False, time_major=True, go_backwards=True)
        kernel, recurrent_kernel = layer.get_weights()
        kernel[0, :3] = np.nan, np.inf, -0.0
        layer.set_weights([kernel, recurrent_kernel])
        (again,) = _load_again(tmp_path, layer).values()
        stored, read = ([w.tobytes() for w in one.get_weights()] for one in (layer, again))
        assert read == stored

    def test_what_no_config_of_keras_says_comes_back(self, tmp_path: Path) -> None:
        arguments = {"implementation": 1, "use_cudnn": False, "execution": "xla"}
        (again,) = _load_again(tmp_path, built_gru(keras_version="3", **arguments)).values()
        assert {name: getattr(again, name) for name in arguments} == arguments

    def test_another_process_makes_the_same_bytes(self, tmp_path: Path) -> None:
        path = File("keras-3.5.0/bidirectional.weights.h5").path
        code = "import sys, gru_ref as g; g.save_bundle(sys.argv[2], g.load_grus(sys.argv[1]))"
        command = [sys.executable, "-c", code, path, tmp_path / "b"]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "1"}, cwd=ROOT, check=True)
        assert (tmp_path / "b").read_bytes() == bundle_bytes(gru_ref.load_grus(path))

    def test_the_origin_says_what_was_not_said_and_what_was_supplied(self, tmp_path: Path) -> None:
        layers = gru_ref.load_layers(NPZ, go_backwards=True, keras_version="3.5")
        (layer,) = _load_again(tmp_path, layers).values()
        (said,) = gru_ref.load_bundle(tmp_path / "b").said.values()
        source = said["source"]
        assert source["file"] == "gru.npz"
        assert source["sha256"] == {"gru.npz": hashlib.sha256(NPZ.read_bytes()).hexdigest()}
        assert source["supplied"] == {"go_backwards": True, "keras_version": "3.5"}
        assert source["assumed"]["activation"] == "tanh"
        assert (said["keras_version"], source["keras_version"]) == ("3.5", None)
        assert layer.provenance.assumed == source["assumed"]
        assert any("supplied: {'go_backwards': True" in note for note in layer.provenance.notes)


class TestProbe:
    """The probe is a call that tells GRUs apart, and the live layer's own where it is given."""

    def test_numpy_alone_reads_it(self, honest: Members) -> None:
        probe = {name: honest[f"0/{name}"] for name in ("inputs", "initial_state", "mask")}
        assert {name: array.shape for name, array in probe.items()} == {
            "inputs": (4, 6, 2), "initial_state": (4, 3), "mask": (4, 6),
        }  # fmt: skip
        layer = built_gru(return_sequences=True, return_state=True)
        layer.engine = "core"  # as the probe
        outputs, state = layer(probe["inputs"], probe["initial_state"], mask=probe["mask"])
        assert (outputs == honest["0/outputs"]).all()
        assert (state == honest["0/states"][:, -1]).all()

    def test_rows_differ_in_what_a_port_has_to_know(self, honest: Members) -> None:
        start, mask = honest["0/initial_state"], honest["0/mask"]
        assert start.any(axis=1).tolist() == [False, True, False, True]
        assert mask.all(axis=1).tolist() == [True, True, False, False]
        assert mask[2].tolist() == sorted(mask[2].tolist(), reverse=True)
        assert not mask[3, 0]

    def test_inputs_are_those_of_the_seed(self) -> None:
        raw = np.random.PCG64(7).random_raw(4 * 6 * 2) >> np.uint64(56)
        inputs = members_of(bundle_bytes(built_gru(), seed=7))["0/inputs"]
        assert (inputs.ravel() == (2.0 * raw - 255) / 256).all()

    def test_outputs_of_the_live_layer_are_kept(self, tmp_path: Path) -> None:
        live = arrays_of(EXPECTED)
        call = RecordedCall(live["x"], live["outputs"])
        gru_ref.save_bundle(tmp_path / "b", npz_layer(return_sequences=True), recorded=call)
        bundle = gru_ref.load_bundle(tmp_path / "b")
        (probe,), (said,) = bundle.probes.values(), bundle.said.values()
        assert (probe.outputs == live["outputs"]).all()
        assert said["probe"]["outputs_by"] == "theirs"
        bound = said["probe"]["tolerance"]
        np.testing.assert_allclose(probe.states[:, -1], live["state"], rtol=0, atol=bound)

    def test_outputs_in_bfloat16_are_kept(self, tmp_path: Path) -> None:
        layer = built_gru(dtype="bfloat16", return_sequences=True)
        x = np.linspace(-1, 1, 20, dtype="float32").reshape(2, 5, 2)
        gru_ref.save_bundle(tmp_path / "b", layer, recorded=RecordedCall(x, layer(x)))
        (probe,) = gru_ref.load_bundle(tmp_path / "b").probes.values()
        assert (probe.outputs == layer(x).astype("float32")).all()

    @pytest.mark.parametrize("last_alone", [False, True])
    def test_outputs_that_are_not_the_layers_are_refused_first(self, last_alone: bool) -> None:
        live = arrays_of(EXPECTED)
        outputs = live["outputs"]
        outputs[1, -1, 2] += 1e-4
        call = {"inputs": live["x"], "outputs": outputs[:, -1] if last_alone else outputs}
        place = r"outputs\[1, 2\]" if last_alone else r"outputs\[1, 2, 2\]"
        with pytest.raises(ValueError, match=place):
            bundle_bytes(npz_layer(), recorded=RecordedCall(**call))
        bundle_bytes(npz_layer(), recorded=RecordedCall(**call, tolerance=2e-4))


class TestRefusals:
    """What cannot be bundled is said before anything is written."""

    def test_a_function_is_no_data(self, tmp_path: Path) -> None:
        layer = built_gru(activation=lambda x: x / 2)
        with pytest.raises(ValueError, match="activation"):
            gru_ref.save_bundle(tmp_path / "b", layer)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("layers", "error"),
        [
            ({}, ValueError),
            (None, TypeError),
            ({"a": 1}, TypeError),
            ({"a": gru_ref.GRU(2)}, ValueError),
        ],
    )
    def test_no_built_gru(self, layers: Any, error: type[Exception]) -> None:
        with pytest.raises(error, match="expected"):
            bundle_bytes(layers)

    def test_a_seed_that_is_none(self) -> None:
        for seed in (-1, 1.0, True):
            with pytest.raises(ValueError, match="seed is"):
                bundle_bytes(built_gru(), seed=seed)

    def test_a_recorded_call_for_several(self) -> None:
        call = RecordedCall(np.ones((1, 1, 2)), np.ones((1, 3)))
        with pytest.raises(ValueError, match="layers are 2, expected one"):
            bundle_bytes({"a": built_gru(), "b": built_gru()}, recorded=call)

    @pytest.mark.parametrize(
        ("changed", "error", "message"),
        [
            ({"inputs": np.ones((2, 3, 9))}, ValueError, "inputs has shape"),
            ({"inputs": np.ones((3, 4))}, ValueError, "inputs has shape"),
            ({"inputs": np.ones((2, 3, 2), int)}, TypeError, "inputs has dtype"),
            ({"outputs": np.ones((2, 4))}, ValueError, "outputs has shape"),
            ({"initial_state": np.ones((1, 3))}, ValueError, "initial_state has shape"),
            ({"mask": np.ones((2, 2), bool)}, ValueError, "mask has shape"),
            ({"mask": np.ones((2, 3))}, TypeError, "mask has dtype"),
            ({"tolerance": -1.0}, ValueError, "tolerance is"),
        ],
    )
    def test_a_call_that_does_not_fit(
        self, changed: Any, error: type[Exception], message: str
    ) -> None:
        call = {"inputs": np.ones((2, 3, 2)), "outputs": np.ones((2, 3)), **changed}
        with pytest.raises(error, match=message):
            bundle_bytes(built_gru(), recorded=RecordedCall(**call))

    def test_a_file_that_is_no_bundle(self, tmp_path: Path) -> None:
        with pytest.raises(MalformedFileError, match="gru_ref_bundle"):
            gru_ref.load_bundle(NPZ)
        with pytest.raises(FileNotFoundError):
            gru_ref.load_bundle(tmp_path / "none.npz")


class TestAlterations:
    """A number that is not the one written is refused, and named."""

    @pytest.mark.parametrize("name", WEIGHTS_AND_PROBE)
    def test_one_bit_of_an_array(self, name: str, honest: Members, written: Any) -> None:
        changed = honest[f"0/{name}"].copy()
        changed.view("uint8").flat[0] ^= 1
        with pytest.raises(MalformedFileError, match=r"sha256 .* altered") as caught:
            gru_ref.load_layers(written({**honest, f"0/{name}": changed}))
        assert caught.value.place == f"0/{name}"

    @pytest.mark.parametrize("name", WEIGHTS_AND_PROBE)
    def test_a_number_with_its_hash_written_anew(
        self, name: str, honest: Members, written: Any
    ) -> None:
        changed = honest[f"0/{name}"].copy()
        if name == "mask":
            changed[0, 0] = False
        else:
            changed.flat[0] += 1e-4
        with pytest.raises(MalformedFileError, match="do not belong together") as caught:
            gru_ref.load_layers(written(altered.rehash({**honest, f"0/{name}": changed})))
        assert caught.value.place == "gru, probe"
        assert "outputs[" in caught.value.reason or "states[" in caught.value.reason

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("activation", "relu"),
            ("recurrent_activation", "hard_sigmoid"),
            ("go_backwards", True),
            ("zero_output_for_mask", True),
            ("return_sequences", False),
            ("units", 4),
            ("reset_after", False),
            ("dtype", "float64"),
        ],
    )
    def test_a_config(self, key: str, value: Any, honest: Members, written: Any) -> None:
        said = altered.description(honest)
        said["layers"][0]["config"][key] = value
        text = np.array(json.dumps(said).encode())
        with pytest.raises(MalformedFileError, match=r"sha256 .* altered") as caught:
            gru_ref.load_layers(written({**honest, altered.META: text}))
        assert caught.value.place == altered.META
        anew = written(altered.rehash(honest, said))
        if key in ("return_sequences", "dtype"):  # no part of what the probe computes
            assert len(gru_ref.load_layers(anew)) == 1
        else:
            with pytest.raises(MalformedFileError):
                gru_ref.load_layers(anew)

    def test_the_generation_of_a_hard_sigmoid(self, written: Any) -> None:
        layer = built_gru(recurrent_activation="hard_sigmoid", keras_version="3.0")
        members = members_of(bundle_bytes(layer))
        older = altered.with_said(members, "layers", 0, "keras_version", value="2.15")
        with pytest.raises(MalformedFileError, match="do not belong together"):
            gru_ref.load_layers(written(older))

    def test_an_array_more_or_less(self, honest: Members, written: Any) -> None:
        with pytest.raises(MalformedFileError, match="does not list it"):
            gru_ref.load_layers(written({**honest, "0/extra": np.ones(1)}))
        with pytest.raises(MalformedFileError, match="it is not there"):
            gru_ref.load_layers(written({k: v for k, v in honest.items() if k != "0/bias"}))


def _lists(depth: int) -> Any:
    """Return lists within lists."""
    return functools.reduce(lambda inner, _: [inner], range(depth))


class TestHostile:
    """A description of another kind is an error of the one class; `attacks.bundles` has more."""

    @pytest.mark.parametrize(
        ("way", "value", "says"),
        [
            (("version",), 2, "version is 2, expected 1"),
            (("format",), "another", "format is 'another'"),
            (("layers",), {}, "layers is {}, expected a JSON list"),
            (("layers", 0), None, "expected a JSON object"),
            (("layers", 0, "path"), None, "path is None, expected a JSON str"),
            (("layers", 0, "keras_version"), "nine", "keras_version is 'nine'"),
            (("layers", 0, "config"), [], "config is"),
            (("layers", 0, "config", "units"), _lists(200), "units"),
            (("layers", 0, "config", "units"), _lists(500), "expected 256 at most"),
            (("layers", 0, "config", "activation"), "__import__('os')", "activation"),
            (("layers", 0, "further"), {"use_cudnn": "maybe"}, "use_cudnn"),
            (("layers", 0, "probe", "tolerance"), float("nan"), "tolerance is nan"),
            (("layers", 0, "probe", "tolerance"), "1e-6", "expected a JSON float"),
            (("arrays",), [], "arrays is"),
            (("arrays", "0/kernel"), None, "its dtype is 'float32', expected None"),
        ],
    )
    def test_json_of_another_kind(
        self, way: tuple[Any, ...], value: Any, says: str, honest: Members, written: Any
    ) -> None:
        members = altered.with_said(honest, *way, value=value)
        with pytest.raises(MalformedFileError, match=re.escape(says)):
            gru_ref.load_layers(written(members))

    @pytest.mark.parametrize("name", PROBE)
    @pytest.mark.parametrize("change", ["shape", "dtype", "missing"])
    def test_probe_of_another_kind(
        self, name: str, change: str, honest: Members, written: Any
    ) -> None:
        key = f"0/{name}"
        array = honest[key]
        members, said = dict(honest), altered.description(honest)
        if change == "missing":
            del members[key], said["arrays"][key]
        else:
            members[key] = array[..., :1] if change == "shape" else array.astype("int32")
        with pytest.raises(MalformedFileError, match=name):
            gru_ref.load_layers(written(altered.rehash(members, said)))

    def test_text_that_is_no_text(self, honest: Members, written: Any) -> None:
        for array in (np.zeros(3, "S2"), np.ones(())):
            with pytest.raises(MalformedFileError, match="expected text"):
                gru_ref.load_layers(written({**honest, altered.META: array}))

    def test_work_is_limited(self, honest: Members, written: Any) -> None:
        path = written(honest)
        work = products(honest["0/inputs"], built_gru().config)
        assert work > 4 * 6 * 9 * 5
        assert len(gru_ref.load_layers(path, limits=Limits(max_products=work))) == 1
        with pytest.raises(MalformedFileError, match=r"Limits\(max_products="):
            gru_ref.load_layers(path, limits=Limits(max_products=work - 1))
