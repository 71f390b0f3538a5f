"""`gru-ref doctor`: what it prints and writes, which files it takes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from parity_tests.invoked import Ended, check_failed, invoked

FEATURES, UNITS = 3, 4
_KNOWN = ("--activation", "tanh", "--recurrent-activation", "sigmoid")
_RNG = np.random.default_rng(0)
# As torch.nn.GRUCell has them.
TORCH = {
    name: _RNG.normal(size=shape)
    for name, shape in {
        "weight_ih": (3 * UNITS, FEATURES),
        "weight_hh": (3 * UNITS, UNITS),
        "bias_ih": (3 * UNITS,),
        "bias_hh": (3 * UNITS,),
    }.items()
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of w.npz, x.npy and y.npy, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(1).normal(size=(2, 6, FEATURES))
    layer = gru_ref.layouts.layout("torch_cell").from_layout(TORCH).layer(return_sequences=True)
    y = np.asarray(layer(x))
    np.savez("w.npz", **TORCH)
    np.save("x.npy", x)
    np.save("y.npy", y)
    for name, array in {
        "integers": np.ones(x.shape, int),
        "short": y[:, :5],
        "nan": np.full(y.shape, np.nan),
        "empty": y[..., :0],
        "number": y[0, 0, 0],
        "text": np.array(["GRU"]),
        "vector": x[0, 0],
        "state": np.zeros((3, UNITS)),
        "wrong": y[:, ::-1] ** 2,
    }.items():
        np.save(f"{name}.npy", array)
    np.savez("two.npz", x, y)
    np.savez("counted.npz", **TORCH, steps=np.arange(5))
    Path("junk.npy").write_text("GRU", encoding="utf-8")
    return tmp_path


def _doctor(file: str, inputs: str = "x.npy", *more: str) -> Ended:
    return invoked("doctor", file, "--inputs", inputs, *more)


def test_the_command_finds_and_converts(files: Path) -> None:
    ended = _doctor("w.npz", "x.npy", "--outputs", "y.npy", "--to", "torch_cell", "-o", "t.npz")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("One layout explains the outputs.")
    assert max(map(len, ended.out.splitlines())) <= 80
    with np.load("t.npz") as made:
        for name, array in TORCH.items():
            np.testing.assert_array_equal(made[name], array)
    ended = _doctor("w.npz", "x.npy", "--outputs", "y.npy", "--json", *_KNOWN)
    assert (ended.status, json.loads(ended.out)["verdict"]) == (0, "unique")


def test_no_layout_is_status_1_and_what_to_check(files: Path) -> None:
    ended = _doctor("w.npz", "x.npy", "--outputs", "wrong.npy", *_KNOWN)
    assert ended.status == 1
    assert "Check:" in ended.out


def test_a_bundle_and_other_files_of_gru_ref_are_read_as_inspect_reads_them(files: Path) -> None:
    layer = gru_ref.layouts.layout("torch_cell").from_layout(TORCH).layer(return_sequences=True)
    gru_ref.save_bundle("one.npz", layer)
    ended = _doctor("one.npz", "x.npy", "--outputs", "y.npy", *_KNOWN)
    assert ended.status == 0
    assert "gates" in ended.out
    assert "z r h" in ended.out
    gru_ref.save_bundle("two.npz", {"a": layer, "b": layer})
    check_failed(
        _doctor("two.npz", "x.npy", "--outputs", "y.npy"), "--layer is missing, expected one of 'a'"
    )
    chosen = _doctor("two.npz", "x.npy", "--outputs", "y.npy", "--layer", "b", *_KNOWN)
    assert chosen.status == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["w.npz", "x.npy"], "--outputs is missing, expected it, --last-state, or both"),
        (["w.npz", "x.npy", "--outputs", "absent.npy"], "absent.npy: No such file or directory"),
        (["w.npz", "x.npy", "--outputs", "short.npy"], "outputs has shape (2, 5, 4), expected"),
        (["w.npz", "x.npy", "--outputs", "nan.npy"], "outputs holds NaN or infinity"),
        (["w.npz", "x.npy", "--outputs", "empty.npy"], "outputs has shape (2, 6, 0), expected"),
        (["w.npz", "x.npy", "--outputs", "number.npy"], "outputs has shape (), expected"),
        (["w.npz", "x.npy", "--outputs", "x.npy"], "--outputs is 'x.npy' as --inputs is"),
        (["w.npz", "x.npy", "--outputs", "w.npz"], "--outputs is 'w.npz' as FILE is"),
        (["w.npz", "two.npz", "--outputs", "y.npy"], "'two.npz' of 2 arrays, expected one"),
        (["w.npz", "integers.npy", "--outputs", "y.npy"], "inputs has dtype int64, expected"),
        (["w.npz", "text.npy", "--outputs", "y.npy"], "expected an array of numbers"),
        (["w.npz", "vector.npy", "--outputs", "y.npy"], "inputs has shape (3,), expected"),
        (["w.npz", "junk.npy", "--outputs", "y.npy"], "--inputs is 'junk.npy', expected arrays as"),
        (["junk.npy", "x.npy", "--outputs", "y.npy"], "junk.npy: it is text that opens with 'GRU'"),
        (["counted.npz", "x.npy", "--outputs", "y.npy"], "steps has dtype int64, expected"),
        (["text.npy", "x.npy", "--outputs", "y.npy"], "expected the arrays of a GRU"),
        (
            ["w.npz", "x.npy", "--outputs", "y.npy", "--initial-state", "state.npy"],
            "initial_state is (3, 4), expected (batch, 4)",
        ),
        (["w.npz", "x.npy", "--outputs", "y.npy", "--to", "torch"], "--output is missing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence_and_status_2(
    files: Path, arguments: list[str], sentence: str
) -> None:
    before = sorted(files.iterdir())
    check_failed(_doctor(*arguments), sentence)
    assert sorted(files.iterdir()) == before
