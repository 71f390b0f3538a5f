"""`--json`: every command prints one object of the schema that is installed with it, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import numpy as np
import pytest

import gru_ref
from gru_ref.cli.group import SUMMARIES, command
from parity_tests.environment import FIXTURES
from parity_tests.recording.files import recorded_wholes
from parity_tests.recording.files.recorded_files import Recorded
from parity_tests.tests.support import cli_files, small_gru
from parity_tests.tests.support.cli_files import EXPECTED, NPZ, arrays_of, npz_layer
from parity_tests.tests.support.cli_runner import SCHEMA, check_failed, check_report, invoke

KERAS_1 = FIXTURES / "files" / "keras" / "keras-1.2.2" / "default.model.h5"
ELEVEN = Recorded("keras-3.15.1/eleven.model.keras").path
CALL = ("--inputs", "x.npy")
CALL_WHOLE = ("--layer", "pair", "--inputs", "whole.npy")
# Words after gru-ref → its exit status. What a file, an option or a result can change is there.
RUNS = {
    ("inspect", NPZ): 0,
    ("inspect", ELEVEN): 0,
    ("inspect", KERAS_1): 0,
    ("inspect", "wholes.keras"): 0,
    ("run", "wholes.keras", *CALL_WHOLE, "-o", "out.npz"): 0,
    ("convert", KERAS_1, "--to", "keras3", "-o", "w.keras"): 0,
    ("run", NPZ, *CALL, "-o", "out.npz"): 0,
    ("convert", NPZ, "--to", "torch", "-o", "w.npz"): 0,
    ("convert", NPZ, "--to", "keras3", "-o", "w.keras"): 0,
    ("convert", "two.keras", "--to", "keras3", "-o", "w.weights.h5"): 0,
    ("convert", "two.keras", "--to", "keras3", "-o", "w.keras", "--report", "r.json"): 0,
    ("bundle", NPZ, "-o", "b.npz"): 0,
    ("bundle", NPZ, *CALL, "-o", "b.npz"): 0,
    ("trace", NPZ, *CALL): 0,
    ("trace", NPZ, *CALL, "-o", "t.npz"): 0,
    ("vectors", NPZ, "-o", "v.bin", "--weights", "int8"): 0,
    ("vectors", NPZ, *CALL, "-o", "v.h"): 0,
    ("layouts",): 0,
    ("layouts", "onnx"): 0,
    ("diff", NPZ, *CALL, "--theirs", "y.npy"): 0,
    ("diff", NPZ, *CALL, "--theirs", "wrong.npy"): 1,
    ("diff", NPZ, *CALL, "--theirs", "last.npy"): 1,
    ("diff", NPZ, *CALL, "--theirs", "nan.npy"): 1,
    ("lint-vectors", NPZ, *CALL, "--write-better", "better.npz"): 1,
    ("doctor", NPZ, *CALL, "--outputs", "y.npy"): 0,
    ("doctor", NPZ, *CALL, "--outputs", "y.npy", "--to", "torch", "-o", "w.npz"): 0,
    ("doctor", NPZ, *CALL, "--outputs", "wrong.npy", "--to", "torch", "-o", "w.npz"): 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Write the live layer's call, and what wrong ports return; return the names of the files."""
    monkeypatch.chdir(tmp_path)
    live = arrays_of(EXPECTED)
    y = live["outputs"]
    wrong = npz_layer(return_sequences=True)(live["x"], np.ones_like(y[:, 0]))
    nan = np.where(np.arange(y.shape[-1]) == 2, np.float32("nan"), y)
    for name, array in {
        "x": live["x"],
        "y": y,
        "wrong": wrong,
        "last": wrong[:, -1],
        "nan": nan,
    }.items():
        np.save(f"{name}.npy", array)
    np.save("whole.npy", np.ones((2, 4, 5), "float32"))
    recorded_wholes.write("3.15.1", "wholes", "keras", tmp_path)
    layers = (small_gru.layer(return_sequences=True), small_gru.layer(reset_after=False))
    cli_files.model_file(Path("two.keras"), *layers)
    return {path.name for path in tmp_path.iterdir()}


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every description of an object in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "properties" in schema:
            yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


@pytest.mark.parametrize(("words", "status"), RUNS.items(), ids=lambda one: str(one)[:60])
def test_one_object_of_the_schema_is_printed_and_nothing_else(
    words: tuple[Any, ...], status: int, files: set[str]
) -> None:
    ended = invoke(*words, "--json")
    assert ended.status == status, ended.err
    report = json.loads(ended.out)
    assert report["report"] == words[0]
    written = [Path(path).name for path in report.get("written", [])]
    assert sorted(written) == sorted({path.name for path in Path.cwd().iterdir()} - files)
    if words[0] not in ("inspect", "layouts"):
        assert report["file"] == str(words[1])
        told = report["provenance"] or words[0] == "doctor" or "changes" in report
        assert told


def test_every_command_has_it_and_is_in_the_schema() -> None:
    assert {words[0] for words in RUNS} == {*SUMMARIES}
    kinds = {
        SCHEMA["$defs"][one["$ref"].rpartition("/")[2]]["properties"]["report"]["const"]
        for one in SCHEMA["oneOf"]
    }
    assert kinds == {*SUMMARIES}
    for name in SUMMARIES:
        found = command.get_command(click.Context(command), name)
        assert found is not None
        assert "--json" in [word for one in found.params for word in one.opts]


def test_the_schema_leaves_nothing_open() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert all("additionalProperties" in one or one["type"] != "object" for one in _objects(SCHEMA))
    report = json.loads(invoke("layouts", "--json").out)
    with pytest.raises(jsonschema.ValidationError):
        check_report({**report, "more": 1})


def test_the_report_of_a_model_is_what_is_printed() -> None:
    words = ("convert", "two.keras", "--to", "keras3", "-o", "w.keras", "--report", "r.json")
    ended = invoke(*words, "--json")
    assert json.loads(Path("r.json").read_text()) == json.loads(ended.out)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("inspect", "no.h5"), "no.h5"),
        (("layouts", "nothing"), "layout is 'nothing'"),
        (("diff", NPZ, *CALL, "--theirs", "x.npy"), "theirs has shape"),
        (("run", NPZ, *CALL, "-o", "x.npy"), "expected a name in .npz"),
    ],
)
def test_an_error_is_a_sentence_and_nothing_is_printed(words: tuple[Any, ...], says: str) -> None:
    check_failed(invoke(*words, "--json"), says)


class TestInPython:
    """What the functions return is what the commands print."""

    def reports(self) -> dict[str, Any]:
        """Return a result of each tool, by the words of its command."""
        x, y, wrong = (np.load(f"{name}.npy") for name in ("x", "y", "wrong"))
        layer = npz_layer()
        return {
            ("inspect", NPZ): gru_ref.inspect(NPZ),
            ("diff", NPZ, *CALL, "--theirs", "y.npy"): gru_ref.diff(layer, x, y),
            ("diff", NPZ, *CALL, "--theirs", "wrong.npy"): gru_ref.diff(layer, x, wrong),
            ("trace", NPZ, *CALL): gru_ref.trace(layer, x),
            ("lint-vectors", NPZ, *CALL): gru_ref.lint_vectors(layer, x),
            ("doctor", NPZ, *CALL, "--outputs", "y.npy"): gru_ref.diagnose(arrays_of(NPZ), x, y),
        }  # fmt: skip

    def test_as_data(self) -> None:
        for words, report in self.reports().items():
            printed = json.loads(invoke(*words, "--json").out)
            data = report.to_dict()
            check_report(data)
            common = {"file", "provenance", "written", "not_written"} - data.keys()
            assert {key: value for key, value in printed.items() if key not in common} == data

    def test_as_text(self) -> None:
        for words, report in self.reports().items():
            printed = invoke(*words).out
            if words[0] == "lint-vectors":
                printed = printed.removesuffix("--write-better FILE.npz writes it.\n")
            assert printed == f"{report}\n"
            assert repr(report) == str(report)
            assert max(map(len, str(report).splitlines())) <= 80

    def test_text_is_the_same_wherever_it_is_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = gru_ref.diff(npz_layer(), np.load("x.npy"), np.load("wrong.npy"))
        text = str(found)
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "JUPYTER_COLUMNS", "COLUMNS"):
            monkeypatch.setenv(name, "30")
        assert str(found) == text

    def test_a_notebook_shows_it(self) -> None:
        for report in self.reports().values():
            shown = report._repr_html_()
            assert str(report).splitlines()[0].split()[0] in shown
            assert "<script" not in shown

    def test_a_file_without_a_gru_is_refused_as_the_command_refuses_it(self) -> None:
        np.savez("none.npz", a=np.ones(3))
        ended = invoke("inspect", "none.npz")
        with pytest.raises(ValueError, match="holds no GRU, expected one at least") as raised:
            gru_ref.inspect("none.npz")
        assert ended.err == f"gru-ref: {raised.value}\n"
