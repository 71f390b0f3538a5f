"""What goes wrong in `gru-ref` is one sentence on standard error, with exit status 2."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from gru_ref.cli import main
from gru_ref.cli.group import SUMMARIES
from parity_tests.tests.support import cli_files
from parity_tests.tests.support.cli_files import FIRST, NPZ, SECOND, arrays_of
from parity_tests.tests.support.cli_runner import CommandResult, check_failed, invoke

_KERAS_3 = ("convert", NPZ, "--to", "keras3", "-o", "w.weights.h5")


@pytest.fixture
def keras_2(tmp_path: Path) -> Path:
    """A model of Keras 2 with two GRUs."""
    return cli_files.two_grus(tmp_path)


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
        self, tmp_path: Path, content: bytes | None, says: str
    ) -> None:
        path = tmp_path / "a name with spaces"
        path.mkdir() if content is None else path.write_bytes(content)
        ended = invoke("inspect", path)
        check_failed(ended, says)
        assert "a name with spaces" in ended.err

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        check_failed(invoke("inspect", tmp_path / "no\x1b[31mne"), "no\\x1b[31mne: No such file")

    def test_a_file_without_a_gru(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, kernel=np.zeros((2, 3), "float32"))
        (tmp_path / "dense.npz").write_bytes(buffer.getvalue())
        check_failed(invoke("inspect", tmp_path / "dense.npz"), "GRU")

    def test_a_layer_that_is_not_there_names_the_known_ones(
        self, keras_2: Path, tmp_path: Path
    ) -> None:
        for option in ((), ("--layer", "nope")):
            ended = invoke("convert", keras_2, "--to", "torch", "-o", tmp_path / "w.npz", *option)
            check_failed(ended, f"expected one of '{FIRST}', '{SECOND}'")

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
            (
                ("convert", NPZ, "--to", "torch", "-o", "w.npz", "--batch", 4),
                "--batch needs --to keras3",
            ),
            (
                (*_KERAS_3, "--weights-only", "--batch", 4),
                "--batch cannot be given with --weights-only",
            ),
            (("run", NPZ, "--inputs", NPZ, "-o", "a.txt"), "expected a name in .npz"),
            (
                ("trace", NPZ, "--inputs", NPZ, "-o", "t.npz", "--row", 9),
                "--row needs --picture",
            ),
            (
                ("inspect", NPZ, "--set", "keras_version=3"),
                "--set names 'keras_version', expected --keras-version",
            ),
            (("inspect", NPZ, "--set", "limits=1"), "--set names 'limits', expected --limit"),
            (("inspect", NPZ, "--set", "path=a"), "--set names 'path', expected FILE"),
        ],
    )
    def test_a_wrong_argument(self, arguments: tuple[object, ...], says: str) -> None:
        check_failed(invoke(*arguments), says)

    def test_what_is_there_is_overwritten_only_by_force(self, tmp_path: Path) -> None:
        output = tmp_path / "w.npz"
        output.write_bytes(b"mine")
        check_failed(invoke("convert", NPZ, "--to", "torch", "-o", output), "--force")
        assert output.read_bytes() == b"mine"
        assert invoke("convert", NPZ, "--to", "torch", "-o", output, "--force").status == 0
        assert "weight_ih_l0" in arrays_of(output)
        assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]

    def test_the_file_that_is_read_is_never_overwritten(self, tmp_path: Path) -> None:
        source = tmp_path / "w.npz"
        source.write_bytes(NPZ.read_bytes())
        ended = invoke("convert", source, "--to", "torch", "-o", source, "--force")
        check_failed(ended, "expected another file than the one read")
        assert source.read_bytes() == NPZ.read_bytes()


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_help_of_every_command_has_80_columns(name: str) -> None:
    assert max(map(len, invoke(name, "--help").out.splitlines())) <= 80


def test_a_damaged_array_is_a_sentence(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", np.random.default_rng(0).normal(size=(2, 40, 3)))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[200:260] = b"\xff" * 60
    (tmp_path / "x.npz").write_bytes(data)
    ended = invoke("run", NPZ, "--inputs", tmp_path / "x.npz", "-o", tmp_path / "y.npz")
    check_failed(ended, "--inputs is", "expected arrays as numpy.save")


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
    says = f"needs {package}, which is not installed: pip install 'gru-ref[cli]'"
    check_failed(CommandResult(ended.value.code, *capsys.readouterr()), says)
