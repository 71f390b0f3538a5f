"""`gru-ref` inspects files, runs their GRUs, and shows the layouts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from gru_ref.cli.group import SUMMARIES
from gru_ref.layouts import LAYOUTS
from parity_tests.environment import ROOT
from parity_tests.tests.support import cli_files
from parity_tests.tests.support.cli_files import (
    EXPECTED,
    FEATURES,
    FIRST,
    NPZ,
    SECOND,
    UNITS,
    arrays_of,
    numbers,
)
from parity_tests.tests.support.cli_runner import check_failed, invoke


@pytest.fixture
def keras_2(tmp_path: Path) -> Path:
    """A model of Keras 2 with two GRUs."""
    return cli_files.two_grus(tmp_path)


class TestInspect:
    """`inspect` says what a file holds, and what it does not say."""

    def test_shows_every_gru_within_80_columns(self, keras_2: Path) -> None:
        shown = invoke("inspect", keras_2)
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

    def test_names_what_a_file_of_weights_does_not_say(self) -> None:
        words = " ".join(invoke("inspect", NPZ).out.split())
        assert "not said activation=tanh, recurrent_activation=sigmoid" in words
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
        assert "activation" in layer["unknown"]

    def test_flags_what_is_not_finite(self, tmp_path: Path) -> None:
        arrays = list(arrays_of(NPZ).values())
        arrays[0][0, :2], arrays[2][1, 0] = np.nan, np.inf
        np.savez(tmp_path / "bad.npz", *arrays)
        assert "! 2 NaN" in invoke("inspect", tmp_path / "bad.npz").out
        assert "! 1 infinite" in invoke("inspect", tmp_path / "bad.npz").out
        (layer,) = json.loads(invoke("inspect", "--json", tmp_path / "bad.npz").out)["layers"]
        assert layer["arrays"]["kernel"]["nan"] == 2
        assert layer["arrays"]["bias"]["infinite"] == 1

    def test_escapes_names_from_the_file(self, tmp_path: Path) -> None:
        kernel, recurrent, bias = arrays_of(NPZ).values()
        prefix = "[red]\x1b[2J\u202e"
        names = (f"{prefix}/kernel", f"{prefix}/recurrent_kernel", f"{prefix}/bias")
        np.savez(tmp_path / "odd.npz", **dict(zip(names, (kernel, recurrent, bias), strict=True)))
        shown = invoke("inspect", tmp_path / "odd.npz")
        assert "[red]\\x1b[2J\\u202e" in shown.out
        assert not {"\x1b", "\u202e"} & set(shown.out)

    def test_a_warning_is_one_line_beside_the_output(self, keras_2: Path, tmp_path: Path) -> None:
        newer = tmp_path / "newer.keras"
        with zipfile.ZipFile(keras_2) as old, zipfile.ZipFile(newer, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b"2.15.0", b"2.99.0"))
        shown = invoke("inspect", "--json", newer)
        assert len(json.loads(shown.out)["layers"]) == 2
        assert shown.err.startswith("gru-ref: warning: keras_version '2.99.0' is unverified")
        assert shown.err.count("\n") == 1

    def test_caps_are_adjustable(self) -> None:
        refused = invoke("inspect", NPZ, "--limit", "max_bytes=100")
        assert refused.status == 2
        assert "max_bytes" in refused.err
        assert invoke("inspect", NPZ, "--limit", "max_bytes=1e6").status == 0


class TestRun:
    """`run` computes what the live layer returned."""

    @pytest.fixture
    def x(self, tmp_path: Path) -> Path:
        """The recorded input."""
        np.save(tmp_path / "x y.npy", arrays_of(EXPECTED)["x"])
        return tmp_path / "x y.npy"

    def _run(self, tmp_path: Path, *arguments: object) -> dict[str, np.ndarray]:
        ended = invoke("run", NPZ, "-o", tmp_path / "y.npz", "--force", *arguments)
        assert ended.status == 0, ended.err
        return arrays_of(tmp_path / "y.npz")

    def test_outputs_and_state_are_those_of_the_live_layer(self, x: Path, tmp_path: Path) -> None:
        made, expected = self._run(tmp_path, "--inputs", x, "--sequences"), arrays_of(EXPECTED)
        # Outputs below 1, two steps after zeros: measured 1.2e-7
        np.testing.assert_allclose(made["output"], expected["outputs"], rtol=0, atol=3e-7)
        np.testing.assert_allclose(made["state"], expected["state"], rtol=0, atol=3e-7)
        last = self._run(tmp_path, "--inputs", x)
        assert last["output"].tobytes() == made["state"].tobytes()

    def test_options_reach_the_layer(self, x: Path, tmp_path: Path) -> None:
        inputs = arrays_of(EXPECTED)["x"]
        mask, state = np.array([[1, 0, 1], [0, 1, 1]], bool), numbers(2, UNITS)
        np.save(tmp_path / "mask.npy", mask)
        np.save(tmp_path / "state.npy", state)
        made = self._run(
            tmp_path, "--inputs", x, "--mask", tmp_path / "mask.npy",
            "--initial-state", tmp_path / "state.npy", "--keras-version", "3",
            "--set", "go_backwards=true", "--set", "recurrent_activation=hard_sigmoid",
        )  # fmt: skip
        layer = gru_ref.GRU(
            UNITS, go_backwards=True, recurrent_activation="hard_sigmoid", keras_version="3"
        )
        layer.build(inputs.shape)
        layer.set_weights(list(arrays_of(NPZ).values()))
        expected = layer(inputs, state, mask=mask)
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
    def test_inputs_that_do_not_fit_get_a_sentence(
        self, tmp_path: Path, array: np.ndarray, says: str
    ) -> None:
        np.save(tmp_path / "x.npy", array)
        ended = invoke("run", NPZ, "--inputs", tmp_path / "x.npy", "-o", tmp_path / "y.npz")
        check_failed(ended, says)
        assert not (tmp_path / "y.npz").exists()


class TestLayouts:
    """`layouts` shows the facts of every runtime."""

    def test_names_every_layout_within_80_columns(self) -> None:
        shown = invoke("layouts")
        assert max(map(len, shown.out.splitlines())) <= 80
        first_words = {
            line.split()[0].rstrip("*~") for line in shown.out.splitlines() if line.split()
        }
        assert set(LAYOUTS) <= first_words
        for name, module in LAYOUTS.items():
            marked = f"{name}*" in shown.out
            assert marked is (not module.FACTS.verified)

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
