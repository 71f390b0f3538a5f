"""The full product: its cases, its shards, and what keeps and adds up their results."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner
from parameterized import parameterized

from parity_tests.cases import product
from parity_tests.cases.product import Block
from parity_tests.environment import ROOT
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.reporting.progress import Bar
from parity_tests.runner.full import block_store, executors, summary, totals
from parity_tests.runner.full.__main__ import command
from parity_tests.runner.full.run import Blocks
from parity_tests.tests.support.loaded_files import loaded_files

HERE = {"code": block_store.code_digest(), "keras": "2.21.0", "tensorflow": "2.21.0", "corrupt": ""}
DOCUMENT = (ROOT / "docs" / "full.md").read_text(encoding="utf-8")
SOME = [Block("keras2", number) for number in range(4)]


def result(block: Block, outcome: str = "equal") -> dict[str, Any]:
    """Return what a block of one case comes to."""
    case_id = f"exact+block-{block.number}"
    said = {case_id: "they differ"} if outcome == "disagreement" else {}
    return {
        "rows": [[case_id, "loop", outcome, []]],
        "messages": said,
        "mistakes": {},
        "engines": [["numpy", "compared", 1], ["numpy", "made", "mask ignored", 1]],
        "blocks": {"all": 6, "unsensed": 1},
        "redrawn": 0,
        "digest": block.name,
    }


class Immediate(ThreadPoolExecutor):
    """Answers at once, from a function of a block, and notes the blocks that it was asked for."""

    def __init__(self, answer: Any = result) -> None:
        super().__init__(1)
        self.answer = answer
        self.asked: list[str] = []

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        """Answer for the worker."""
        future: Future[Any] = Future()
        if function.__name__ == "surroundings":
            future.set_result(HERE)
            return future
        block = Block(*arguments[1:])
        self.asked.append(block.name)
        try:
            future.set_result({"result": self.answer(block), "surroundings": HERE})
        except OSError as error:
            future.set_exception(error)
        return future


def compare(executor: Immediate, folder: Path) -> dict[Block, Any]:
    compared = Blocks(executor, "python", folder)
    compared.learn(["keras2"])
    return compared.compare(SOME, Bar())


class TestProduct:
    @parameterized.expand([("keras2", 57_344, 3_584, "fused"), ("keras3", 28_672, 1_792, "loop")])
    def test_every_combination_is_a_case(
        self, oracle: str, exact: int, saturated: int, path: str
    ) -> None:
        cases = [case for layer in product.layers(oracle) for case in layer.cases]
        assert len({case.id for case in cases}) == len(cases)
        assert Counter(case.lane for case in cases) == {"exact": exact, "saturated": saturated}
        assert {case.path for case in cases if case.lane == "saturated"} == {path}
        levels = {(case.lane, *map(str, case.levels.values())) for case in cases}
        assert len(levels) == len(cases)

    @parameterized.expand(GENERATIONS)
    def test_the_document_counts_each_of_them(self, oracle: str) -> None:
        layers = product.layers(oracle)
        cases = Counter((case.lane, case.path) for layer in layers for case in layer.cases)
        pages = re.findall(rf"^\| {oracle} \| (.*) \|$", DOCUMENT, re.MULTILINE)
        rows = [row.replace(",", "").split(" | ") for row in pages]
        counted = {(lane, path): [int(n) for n in numbers] for lane, path, *numbers in rows}
        assert {place: numbers[0] for place, numbers in counted.items()} == cases
        for every, equal, _, raised, disagree in counted.values():
            assert (equal + raised, disagree) == (every, 0)

    def test_the_cases_of_a_layer_differ_in_their_calls_alone(self) -> None:
        for oracle in GENERATIONS:
            for layer in product.layers(oracle)[::97]:
                assert len(layer.cases) == 14
                assert len({str(case.constructor()) for case in layer.cases}) == 1

    @parameterized.expand([(1,), (7,), (60,), (272,)])
    def test_shards_are_disjoint_and_together_complete(self, count: int) -> None:
        for oracle in GENERATIONS:
            every = product.blocks(oracle)
            shards = [product.shard(every, number, count) for number in range(1, count + 1)]
            held_by_shards = [block for shard in shards for block in shard]
            assert sorted(held_by_shards, key=lambda block: block.number) == every
            assert max(map(len, shards)) - min(map(len, shards)) <= 1
            held = [layer for block in every for layer in block.layers]
            assert held == list(product.layers(oracle))


class TestKept:
    def test_a_run_goes_on_where_the_last_one_ended(self, tmp_path: Path) -> None:
        def failing(block: Block) -> dict[str, Any]:
            if block.number == 2:
                raise OSError("the machine went away")
            return result(block)

        with pytest.raises(OSError, match="went away"):
            compare(Immediate(failing), tmp_path)
        again = Immediate()
        found = compare(again, tmp_path)
        assert again.asked == ["keras2-002"]
        assert found == {block: result(block) for block in SOME}
        assert not [
            path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".json"
        ]

    def test_a_block_of_other_code_is_compared_again(self, tmp_path: Path) -> None:
        compare(Immediate(), tmp_path)
        unchanged, changed = Immediate(), Immediate()
        compare(unchanged, tmp_path)
        with mock.patch.dict(HERE, keras="2.22.0"):
            compare(changed, tmp_path)
        assert unchanged.asked == []
        assert changed.asked == [block.name for block in SOME]

    def test_code_that_differs_where_blocks_run_is_an_error(self, tmp_path: Path) -> None:
        with mock.patch.dict(HERE, code="other"), pytest.raises(ValueError, match="expected that"):
            compare(Immediate(), tmp_path)

    def test_the_digest_covers_what_compares_and_the_table(self) -> None:
        before = block_store.code_digest()
        read = Path.read_bytes
        for name in ("step.py", "axes.py", "product_witnesses.py", "live_reused.py"):
            with mock.patch.object(
                Path,
                "read_bytes",
                lambda path, name=name: read(path) + (b"#" if path.name == name else b""),
            ):
                assert block_store.code_digest.__wrapped__() != before, name

    def test_the_digest_covers_every_module_that_comparing_loads(self) -> None:
        loaded = loaded_files("parity_tests.runner.full.compare_block")
        read = Path.read_bytes
        covered: set[Path] = set()
        with mock.patch.object(Path, "read_bytes", lambda path: covered.add(path) or read(path)):
            block_store.code_digest.__wrapped__()
        assert {path.name for path in loaded} >= {"compare_block.py", "judge.py", "step.py"}
        assert loaded - covered == set()


class TestTotals:
    def test_shards_add_up_to_the_whole(self) -> None:
        results = {block: result(block) for block in SOME}
        whole = totals.total(results, {"keras2": HERE}, "1/1")
        parts = [
            totals.total({b: results[b] for b in product.shard(SOME, n, 2)}, {"keras2": HERE}, s)
            for n, s in ((1, "1/2"), (2, "2/2"))
        ]
        assert json.dumps(totals.merge(parts)) == json.dumps(totals.merge(parts[::-1]))
        assert totals.merge(parts) == whole

    def test_a_missing_shard_is_named(self) -> None:
        part = totals.total({SOME[0]: result(SOME[0])}, {"keras2": HERE}, "1/2")
        with pytest.raises(ValueError, match="2/2"):
            totals.merge([part])
        with pytest.raises(ValueError, match="once"):
            totals.merge([part, part])

    def test_shards_of_other_code_do_not_merge(self) -> None:
        one = totals.total({SOME[0]: result(SOME[0])}, {"keras2": HERE}, "1/2")
        two = totals.total({SOME[1]: result(SOME[1])}, {"keras2": {**HERE, "code": ""}}, "2/2")
        with pytest.raises(ValueError, match="shard 2/2 is of"):
            totals.merge([one, two])

    def test_a_disagreement_is_no_parity(self) -> None:
        results = {SOME[0]: result(SOME[0]), SOME[1]: result(SOME[1], "disagreement")}
        data = totals.conclude(totals.total(results, {"keras2": HERE}, "1/2"), whole=False)
        assert data["verdict"] != "parity"
        assert list(data["messages"]) == ["keras2:exact+block-1"]

    def test_the_whole_lacks_what_was_not_compared(self) -> None:
        data = totals.total({SOME[0]: result(SOME[0])}, {"keras2": HERE}, "1/1")
        problems = totals.conclude(data, whole=True)["problems"]
        assert problems[0] == "keras2: 1 cases were compared, expected 60928"
        assert any("'recorded_state_wins'" in problem for problem in problems)


class TestExecutors:
    def test_a_function_that_makes_one(self) -> None:
        with executors.find_executor("concurrent.futures:ThreadPoolExecutor") as executor:
            assert executor.submit(sum, (1, 2)).result() == 3

    @parameterized.expand(["os:nothing", "nowhere:it", "os", "os:name", "os:getcwd"])
    def test_anything_else_is_named(self, name: str) -> None:
        with pytest.raises(ValueError, match=f"--executor is '{name}'.*expected module:attribute"):
            executors.find_executor(name)

    def test_a_function_that_cannot_make_one(self) -> None:
        with pytest.raises(ValueError, match=r"'json:loads', which raises TypeError.* expected"):
            executors.find_executor("json:loads")


def test_the_table_is_whole_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"equal": 81_216, "raised": 10_176, "quirk": 20_479, "disagreement": 91_392}
    data = {"cases": {"keras2": {"saturated": {"unroll": counts}}}}
    figures = {"compared": 536, "equal": 536, "not_served": {"it rounds": 24}, "made": {"a": 1}}
    rest = {"surroundings": {}, "messages": {}, "problems": [], "verdict": "parity"}
    rest["engines"] = {"numpy": figures}
    summary.print_report({**data, **rest})
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    for word in ("keras2", "saturated", "81,216", "20,479", "disagree", "0 of 1 mistakes seen"):
        assert word in shown


def _refusal(*arguments: object) -> str:
    """Return what the command says of arguments that it refuses."""
    said = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert said.exit_code == 2
    return said.output


class TestCommand:
    @parameterized.expand(["0/2", "3/2", "1", "1/273", "a/b"])
    def test_a_shard_that_is_none(self, shard: str) -> None:
        assert "expected i/n with 1 <= i <= n <= 272" in _refusal("--shard", shard)

    def test_reports_without_merge(self, tmp_path: Path) -> None:
        (tmp_path / "report.json").write_text("{}", encoding="utf-8")
        assert "--merge" in _refusal(tmp_path / "report.json")

    @parameterized.expand(
        [
            (["--case", "keras2:x", "--shard", "1/2"],),
            (["--case", "keras2:x", "--only", "product"],),
            (["--write-docs", "--shard", "1/2"],),
            (["--write-docs", "--only", "wide"],),
            (["--write-docs", "--oracle", "keras2"],),
        ]
    )
    def test_options_that_exclude_each_other(self, arguments: list[str]) -> None:
        assert f"{arguments[0]} cannot be given with" in _refusal(*arguments)

    @pytest.mark.parametrize(
        ("text", "shown"),
        [("{}", "lacks shards, blocks"), ("[]", "holds no JSON object"), ("no", "is no JSON (")],
    )
    def test_a_file_that_is_no_report(self, tmp_path: Path, text: str, shown: str) -> None:
        odd = tmp_path / "odd.json"
        odd.write_text(text, encoding="utf-8")
        said = _refusal("--report", tmp_path, "--merge", odd)
        assert f"--merge is given {odd}, which {shown}" in said
        assert "expected the report-i-of-n.json of a shard" in said

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        said = _refusal("--report", tmp_path / "file" / "below")
        assert "below, which cannot be written: Not a directory" in said

    def test_what_is_no_python(self, tmp_path: Path) -> None:
        said = _refusal("--report", tmp_path, "--keras-python", "true")
        assert "--keras-python is true, expected a Python: " in said
