"""What runs in other people's CI: the plugin, the source trees, the reports, the workflow."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from gru_ref import GRU
from gru_ref.version import __version__
from parity_tests import environment
from parity_tests.environment import ROOT
from parity_tests.judging import layer_check
from parity_tests.oracles import checkout, choice
from parity_tests.oracles.client import Oracle, OracleError
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.reporting import disagreements, junit, markdown, report
from parity_tests.reporting.report import Test as Outcome
from parity_tests.reporting.report import is_of_suite
from parity_tests.runner import matrix_run
from parity_tests.runner.command import command
from parity_tests.runner.options import ORACLES

pytest_plugins = ["pytester"]

WORKFLOW = ROOT / ".github" / "workflows" / "gru-parity.yml"

DATA: dict[str, Any] = {
    "verdict": "Keras drifted",
    "extent": "quick",
    "problems": ["deviation row 'a <b>' matches no case of keras3"],
    "seconds": {"wall": 12.3, "keras": 20.0},
    "engines": {},
    "oracles": {
        "keras3": {
            "keras": "3.15.1",
            "tensorflow": "2.21.0",
            "lanes": {"exact": {"compared": 30, "equal": 29, "worst": 3.5}},
            "deviations": {"hard_sigmoid": 2},
            "disagreements": [f"case-{number}" for number in range(29)],
            "looks_like": {"1 - z for z": 28},
        }
    },
    "left_out": {"keras3": {"Keras is 3.4.1 <old>": 57}},
}
LIVE = "parity_tests/tests/live"
FILE = f"../site-packages/{LIVE}/test_structure.py::TestEveryCombination::test_bit_equal"
TESTS = {
    test.nodeid: test
    for test in (
        Outcome(f"{FILE}_keras3:exact", 0.25),
        Outcome(f"{FILE}_keras3:exact+mask-left", 0.5, "worse\x1b[0m <3\n  again: gru-parity x"),
        Outcome(
            "parity_tests/tests/live/test_config.py::TestLive::test_it_keras3",
            0.5,
            "AssertionError",
        ),
    )
}


# ---- a run of somebody else's


@pytest.fixture
def theirs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project that has options of its own, in an environment that has the plugin."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(
        """
        def pytest_addoption(parser):
            for name in ("--quick", "--report", "--case", "--oracle", "--markdown"):
                parser.addoption(name)
        """
    )
    return pytester


def test_the_plugin_costs_and_changes_nothing_unless_it_is_asked(theirs: pytest.Pytester) -> None:
    theirs.makepyfile(
        """
        import sys

        def test_theirs(pytestconfig):
            assert pytestconfig.getoption("--quick") is None
            loaded = {"numpy", "gru_ref", "rich", "parity_tests.reporting.report"}
            assert not loaded & set(sys.modules)
        """
    )
    theirs.runpytest_subprocess("-p", "parity_tests.runner.plugin").assert_outcomes(passed=1)


def test_an_interpreter_that_does_not_run_is_named(theirs: pytest.Pytester) -> None:
    result = theirs.runpytest_subprocess(
        "-p", "parity_tests.runner.plugin", "--gru-parity", "--keras-python=/no/python"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--keras-python is /no/python, which cannot be started*"])


def _live_layer(computes: GRU, says: GRU) -> Any:
    """Return what a Keras layer looks like that has the weights of one GRU and computes another."""

    class Live:
        built, implementation, use_bias = True, 2, True
        get_config, get_weights = says.get_config, says.get_weights

        def __call__(self, x: Any, **arguments: Any) -> Any:
            return computes(x, **arguments)

    Live.__module__, Live.__name__ = "keras.src.layers.rnn.gru", "GRU"
    return Live()


def _gru(order: tuple[int, ...], **arguments: Any) -> GRU:
    """Return a GRU whose weights have the column blocks of z, r and h in an order."""
    rng = np.random.default_rng(5)
    layer = GRU(3, return_sequences=True, return_state=True, keras_version="3", **arguments)
    layer.build((2, 4, 2))
    blocks = [rng.normal(size=(rows, 3, 3)).astype("float32") for rows in (2, 3, 2)]
    layer.set_weights([b[:, order].reshape(len(b), 9) for b in blocks])
    return layer


def test_a_layer_is_compared_and_a_difference_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(__version__="3.15.1"))
    right, swapped = _gru((0, 1, 2)), _gru((1, 0, 2))
    x = np.random.default_rng(6).normal(size=(2, 4, 2)).astype("float32")
    mask = np.array([[True, False, True, True]] * 2)
    layer_check.check(_live_layer(right, right), x)
    layer_check.check(_live_layer(right, right), x, mask=mask, initial_state=np.ones((2, 3)))
    with pytest.raises(pytest.fail.Exception) as failure:
        layer_check.check(_live_layer(swapped, right), x, mask=mask)
    assert "output: h at timestep 0" in str(failure.value)
    assert "(z and r swapped)" in str(failure.value)


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("../site-packages/parity_tests/tests/live/test_structure.py", True),
        ("parity_tests/tests/wide/test_x.py", True),
        (f"..{os.sep}parity_tests{os.sep}tests{os.sep}live{os.sep}test_x.py", True),
        ("tests/live/test_structure.py", False),
        ("my_parity_tests/tests/live/test_x.py", False),
    ],
)
def test_only_the_suites_tests_are_its_own(path: str, own: bool) -> None:
    # pytest names a test outside of its root folder "test_structure.py::test_x".
    test: Any = SimpleNamespace(nodeid="test_structure.py::test_x", location=(path, 1, "test_x"))
    assert is_of_suite(test) is own


# ---- source trees


def _tree(folder: Path, name: str, version: str, *, quote: str = '"') -> Path:
    said = f"__version__ = {quote}{version}{quote}\n"
    files = {"__init__.py": "", "src/version.py": said, checkout.PLACES[0]: ""}
    for path, text in files.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "version", "generation", "quote"),
    [
        ("keras", "3.15.1", 3, '"'),
        ("tf_keras", "2.21.0", 2, '"'),
        ("keras", "2.15.0", 2, '"'),
        ("keras", "2.6.0", 2, "'"),
    ],
)
def test_a_source_tree_tells_its_generation(
    tmp_path: Path, name: str, version: str, generation: int, quote: str
) -> None:
    tree = checkout.find(str(_tree(tmp_path, name, version, quote=quote)))
    assert tree == (str(tmp_path / name), version, generation)
    assert checkout.find(str(tmp_path / name)) == tree
    assert GENERATIONS[tree.oracle] == generation


def test_a_wrong_folder_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="which is no folder"):
        checkout.find(str(tmp_path / "none"))
    with pytest.raises(ValueError, match="which holds no Keras"):
        checkout.find(str(tmp_path))
    _tree(tmp_path, "keras", "3.15.1", quote="")
    with pytest.raises(ValueError, match="whose version is nowhere, expected a line __version__"):
        checkout.find(str(tmp_path))
    _tree(tmp_path, "keras", "3.15.1")
    (tmp_path / "keras").rename(tmp_path / "mine")
    with pytest.raises(ValueError, match="named 'mine', expected the name keras or tf_keras"):
        checkout.find(str(tmp_path / "mine"))
    _tree(_tree(tmp_path, "keras", "3.15.1"), "tf_keras", "2.21.0")
    with pytest.raises(ValueError, match="which holds both keras and tf_keras"):
        checkout.find(str(tmp_path))


# ---- reports


def test_the_fixtures_are_found() -> None:
    assert environment.FIXTURES == ROOT / "fixtures"
    assert environment.CLONE == ROOT


def test_a_case_and_a_test_have_a_command_that_runs_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "_compared", {})
    monkeypatch.setattr(environment, "_drift", [])
    assert environment.again("keras3:exact") == "make parity CASE=keras3:exact"
    environment.remember(str(ROOT / ".venv-keras/bin/python"), "")
    assert environment.again("keras3:exact") == "make parity CASE=keras3:exact"
    environment.remember("/a b/python", "")
    rest = "KERAS_PYTHON='/a b/python' CASE=keras3:exact"
    assert environment.again("keras3:exact") == f"make parity {rest}"
    assert environment.again("keras3:exact", "parity-full") == f"make parity-full {rest}"
    monkeypatch.setattr(environment, "CLONE", None)
    environment.remember("/a b/python", "/keras")
    given = "gru-parity --keras-python '/a b/python' --keras-from /keras"
    assert environment.again("test_bit_equal_keras3:exact") == f"{given} --case keras3:exact"
    assert environment.again("test_it_keras2") == f"{given} -k test_it_keras2"
    environment.remember("/old/python", "", release="tf-2.6")
    expected = "make drift ARGS='--only tf-2.6 --case exact+mask-holes'"
    assert environment.again("keras2:exact+mask-holes") == expected


# What Jenkins, GitLab and the others read: an element's attributes, and its children in order.
JUNIT: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "testsuites": (set(), ("testsuite",)),
    "testsuite": (
        {"id", "name", "package", "timestamp", "hostname", "tests", "failures", "errors", "time"},
        ("properties", "testcase", "system-out", "system-err"),
    ),
    "properties": (set(), ("property",)),
    "property": ({"name", "value"}, ()),
    "testcase": ({"name", "classname", "time"}, ("failure",)),
    "failure": ({"type", "message"}, ()),
    "system-out": (set(), ()),
    "system-err": (set(), ()),
}


def test_the_junit_xml_has_the_shape_that_ci_servers_read() -> None:
    root = ET.fromstring(junit.text(DATA, TESTS).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) == attributes
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order)
    for suite in root:
        cases, failures = suite.findall("testcase"), suite.findall("testcase/failure")
        assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(len(failures)))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [
        ("keras3", "3"),
        ("matrix", "1"),
    ]
    first = root[0].findall("testcase")[1]
    assert (
        first.get("classname")
        == "site-packages.parity_tests.tests.live.test_structure.TestEveryCombination"
    )
    assert first.find("failure").get("message") == "worse\N{REPLACEMENT CHARACTER}[0m <3"


def test_the_summary_says_what_disagrees_and_how_to_see_it_again() -> None:
    text = markdown.text(DATA, TESTS)
    assert text.startswith("## ❌ GRU: Keras drifted\n")
    assert "| keras3 3.15.1 | 2.21.0 | exact | 30 | 29 | 3.5 eps |" in text
    assert "28 of 29 disagreements are as if it made the mistake **1 - z for z**" in text
    assert "- deviation row &#x27;a &lt;b&gt;&#x27; matches no case of keras3" in text
    assert "### Left out\n\n- keras3: 57 tests left out: Keras is 3.4.1 &lt;old&gt;\n" in text
    assert "### 2 of 3 tests disagree; the worst 2" in text
    assert text.index("again: gru-parity x") < text.index("-k test_it_keras3")
    assert "| keras3 | hard_sigmoid | 2 |" in text


def test_the_terminal_says_what_was_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    data = report.summarise(report.Collected(), [], 0.0, extent="part")
    report.print_summary({**data, "left_out": DATA["left_out"]})
    assert "keras3: 57 tests left out: Keras is 3.4.1 <old>" in capsys.readouterr().out


def test_where_everything_disagrees_a_screen_is_printed_and_the_rest_is_in_a_file() -> None:
    message = "keras3 {0}\n  output at index (0,): 1.0, expected 2.0\n  again: x keras3:{0}\nmore"
    tests = {
        str(number): Outcome(f"{FILE}_keras3:{number}", 0.1, message.format(number), number / 10)
        for number in range(155)
    }
    shown = disagreements.screen(DATA, tests.values(), "r/disagreements.txt")
    assert shown[0] == "155 of 155 tests disagree; the worst 5, of all in r/disagreements.txt"
    assert shown[1] == "  28 of 29 are as if keras3 made the mistake: 1 - z for z"
    assert [line for line in shown if line.startswith("keras3")] == [
        f"keras3 {number}" for number in (154, 153, 152, 151, 150)
    ]
    assert len(shown) <= 24
    text = disagreements.text(tests.values())
    assert text.count("  again: ") == 155
    assert text.index("keras3 154\n") < text.index("keras3 1\n")
    assert disagreements.screen(DATA, [Outcome("test")], "") == []


def test_a_failure_without_a_number_comes_last_and_ends_with_its_command() -> None:
    broken = Outcome("test_it_keras3", 0.1, "\n".join(map(str, range(40))))
    apart = Outcome("test_x_keras3:a", 0.1, "apart\n  again: x", 1e-9)
    assert disagreements.worst_first([broken, apart, Outcome("test_y")]) == [apart, broken]
    lines = disagreements.lines_of(broken)
    assert len(lines) == disagreements.LINES
    assert lines[0] == "…"
    assert lines[-2:] == ["39", f"  again: {environment.again('test_it_keras3')}"]


def test_what_disagrees_is_counted_as_compared() -> None:
    record = {
        "oracle": "keras3", "lane": "double", "levels": {}, "activations": ("tanh", "sigmoid"),
        "path": "loop", "outcome": "disagreement", "error": 2.7e15, "absolute": 0.6, "ratio": 0.0,
        "deviations": [], "looks_like": ["1 - z for z"], "mistakes": {}, "sweep": "s", "id": "a",
    }  # fmt: skip
    collected = report.Collected()
    collected.records["oracle"].append(
        {"name": "keras3", "keras": "3.15.1", "tensorflow": "2.21.0", "corrupt": False}
    )
    collected.records["case"] += [record, {**record, "path": "", "error": 0.0, "absolute": 0.0}]
    data = report.summarise(collected, [], 0.0, extent="part")
    assert list(report.lane_rows(data["oracles"])) == [
        ("keras3 3.15.1", "2.21.0", "double", "1", "0", "0.6 absolute")
    ]


def test_a_parity_needs_no_more_words() -> None:
    oracle = {**DATA["oracles"]["keras3"], "looks_like": {}, "deviations": {}}
    data = {**DATA, "verdict": "parity", "problems": [], "oracles": {"keras3": oracle}}
    data["left_out"] = {}
    text = markdown.text(data, {})
    assert text.startswith("## ✅ GRU: parity\n")
    assert "###" not in text
    assert "<details>" not in text


def test_the_oracles_are_those_that_can_be_asked_for() -> None:
    assert list(ORACLES) == sorted(GENERATIONS)


# ---- the command


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the arguments of every run of pytest that the command starts; none runs."""
    runs: list[list[str]] = []
    found = choice.Choice(dict.fromkeys(ORACLES, "Keras"), [])
    monkeypatch.setattr("parity_tests.runner.command.choose", lambda *_: found)
    monkeypatch.setattr(matrix_run.pytest, "main", runs.append)
    monkeypatch.setattr(matrix_run, "OTHERS", ())
    monkeypatch.setattr(matrix_run, "ENVIRONMENT", {})
    return runs


@pytest.mark.parametrize(
    ("option", "name"), [("--report", "below"), ("--junit", "x.xml"), ("--markdown", "x.md")]
)
def test_what_cannot_be_written_is_said_before_anything_runs(
    compared: list[list[str]], tmp_path: Path, option: str, name: str
) -> None:
    (tmp_path / "file").touch()
    folders = {"--report": tmp_path / "made", option: tmp_path / "file" / name}
    arguments = [str(part) for pair in folders.items() for part in pair]
    ended = CliRunner().invoke(command, arguments)
    assert ended.exit_code == matrix_run.NOT_RUN
    assert f"gru-parity: {option} is {folders[option]}, which cannot be written: " in ended.output
    assert compared == []


@pytest.mark.parametrize("option", ["--report", "--junit", "--markdown"])
def test_no_folder_is_made_for_a_file_that_is_asked_for(
    compared: list[list[str]], tmp_path: Path, option: str
) -> None:
    new = tmp_path / "new"
    ended = CliRunner().invoke(command, [option, str(new / "dir" / "x")])
    assert ended.exit_code == matrix_run.NOT_RUN
    assert f"expected one in a folder that is there: make {new / 'dir'}" in ended.output
    assert not new.exists()
    assert compared == []


@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_a_file_may_lie_in_the_folder_that_the_run_makes_for_its_report(
    compared: list[list[str]], tmp_path: Path, option: str
) -> None:
    folder = tmp_path / "new"
    CliRunner().invoke(command, ["--report", str(folder), option, str(folder / "x")])
    (arguments,) = compared
    assert str(folder / "x") in arguments
    assert not folder.exists()


def test_a_folder_stands_for_no_file(compared: list[list[str]], tmp_path: Path) -> None:
    ended = CliRunner().invoke(command, ["--junit", str(tmp_path)])
    assert (ended.exit_code, compared) == (2, [])
    assert "is a directory" in ended.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--jnuit", "x.xml"], "No such option '--jnuit'. Did you mean '--junit'?"),
        (["--durations=5"], "No such option '--durations'"),
        (["test_mine.py"], "unexpected extra argument (test_mine.py)"),
        (["-k", ""], "-k is empty, expected a value"),
        (["--case", ""], "--case is empty, expected a value"),
        (["--keras-from", ""], "--keras-from is empty, expected a value"),
        (["--keras-python", ""], "--keras-python is empty, expected a value"),
    ],
)
def test_an_option_that_is_none_of_the_commands_is_refused(
    compared: list[list[str]], arguments: list[str], says: str
) -> None:
    ended = CliRunner().invoke(command, arguments)
    assert ended.exit_code == 2
    assert says in " ".join(ended.output.split())
    assert compared == []


def test_pytest_gets_what_follows_two_dashes(compared: list[list[str]], tmp_path: Path) -> None:
    CliRunner().invoke(
        command, ["-k", "mask", "--report", str(tmp_path), "--", "--durations=5", "-x"]
    )
    (arguments,) = compared
    assert arguments[-2:] == ["--durations=5", "-x"]
    assert arguments[arguments.index("-k") + 1] == "mask"


def test_the_versions_are_those_of_both_sides(compared: list[list[str]]) -> None:
    ended = CliRunner().invoke(command, ["--version", "--keras-python", "python"])
    assert ended.exit_code == 0
    assert ended.output.splitlines() == [
        f"gru-parity of gru_ref {__version__}",
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        "python: Keras, Keras",
    ]
    assert compared == []


@pytest.mark.parametrize(
    "part",
    [["--oracle", "keras2"], ["--quick"], ["--case", "x"], ["--keras-from", "x"], ["-k", "mask"]],
)
def test_docs_are_not_written_from_a_part(compared: list[list[str]], part: list[str]) -> None:
    ended = CliRunner().invoke(command, ["--write-docs", *part])
    assert ended.exit_code == 2
    assert f"--write-docs cannot be given with {part[0]}" in " ".join(ended.output.split())
    assert compared == []


@pytest.mark.parametrize("oracles", [ORACLES, ORACLES[::-1], ORACLES[:1]])
def test_the_docs_are_checked_after_a_whole_run_in_whatever_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, oracles: tuple[str, ...]
) -> None:
    data = {"verdict": "parity", "problems": [], "extent": "whole"}

    def run(_: list[str]) -> pytest.ExitCode:
        (tmp_path / "report.json").write_text(json.dumps(data), encoding="utf-8")
        return pytest.ExitCode.OK

    monkeypatch.setattr(matrix_run, "OTHERS", ())
    monkeypatch.setattr(matrix_run, "ENVIRONMENT", {})
    monkeypatch.setattr(matrix_run.pytest, "main", run)
    monkeypatch.setattr(matrix_run.MatrixRun, "_check_docs", lambda *_: matrix_run.NO_PARITY)
    status = matrix_run.MatrixRun("python", "", oracles, report=tmp_path).status()
    assert status == (matrix_run.NO_PARITY if set(oracles) == set(ORACLES) else 0)


def test_what_is_no_python_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--keras-python is echo, expected a Python: .* prints"):
        choice.choose("echo")
    with pytest.raises(ValueError, match="which cannot be started: Permission denied"):
        choice.choose(str(tmp_path))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ('echo \'{"python": "2.7.18"}\'; [ "$1" = -c ]', "which is Python 2.7.18, expected 3.7"),
        ('echo \'{"python": "3.6.1"}\'', "which is Python 3.6.1, expected 3.7 or newer"),
        ("echo 'no space' >&2; exit 3", r"it says 'no space' \(exit status 3\)"),
    ],
)
def test_a_python_that_does_not_do_is_named(tmp_path: Path, script: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        choice.choose(_python(tmp_path, script))


@pytest.mark.parametrize(
    ("tensorflow", "says"),
    [
        ("false", "has neither tensorflow nor a Keras on it; --keras-python names a Python that"),
        ("true", "keras2: PYTHON has tensorflow, but no tf_keras"),
    ],
)
def test_a_python_without_keras_is_named(tmp_path: Path, tensorflow: str, says: str) -> None:
    found = f'{{"keras2": null, "keras3": null, "tensorflow": {tensorflow}, "python": "3.11.7"}}'
    python = _python(tmp_path, f"echo '{found}'")
    chosen = choice.choose(python)
    assert chosen.found == {}
    assert says.replace("PYTHON", python) in chosen.missing[0]


def _python(folder: Path, script: str) -> str:
    """Return a program that answers as a Python might."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


# ---- a Keras that cannot be imported


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere', raised at {}:1"),
        ("\ndef f(:", "SyntaxError: invalid syntax, raised at {}:2"),
        ("raise RuntimeError('half')", "RuntimeError: half, raised at {}:1"),
    ],
)
def test_a_tree_that_cannot_be_imported_says_what_and_where(
    tmp_path: Path, code: str, says: str
) -> None:
    tree = _tree(tmp_path, "keras", "3.15.1") / "keras"
    (tree / "__init__.py").write_text(code, encoding="utf-8")
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("__version__ = '2.21.0'", "utf-8")
    with (
        Oracle("keras3", sys.executable, 3, package=str(tree)) as oracle,
        pytest.raises(OracleError) as failure,
    ):
        oracle.describe()
    expected = f"oracle keras3: {tree} cannot be imported: {says.format(tree / '__init__.py')}"
    assert str(failure.value) == expected


def test_a_tensorflow_that_is_too_old_is_named(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("__version__ = '1.15.5'", encoding="utf-8")
    tree = _tree(tmp_path, "keras", "3.15.1") / "keras"
    with (
        Oracle("keras3", sys.executable, 3, package=str(tree)) as oracle,
        pytest.raises(OracleError, match=r"has no Keras 3, .*tensorflow is 1.15.5, expected 2.1"),
    ):
        oracle.describe()


def test_a_corruption_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_CORRUPT", "much")
    with pytest.raises(OracleError, match="PARITY_CORRUPT is 'much', expected a number"):
        Oracle("keras2", sys.executable, 2)


# ---- the workflow


def test_the_workflow_uses_what_there_is() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    inputs = set(workflow[True]["workflow_call"]["inputs"])  # YAML 1.1 reads `on` as true
    (job,) = workflow["jobs"].values()
    text = WORKFLOW.read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == inputs
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    known = {option for parameter in command.params for option in parameter.opts}
    compared = scripts[-1]
    assert "gru-parity " in compared
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", compared)) <= known
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^gru-parity = "parity_tests.__main__:main"$', project, re.MULTILINE)
    assert re.search(r"^parity = \[$", project, re.MULTILINE)


def test_the_workflow_asks_for_what_can_be_written_in_an_empty_folder(
    compared: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    script = next(step["run"] for step in job["steps"] if step.get("name") == "Compare")
    quick = "CHECKOUT= QUICK=true\ngru-parity() { printf '%s\\n' \"$@\"; }\n"
    asked = subprocess.run(
        ["bash", "-c", quick + script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "CLONE", None)
    ended = CliRunner().invoke(command, asked)
    assert "gru-parity: " not in ended.output
    (arguments,) = compared
    assert str(Path("gru-parity", "junit.xml")) in arguments


@pytest.mark.parametrize(
    "ref", ["gru-ref", "gru-ref==0.1.0", "git+https://example.org/gru_ref@main", "./gru ref"]
)
def test_the_workflow_installs_from_whatever_pip_does(ref: str) -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    (script,) = (step["run"] for step in job["steps"] if "GRU_REF" in step.get("env", {}))
    line = script.splitlines()[-1]
    shown = subprocess.run(
        ["bash", "-c", f"python() {{ printf '%s\\n' \"$@\"; }}; {line}"],
        env={"GRU_REF": ref}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.splitlines() == ["-m", "pip", "install", ref, "gru-ref[parity]"]
