"""`gru-ref diff` and `gru-ref trace`: what they print and write, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from gru_ref.debugging.mistakes.table import BY_NAME, Attempt, Call
from parity_tests.tests.support.cli_files import EXPECTED, FEATURES, NPZ, UNITS
from parity_tests.tests.support.cli_runner import CommandResult, check_failed, invoke


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return the inputs of the exported layer, and what right and wrong ports return."""
    layer = gru_ref.GRU(UNITS, return_sequences=True)
    with np.load(NPZ) as file:
        layer.build((None, None, FEATURES))
        layer.set_weights([file[name] for name in file])
    with np.load(EXPECTED) as file:
        x, y = file["x"], file["outputs"]
    attempt = Attempt(layer.config, gru_ref.GRUWeights(*layer.get_weights()), (Call(x),))
    arrays = {
        "x": x,
        "y": y,
        "swapped": BY_NAME["z and r swapped"].run(attempt).outputs[0],
        "last": BY_NAME["z and r swapped"].run(attempt).outputs[0][:, -1],
        "noise": np.zeros_like(y),
        "by_time": y.swapaxes(0, 1),
        "nan": np.where(np.arange(UNITS) == 2, np.float32("nan"), y),
    }
    paths = {name: tmp_path / f"{name}.npy" for name in arrays}
    for name, array in arrays.items():
        np.save(paths[name], array)
    return paths


def _diff(files: dict[str, Path], name: str, *more: str) -> CommandResult:
    return invoke("diff", NPZ, "--inputs", files["x"], "--theirs", files[name], *more)


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("y", 0, "Equal, but for rounding."),
        ("swapped", 1, "Explained: the port takes the blocks as r, z, h."),
        ("last", 1, "only the final state is given"),
        ("noise", 1, "None of the usual mistakes explains it"),
        ("nan", 1, "None of the usual mistakes explains a number that is not finite."),
    ],
)
def test_diff_says_it_in_80_columns(
    files: dict[str, Path], name: str, status: int, sentence: str
) -> None:
    ended = _diff(files, name)
    assert (ended.status, ended.err) == (status, "")
    assert sentence in " ".join(ended.out.split())
    assert max(map(len, ended.out.splitlines())) <= 80


def test_diff_as_json_is_everything(files: dict[str, Path]) -> None:
    ended = _diff(files, "swapped", "--json")
    data = json.loads(ended.out)
    assert ended.status == 1
    assert data["first"]["timestep"] == 0
    assert data["hypotheses"][0]["name"] == "z and r swapped"
    assert data["hypotheses"][0]["explains"]
    assert not any(hypothesis["explains"] for hypothesis in data["hypotheses"][1:])


def test_diff_of_another_layout_is_one_line_and_status_2(files: dict[str, Path]) -> None:
    ended = _diff(files, "by_time")
    check_failed(ended, "hand in theirs.swapaxes(0, 1)")


def test_bfloat16_is_read_as_such(files: dict[str, Path]) -> None:
    bits = np.load(files["y"]).view("uint32") >> 16
    np.save(files["y"], bits.astype("uint16").view("V2"))  # as NumPy writes bfloat16
    told = _diff(files, "y", "--json")
    assert json.loads(told.out)["dtype"] == "bfloat16"
    lint = ("lint-vectors", NPZ, "--inputs", files["x"], "--outputs", files["y"])
    assert invoke(*lint, "--tolerance", "0.01").status == 1


def test_trace_writes_what_diff_reads(files: dict[str, Path], tmp_path: Path) -> None:
    written = tmp_path / "trace.npz"
    ended = invoke("trace", NPZ, "--inputs", files["x"], "-o", written)
    assert (ended.status, ended.err) == (0, "")
    files["trace"] = written
    assert _diff(files, "trace").status == 0
    assert invoke("trace", NPZ, "--inputs", files["x"], "-o", written).status == 2
    csv = tmp_path / "trace.csv"
    assert invoke("trace", NPZ, "--inputs", files["x"], "-o", csv).status == 0
    assert csv.read_text(encoding="utf-8").startswith("position,timestep,batch,name,index,value")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "-o or --picture is needed"),
        (["-o", "trace.txt"], "-o is 'trace.txt', expected a name in .npz or .csv"),
        (["--picture", "gates.gif"], "--picture is 'gates.gif', expected a name in"),
    ],
)
def test_trace_refuses_what_it_cannot_write(
    files: dict[str, Path],
    options: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    check_failed(invoke("trace", NPZ, "--inputs", files["x"], *options), says)
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy"}
