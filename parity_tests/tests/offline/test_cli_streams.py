"""``-`` for an array, a bundle in the place of FILE and of inputs, and what is written where."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.atomic_write import write_all
from gru_ref.files.writers import keras3
from parity_tests.environment import ROOT
from parity_tests.tests.support import small_gru
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of
from parity_tests.tests.support.cli_runner import check_failed, invoke

SEQUENCES = ("--keras-version", "2", "--set", "return_sequences=true")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay inputs, live Keras's outputs and a bundle into a folder of their own."""
    monkeypatch.chdir(tmp_path)
    recorded = arrays_of(EXPECTED)
    np.save("x.npy", recorded["x"])
    np.save("y.npy", recorded["outputs"])
    (layer,) = gru_ref.load_grus(NPZ, keras_version="2", return_sequences=True).values()
    gru_ref.save_bundle("b.npz", layer)


def _piped(*arguments: object, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run gru-ref in a process of its own, with bytes on its standard input."""
    command = [sys.executable, "-m", "gru_ref.cli", *map(str, arguments)]
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=data, capture_output=True, env=settings)


# ---- standard input and output


def test_an_array_comes_from_standard_input_and_goes_to_standard_output() -> None:
    ran = _piped(
        "run", NPZ, *SEQUENCES, "--inputs", "-", "-o", "-", data=Path("x.npy").read_bytes()
    )
    assert ran.returncode == 0, ran.stderr
    assert b"standard output: output (" in ran.stderr
    np.testing.assert_allclose(np.load(io.BytesIO(ran.stdout)), np.load("y.npy"), atol=1e-6)
    compared = _piped(
        "diff", NPZ, *SEQUENCES, "--inputs", "x.npy", "--theirs", "-", data=ran.stdout
    )
    assert compared.returncode == 0
    assert compared.stdout.startswith(b"Equal up to rounding.")


def test_a_trace_goes_to_standard_output_as_csv() -> None:
    ran = _piped("trace", NPZ, "--inputs", "x.npy", "-o", "-")
    invoke("trace", NPZ, "--inputs", "x.npy", "-o", "t.csv")
    assert ran.stdout == Path("t.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", NPZ, "--inputs", "-", "--mask", "-", "-o", "o.npz"), "it is -, as --inputs is"),
        (("run", NPZ, "--inputs", "x.npy", "-o", "-", "--json"), "where --json prints"),
        (("bundle", NPZ, "-o", "-"), "--output is -, standard output, expected the path of a file"),
        (("trace", NPZ, "--inputs", "x.npy", "--picture", "-"), "--picture is -, standard output"),
        (("run", NPZ, "--inputs", "-", "-o", "o.npz"), "--inputs is '-', expected arrays as"),
    ],
)
def test_a_stream_that_does_not_do_is_refused(
    arguments: tuple[Any, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"no array")))
    check_failed(invoke(*arguments), says)
    assert not Path("o.npz").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_binary_numbers_do_not_go_to_a_terminal() -> None:
    leader, follower = os.openpty()
    command = [sys.executable, "-m", "gru_ref.cli", "run", str(NPZ), "--inputs", "x.npy", "-o", "-"]
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, stdout=follower, stderr=subprocess.PIPE, env=settings)
    os.close(leader)
    os.close(follower)
    assert ran.returncode == 2
    assert b"--output is -, standard output, which is a terminal, expected a pipe" in ran.stderr


# ---- a bundle


def test_a_bundle_stands_in_for_file_and_inputs() -> None:
    (probe,) = gru_ref.load_bundle("b.npz").probes.values()
    ended = invoke("run", "b.npz", "-o", "o.npz", "--engine", "core")
    assert ended.status == 0
    assert "note: inputs, mask, initial state: those of the probe of 'arr_0' in b.npz" in ended.err
    np.testing.assert_array_equal(arrays_of(Path("o.npz"))["output"], probe.outputs)
    np.save("probe.npy", probe.outputs)
    assert invoke("diff", "b.npz", "--theirs", "probe.npy").status == 0
    assert invoke("trace", "b.npz", "-o", "t.npz").status == 0
    traced = arrays_of(Path("t.npz"))["output"]
    np.testing.assert_array_equal(np.swapaxes(traced, 0, 1), probe.outputs)


def test_a_bundle_stands_in_for_inputs_alone() -> None:
    (probe,) = gru_ref.load_bundle("b.npz").probes.values()
    call = ("run", NPZ, *SEQUENCES, "--inputs", "b.npz", "--engine", "core")
    assert invoke(*call, "-o", "o.npz").status == 0
    np.testing.assert_array_equal(arrays_of(Path("o.npz"))["output"], probe.outputs)
    np.save("all.npy", np.ones(probe.mask.shape, bool))
    ended = invoke(*call, "--mask", "all.npy", "-o", "all.npz")
    assert "note: inputs, initial state: those of the probe of 'arr_0' in b.npz" in ended.err
    assert not np.array_equal(arrays_of(Path("all.npz"))["output"], probe.outputs)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", NPZ, "-o", "o.npz"),
        ("diff", NPZ, "--theirs", "y.npy"),
        ("trace", NPZ),
        ("lint-vectors", NPZ),
        ("doctor", NPZ, "--outputs", "y.npy"),
    ],
)
def test_without_inputs_and_bundle_there_is_nothing_to_run(arguments: tuple[Any, ...]) -> None:
    check_failed(invoke(*arguments), "--inputs is needed, since FILE is no bundle")


def test_a_bundle_of_several_probes_has_one_for_the_layer_of_its_name() -> None:
    layers = {name: small_gru.layer(return_sequences=True) for name in ("a", "b")}
    gru_ref.save_bundle("two.npz", layers)
    assert invoke("run", "two.npz", "--layer", "b", "-o", "o.npz").status == 0
    ended = invoke("run", NPZ, "--inputs", "two.npz", "-o", "p.npz")
    check_failed(ended, "'two.npz' has the probes of 'a', 'b', expected one of")


def test_the_doctor_takes_no_masked_probe() -> None:
    check_failed(
        invoke("doctor", "b.npz", "--outputs", "y.npy"),
        "the probe of 'arr_0' in b.npz has a mask, expected inputs without one",
    )


# ---- lint-vectors


def test_nothing_is_written_where_nothing_is_better() -> None:
    call = ("lint-vectors", NPZ, "--inputs", "x.npy", *SEQUENCES)
    assert invoke(*call, "--write-better", "better.npz").status == 1
    ended = invoke("lint-vectors", "better.npz", "--write-better", "again.npz")
    assert ended.status == 0
    assert "Not written: again.npz; no test of these sizes was found that" in ended.out
    assert not Path("again.npz").exists()


def test_a_port_without_masks_is_not_told_of_them() -> None:
    call = ("lint-vectors", NPZ, "--inputs", "x.npy", *SEQUENCES, "--ignore", "masks")
    ended = invoke(*call, "--ignore", "state not carried", "--write-better", "better.npz")
    text = " ".join(ended.out.split())
    assert "Ignored: mask ignored, mask inverted, zero_output_for_mask ignored, " in text
    assert "state not carried." in text
    if ended.status == 1:
        (probe,) = gru_ref.load_bundle("better.npz").probes.values()
        assert probe.mask.all()
    check_failed(invoke(*call, "--ignore", "mask"), "--ignore is 'mask', expected one of masks, ")


def test_a_number_that_is_none_is_named() -> None:
    x = np.load("x.npy")
    x[0, 1, 2] = np.nan
    np.save("nan.npy", x)
    ended = invoke("lint-vectors", NPZ, "--inputs", "nan.npy")
    check_failed(ended, "--inputs is nan at (0, 1, 2), expected finite numbers")


# ---- files


@pytest.mark.parametrize("failing", ["mkstemp", "fsync", "replace"])
def test_an_error_of_writing_names_the_file_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/temporary")

    module = "tempfile.mkstemp" if failing == "mkstemp" else f"os.{failing}"
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(module, fail)
    with pytest.raises(OSError, match="No space left") as error:
        write_all({tmp_path / "mine.npz": b"data"})
    monkeypatch.undo()
    assert error.value.filename == str(tmp_path / "mine.npz")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("no/o.npz", "--output is 'no/o.npz', expected a folder that is there"),
        ("x.npy/o.npz", "--output is 'x.npy/o.npz', expected a folder that is there"),
        (f"{'n' * 300}.npz", ".npz: File name too long"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(output: str, says: str) -> None:
    check_failed(invoke("run", NPZ, *SEQUENCES, "--inputs", "x.npy", "-o", output), says)


def test_a_config_of_keras_3_is_not_taken_for_one_of_keras_2() -> None:
    dtype = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    gru = {"name": "gru", "units": 5, "dtype": dtype, "return_sequences": True}
    layers = [
        {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, None, 4]}},
        {"module": "keras.layers", "class_name": "GRU", "config": gru},
    ]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    weights = keras3.weights_h5(keras3.plan_of_weights({"gru": small_gru.layer()}))
    Path("w.weights.h5").write_bytes(weights)
    call = ("convert", "w.weights.h5", "--config", "config.json", "--to", "keras3", "-o", "n.keras")
    check_failed(invoke(*call), "--config is 'config.json', which Keras 3 wrote, expected one of")
    assert not Path("n.keras").exists()
