"""Long searches: few and whole products, a bar on a terminal alone, and what interrupts leave."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gru_ref
from gru_ref.cli import progress as cli_progress
from gru_ref.cli.commands import diff as diff_command
from gru_ref.debugging.bounds import step_bounds, step_replay
from gru_ref.debugging.diff import hypotheses
from gru_ref.debugging.diff.comparison import diff
from gru_ref.debugging.doctor import diagnose
from gru_ref.debugging.lint import lint_vectors
from gru_ref.debugging.mistakes.table import BY_NAME, MISTAKES
from gru_ref.debugging.progress import Interrupted, Progress
from parity_tests.tests.support.cli_files import NPZ, numbers
from parity_tests.tests.support.cli_runner import invoke
from parity_tests.tests.support.small_gru import attempt_of, with_weights

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 12, 4, 5
LAYER = with_weights(gru_ref.GRU(UNITS, return_sequences=True), (BATCH, None, FEATURES))
X = numbers(BATCH, TIMESTEPS, FEATURES)
SWAPPED = BY_NAME["z and r swapped"].run(attempt_of(LAYER, X)).outputs[0]


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt: a shell has what it runs in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two timesteps a part, so that a short sequence has six."""
    monkeypatch.setattr(step_replay, "_PART", 2 * BATCH * UNITS)


def _interrupt_at(part: str, number: int) -> Progress:
    """Return a watcher that is interrupted by a real signal."""

    def watch(what: str, done: int, _of: int) -> None:
        if (what, done) == (part, number):
            signal.raise_signal(signal.SIGINT)

    return watch


def _interrupted(call: Callable[[], Any]) -> Any:
    with pytest.raises(KeyboardInterrupt) as stopped:
        call()
    assert isinstance(stopped.value, Interrupted)
    return stopped.value.found


# ---- products


class _Watched(np.ndarray):
    """Weights that note what they are multiplied with."""

    products: list[tuple[int, ...]]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        if ufunc is np.matmul:
            rows = inputs[0]
            assert (rows.ndim, rows.flags.c_contiguous) == (2, True)
            self.products.append(rows.shape)
        plain = [np.asarray(one) for one in inputs]
        return getattr(ufunc, method)(*plain, **more)


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the rows of every product of the bounds."""
    seen: list[tuple[int, ...]] = []
    multiply = step_bounds.product

    def watched(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        noting = weights.view(_Watched)
        noting.products = seen
        return multiply(x, noting)

    monkeypatch.setattr(step_bounds, "product", watched)
    return seen


@pytest.mark.usefixtures("small_parts")
def test_all_rows_of_a_part_are_one_product(products: list[tuple[int, ...]]) -> None:
    diff(LAYER, X.swapaxes(0, 1).copy().swapaxes(0, 1), SWAPPED)  # a strided view
    in_part, swapped_axes = 2 * BATCH, TIMESTEPS  # a timestep of swapped axes is TIMESTEPS rows
    assert {rows for rows, _ in products} == {in_part, swapped_axes}


def test_gates_that_theirs_has_none_of_are_computed_when_read(
    products: list[tuple[int, ...]],
) -> None:
    trace = gru_ref.trace(LAYER, X)
    theirs = {name: getattr(trace, name) for name in ("h", "z", "r", "candidate")}
    with_gates, alone = diff(LAYER, X, theirs).steps, diff(LAYER, X, {"h": theirs["h"]}).steps
    assert with_gates is not None
    assert alone is not None
    before = len(products)
    assert [*alone.expected] == [*with_gates.expected] == ["z", "r", "candidate", "h"]
    assert "output" not in alone.bound
    assert len(products) == before
    for name in ("z", "r"):
        np.testing.assert_array_equal(alone.expected[name], with_gates.expected[name])
        np.testing.assert_array_equal(alone.bound[name], with_gates.bound[name])
    assert len(products) == before + 12
    # The candidate with gates is computed from their own r.
    np.testing.assert_allclose(alone.expected["candidate"], theirs["candidate"], atol=1e-6)


def test_mistakes_share_their_products(products: list[tuple[int, ...]]) -> None:
    diff(LAYER, X, LAYER(X))
    alone = 12  # x and h, |x| and |h|, by three gates each
    assert products[:alone] == [*[(BATCH * TIMESTEPS, FEATURES)] * 2, *[(36, UNITS)] * 2] * 3
    made = sum(mistake.applies(attempt_of(LAYER, X)) for mistake in MISTAKES)
    assert made > 25
    assert len(products) - alone < made * alone / 3


@pytest.mark.usefixtures("small_parts")
def test_what_a_part_refutes_is_judged_no_further(products: list[tuple[int, ...]]) -> None:
    diff(LAYER, X, LAYER(X))
    equal = len(products)
    products.clear()
    diff(LAYER, X, SWAPPED)
    assert equal < len(products) / 2


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three timesteps of the twelve, with those that differ first and most: 0, 5 and 11."""
    monkeypatch.setattr(hypotheses, "_SAMPLE", 3 * BATCH * UNITS)


def test_what_a_sample_refutes_is_judged_on_it_alone(
    products: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = diff(LAYER, X, SWAPPED)
    of_whole = sum(rows for rows, _ in products)
    products.clear()
    monkeypatch.setattr(hypotheses, "_SAMPLE", 3 * BATCH * UNITS)
    found = diff(LAYER, X, SWAPPED)
    assert sum(rows for rows, _ in products) < of_whole * 0.6
    errors = {one.name: one for one in whole.hypotheses}
    assert {one.name for one in found.hypotheses} == errors.keys()
    for one in found.hypotheses:
        assert one.at_least == (one.name != "z and r swapped")
        if one.at_least:
            assert 1 < one.ratio <= errors[one.name].ratio
            assert one.error <= errors[one.name].error
        else:
            assert one == errors[one.name]
    assert any(one.ratio < errors[one.name].ratio for one in found.hypotheses)
    assert not any(one.at_least for one in whole.hypotheses)
    text = str(found)
    assert text.count("≥") == 2 * 4  # the first five are shown
    assert found.to_dict()["hypotheses"][1]["at_least"]


@pytest.mark.usefixtures("small_sample")
def test_what_a_sample_does_not_refute_is_judged_on_every_timestep() -> None:
    wrong = SWAPPED.copy()
    wrong[2, 7, 4] += 1e-3  # no timestep of the sample
    found = diff(LAYER, X, wrong)
    best = found.hypotheses[0]
    assert (best.name, best.at_least, found.explanations) == ("z and r swapped", False, ())
    assert best.error == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("theirs", ["equal", "swapped"])
def test_a_sample_changes_no_verdict(theirs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = np.asarray(LAYER(X)) if theirs == "equal" else SWAPPED
    layer = with_weights(gru_ref.GRU(UNITS, return_sequences=True), (BATCH, None, FEATURES))
    constant = np.repeat(X[:, :1], TIMESTEPS, axis=1)  # in which go_backwards shows nothing
    for x, own in ((X, given), (constant, np.asarray(layer(constant)))):
        whole = diff(layer, x, own)
        with monkeypatch.context() as small:
            small.setattr(hypotheses, "_SAMPLE", 3 * BATCH * UNITS)
            found = diff(layer, x, own)
        assert (found.first, found.unknown) == (whole.first, whole.unknown)
        assert found.explanations == whole.explanations


def test_every_other_product_is_of_two_axes() -> None:
    """A new one belongs here once its operands are known to have two axes, or into `product`."""
    room = Path(gru_ref.__file__).parent / "debugging"
    found = {
        f"{path.stem}.{function.name}"
        for path in room.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(node, ast.MatMult) for node in ast.walk(function))
    }
    assert found == {
        "computation._product",  # rows of all candidates, in the doctor
        "computation._reset_before",
        "computation.product",
        "dropout_search._in_real_numbers",  # a few small systems, solved by pinv
        "mutations.mix_rows",  # two rows of a bias
        "step_bounds.product",
    }


# ---- interrupts in Python


@pytest.mark.usefixtures("small_parts")
def test_an_interrupt_of_the_comparison_leaves_the_first_difference() -> None:
    theirs = np.asarray(LAYER(X)).copy()
    theirs[1, 3, 2] += 0.1
    whole = diff(LAYER, X, theirs)
    found = _interrupted(lambda: diff(LAYER, X, theirs, progress=_interrupt_at("timesteps", 2)))
    assert found.first == whole.first
    assert found.hypotheses == ()
    assert set(found.interruption.untried) == {one.name for one in whole.hypotheses}
    with pytest.raises(KeyboardInterrupt) as nothing_known:
        diff(LAYER, X, theirs, progress=_interrupt_at("timesteps", 1))
    assert not isinstance(nothing_known.value, Interrupted)


@pytest.mark.usefixtures("small_parts")
def test_an_interrupt_of_the_mistakes_leaves_those_that_are_refuted() -> None:
    whole = diff(LAYER, X, SWAPPED)
    found = _interrupted(lambda: diff(LAYER, X, SWAPPED, progress=_interrupt_at("mistakes", 3)))
    assert found.first == whole.first
    assert found.interruption == (("z and r swapped",), 6, TIMESTEPS)
    errors = {one.name: one.error for one in whole.hypotheses}
    assert {one.name for one in found.hypotheses} == errors.keys() - {"z and r swapped"}
    assert all(one.error <= errors[one.name] for one in found.hypotheses)
    assert found.to_dict()["interruption"]["untried"] == ["z and r swapped"]
    assert "Not tried to the end (1): 'z and r swapped'" in " ".join(str(found).split())


@pytest.mark.usefixtures("small_parts")
def test_equal_numbers_stay_equal_when_interrupted() -> None:
    found = _interrupted(lambda: diff(LAYER, X, LAYER(X), progress=_interrupt_at("mistakes", 0)))
    assert found.equal
    assert len(found.interruption.untried) > 20
    assert found.interruption[1:] == (0, TIMESTEPS)


def test_an_interrupt_leaves_what_a_final_state_told() -> None:
    whole = diff(LAYER, X, SWAPPED[:, -1])
    watch = _interrupt_at("mistakes", 5)
    found = _interrupted(lambda: diff(LAYER, X, SWAPPED[:, -1], progress=watch))
    assert found.first == whole.first
    assert len(found.hypotheses) == 5
    names = {one.name for one in found.hypotheses} | set(found.interruption.untried)
    assert names == {one.name for one in whole.hypotheses}


def test_an_interrupt_of_the_doctor_leaves_what_comes_closest() -> None:
    weights, y = LAYER.get_weights(), np.asarray(LAYER(X)).copy()
    y[0, 5] += 0.3  # so that nothing explains it and every part is searched
    searched: list[int] = []
    diagnose(weights, X, y, progress=lambda _what, done, _of: searched.append(done))
    assert len(searched) > 2
    watch = _interrupt_at("layouts", searched[1])
    found = _interrupted(lambda: diagnose(weights, X, y, progress=watch))
    assert (found.interrupted, found.verdict, found.searched) == (True, "none", searched[1])
    assert str(found).startswith("Interrupted: no layout is known yet")
    assert f"None of the first {searched[1]:,} hypotheses" in str(found)


def test_the_doctor_takes_more_than_255_rows() -> None:
    x = numbers(256, 2, FEATURES)
    assert diagnose(LAYER.get_weights(), x, np.asarray(LAYER(x))).verdict == "unique"


def test_an_interrupt_of_the_lint_leaves_what_is_seen() -> None:
    whole = lint_vectors(LAYER, X)
    seen = {one.mistake for one in whole.findings if one.seen}
    found = _interrupted(lambda: lint_vectors(LAYER, X, progress=_interrupt_at("better tests", 0)))
    assert {one.mistake for one in found.findings} == seen
    assert found.unseen == ()
    left = {one.name for one in MISTAKES} - seen
    assert set(found.untried) == left
    assert whole.untried == ()


# ---- on the command line

_PROGRAM = """
import contextlib, signal, sys
from gru_ref.cli.commands import {module} as command
from gru_ref.cli.group import command as gru_ref

@contextlib.contextmanager
def interrupted(_what):
    def watch(what, done, of):
        if what == {part!r}:
            signal.raise_signal(signal.SIGINT)
    yield watch

command.progress_bar = interrupted
gru_ref(sys.argv[1:], prog_name="gru-ref")
"""


def _stopped(module: str, part: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own that a real signal interrupts."""
    program = _PROGRAM.format(module=module, part=part)
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[object, ...]:
    """FILE and inputs, and beside them wrong.npy."""
    (layer,) = gru_ref.load_layers(NPZ).values()
    x = numbers(BATCH, TIMESTEPS, layer.weight_shapes()["kernel"][0])
    layer.change_loop(return_sequences=True)
    wrong = BY_NAME["bias rows swapped"].run(attempt_of(layer, x)).outputs[0]
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "wrong.npy", wrong)
    return NPZ, "--inputs", tmp_path / "x.npy"


def test_an_interrupted_diff_prints_what_is_known_and_ends_with_130(
    files: tuple[Any, ...],
) -> None:
    theirs = files[2].with_name("wrong.npy")
    ended = _stopped("diff", "mistakes", "diff", *files, "--theirs", theirs)
    assert ended.returncode == 130, ended.stderr
    assert "timestep 0" in ended.stdout
    assert "Not tried to the end" in ended.stdout
    assert "Traceback" not in ended.stderr
    as_json = _stopped("diff", "mistakes", "diff", *files, "--theirs", theirs, "--json")
    assert as_json.returncode == 130
    assert "bias rows swapped" in json.loads(as_json.stdout)["interruption"]["untried"]


def test_an_interrupted_lint_and_doctor_end_with_130(files: tuple[Any, ...]) -> None:
    ended = _stopped("lint_vectors", "better tests", "lint-vectors", *files)
    assert (ended.returncode, "Not tried to the end" in ended.stdout) == (130, True), ended.stderr
    theirs = files[2].with_name("wrong.npy")
    ended = _stopped("doctor", "layouts", "doctor", *files, "--outputs", theirs)
    assert ended.returncode == 130, ended.stderr
    assert ended.stdout.startswith("Interrupted: no layout is known yet")


# ---- the bar


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _watch(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, patience: float, seconds: float
) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(cli_progress, "_PATIENCE", patience)
    monkeypatch.setenv("TERM", "xterm")
    with cli_progress.progress_bar("diff") as watch:
        watch("mistakes", 1, 3)
        time.sleep(seconds)
    return stream.getvalue()


def test_a_bar_stands_on_a_terminal_once_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "diff: mistakes" in _watch(monkeypatch, _Terminal(), 0, 0.5)
    assert _watch(monkeypatch, _Terminal(), 600, 0) == ""


def test_there_is_no_bar_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _watch(monkeypatch, io.StringIO(), 0, 0.2) == ""


def test_the_bar_of_diff_is_told_what_is_done(
    files: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    @contextlib.contextmanager
    def bar(what: str) -> Iterator[Progress]:
        assert what == "diff"
        yield lambda part, _done, _of: told.append(part)

    monkeypatch.setattr(diff_command, "progress_bar", bar)
    invoke("diff", *files, "--theirs", files[2].with_name("wrong.npy"))
    assert {"timesteps", "mistakes"} <= set(told)
