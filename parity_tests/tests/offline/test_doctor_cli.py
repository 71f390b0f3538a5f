"""`gru-ref doctor`: what it prints and writes, which files it takes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from parity_tests.tests.support.cli_files import arrays_of
from parity_tests.tests.support.cli_runner import CommandResult, check_failed, check_shown, invoke

FEATURES, UNITS = 3, 4
_KNOWN = ("--activation", "tanh", "--recurrent-activation", "sigmoid")
_RNG = np.random.default_rng(0)
# As torch.nn.GRUCell has them.
TORCH = {
    "weight_ih": _RNG.normal(size=(3 * UNITS, FEATURES)),
    "weight_hh": _RNG.normal(size=(3 * UNITS, UNITS)),
    "bias_ih": _RNG.normal(size=3 * UNITS),
    "bias_hh": _RNG.normal(size=3 * UNITS),
}


def _layer() -> gru_ref.GRU:
    return gru_ref.layouts.layout("torch_cell").from_layout(TORCH).layer(return_sequences=True)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of w.npz, x.npy and y.npy, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(1).normal(size=(2, 6, FEATURES))
    layer = _layer()
    y = np.asarray(layer(x))
    np.savez("w.npz", **TORCH)
    np.save("x.npy", x)
    np.save("y.npy", y)
    for name, array in {
        "short": y[:, :5],
        "nan": np.full(y.shape, np.nan),
        "text": np.array(["GRU"]),
        "state": np.zeros((3, UNITS)),
        "wrong": y[:, ::-1] ** 2,
        "palindrome": np.concatenate([x, x[:, ::-1]], axis=1),
        "either": np.asarray(layer(np.concatenate([x, x[:, ::-1]], axis=1)))[:, -1],
    }.items():
        np.save(f"{name}.npy", array)
    np.savez("two.npz", x, y)
    np.savez("counted.npz", **TORCH, steps=np.arange(5))
    np.savez_compressed("damaged.npz", x)
    data = bytearray(Path("damaged.npz").read_bytes())
    data[200:260] = b"\xff" * 60
    Path("damaged.npz").write_bytes(data)
    Path("junk.npy").write_text("GRU", encoding="utf-8")
    Path("loop.npy").symlink_to("loop.npy")
    return tmp_path


_FOUND = ("w.npz", "x.npy", "--outputs", "y.npy")
_CLASS = ("w.npz", "palindrome.npy", "--outputs", "either.npy", *_KNOWN)
_TO = ("--to", "torch_cell", "-o", "t.npz")


def _doctor(file: str, inputs: str = "x.npy", *more: str) -> CommandResult:
    return invoke("doctor", file, "--inputs", inputs, *more)


def test_the_command_finds_and_converts(files: Path) -> None:
    assert check_shown(_doctor(*_FOUND, *_TO)).startswith("One layout explains the outputs.")
    np.testing.assert_equal(arrays_of(Path("t.npz")), TORCH)
    ended = _doctor(*_FOUND, "--json", *_KNOWN)
    assert (ended.status, json.loads(ended.out)["verdict"]) == (0, "unique")


def test_no_layout_is_status_1_and_what_to_check(files: Path) -> None:
    assert "Check:" in check_shown(_doctor("w.npz", "x.npy", "--outputs", "wrong.npy", *_KNOWN), 1)


def test_every_file_that_would_be_written_has_to_be_free(files: Path) -> None:
    call = (*_FOUND, "--to", "keras3", "-o", "n.weights.h5")
    Path("n.json").write_text("mine", encoding="utf-8")
    check_failed(_doctor(*call, *_KNOWN), "output is 'n.json', which is there already")
    assert Path("n.json").read_text(encoding="utf-8") == "mine"
    Path("n.json").unlink()
    Path("n.json").mkdir()
    check_failed(_doctor(*call, *_KNOWN, "--force"), "output is the folder 'n.json'")
    assert not Path("n.weights.h5").exists()


def test_of_a_class_the_diagnosis_comes_first_and_a_member_has_to_be_chosen(files: Path) -> None:
    ended = _doctor(*_CLASS, *_TO, "--write-probe", "p\u202e.npy")
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.startswith("2 layouts explain the outputs")
    assert "\nWritten: p\\u202e.npy\n" in ended.out
    assert ended.out.endswith("\nNot written: t.npz; --member 0 to 1 chooses\n")
    assert np.load("p\u202e.npy").shape == (2, 12, FEATURES)
    assert not Path("t.npz").exists()
    unsaid = _doctor(*_CLASS, *_TO, "--json")
    assert (unsaid.status, unsaid.err) == (1, "Not written: t.npz; --member 0 to 1 chooses\n")
    assert json.loads(unsaid.out)["verdict"] == "class"
    chosen = _doctor(*_CLASS, *_TO, "--member", "0")
    assert (chosen.status, chosen.err) == (1, "")
    assert chosen.out.endswith("\nWritten: t.npz\n")
    beyond = _doctor(*_CLASS, *_TO, "--member", "2", "--force")
    assert (beyond.status, beyond.err) == (2, "gru-ref: --member is 2, expected 0 to 1\n")


def test_without_a_layout_the_diagnosis_is_printed_and_nothing_written(files: Path) -> None:
    call = ("w.npz", "x.npy", "--outputs", "wrong.npy", *_KNOWN)
    ended = _doctor(*call, *_TO, "--write-probe", "p.npy", "--member", "0")
    assert ended.status == 1
    assert "Not written: t.npz; no layout explains the outputs" in ended.out
    assert "Not written: p.npy; no layout explains the outputs" in ended.out
    assert not Path("t.npz").exists()
    assert not Path("p.npy").exists()


def test_of_one_layout_no_probe_is_needed(files: Path) -> None:
    words = check_shown(_doctor(*_FOUND, *_KNOWN, "--write-probe", "p.npy"))
    assert "Not written: p.npy; no probe is needed: one layout explains the outputs" in words


def test_a_bundle_and_other_files_of_gru_ref_are_read_as_inspect_reads_them(files: Path) -> None:
    layer = _layer()
    gru_ref.save_bundle("one.npz", layer)
    words = check_shown(_doctor("one.npz", *_FOUND[1:], *_KNOWN))
    assert "gates" in words
    assert "z r h" in words
    gru_ref.save_bundle("two.npz", {"a": layer, "b": layer})
    check_failed(
        _doctor("two.npz", *_FOUND[1:]),
        "--layer is not given and FILE has 2 layers, expected one of 'a'",
    )
    check_shown(_doctor("two.npz", *_FOUND[1:], "--layer", "b", *_KNOWN))


def test_the_file_is_read_within_limits(files: Path) -> None:
    call = ("w.npz", "x.npy", "--outputs", "y.npy", *_KNOWN, "--limit")
    check_failed(_doctor(*call, "max_bytes=500"), "w.npz, ", "Limits(max_bytes=…)")
    assert _doctor(*call, "max_bytes=50000").status == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["w.npz", "x.npy"], "--outputs or --last-state is needed"),
        (["w.npz", "x.npy", "--outputs", "absent.npy"], "--outputs is 'absent.npy', which"),
        (["w.npz", "loop.npy", "--outputs", "y.npy"], "--inputs is 'loop.npy', which"),
        (["w.npz", "x.npy", "--outputs", "short.npy"], "outputs has shape (2, 5, 4), expected"),
        (["w.npz", "x.npy", "--outputs", "nan.npy"], "outputs holds NaN or infinity"),
        (["w.npz", "x.npy", "--outputs", "x.npy"], "--outputs is 'x.npy' as --inputs is"),
        (["w.npz", "x.npy", "--outputs", "w.npz"], "--outputs is 'w.npz' as FILE is"),
        (["w.npz", "two.npz", "--outputs", "y.npy"], "arrays (arr_0, arr_1), expected one"),
        (["w.npz", "text.npy", "--outputs", "y.npy"], "expected an array of numbers"),
        (["w.npz", "junk.npy", "--outputs", "y.npy"], "--inputs is 'junk.npy', expected arrays as"),
        (["junk.npy", "x.npy", "--outputs", "y.npy"], "junk.npy: it is text that opens with 'GRU'"),
        (["counted.npz", "x.npy", "--outputs", "y.npy"], "steps has dtype int64, expected"),
        (["text.npy", "x.npy", "--outputs", "y.npy"], "expected the arrays of a GRU"),
        ([*_FOUND, "--initial-state", "state.npy"], "--initial-state is (3, 4), expected"),
        ([*_FOUND, "--to", "torch"], "--to needs --output"),
        ([*_FOUND, "--member", "7"], "--member needs --output"),
        (["w.npz", "damaged.npz", "--outputs", "y.npy"], "--inputs is 'damaged.npz', expected"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence_and_status_2(
    files: Path, arguments: list[str], sentence: str
) -> None:
    before = sorted(files.iterdir())
    check_failed(_doctor(*arguments), sentence)
    assert sorted(files.iterdir()) == before
