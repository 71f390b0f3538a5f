"""Runs the blocks of a shard on an executor: those kept are read, the others compared and kept."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from typing import Any

from parity_tests.cases.product import Block
from parity_tests.reporting.progress import Bar
from parity_tests.runner.full import work
from parity_tests.runner.full.block_store import BlockStore, code_digest


class Blocks:
    """The results of some blocks, from the folder that keeps them and from an executor."""

    def __init__(self, executor: Executor, python: str, folder: Path) -> None:
        self._executor = executor
        self._python = python
        self._folder = folder
        self.surroundings: dict[str, dict[str, Any]] = {}

    def learn(self, oracles: Sequence[str]) -> None:
        """Ask each oracle, where blocks run, what their results depend on.

        Raises
        ------
        ValueError
            The code there is not the code here.
        """
        asked = {
            name: self._executor.submit(work.surroundings, self._python, name) for name in oracles
        }
        for name, future in asked.items():
            found = future.result()
            if found["code"] != code_digest():
                raise ValueError(
                    f"code of {name}'s process is {found['code'][:12]}, "
                    f"expected that of this process, {code_digest()[:12]}"
                )
            self.surroundings[name] = found

    def compare(self, blocks: Sequence[Block], bar: Bar) -> dict[Block, Mapping[str, Any]]:
        """Return the result of every block.

        Raises
        ------
        ValueError
            A block was compared in other surroundings than `learn` found.
        """
        keeping = {
            name: BlockStore(self._folder, found) for name, found in self.surroundings.items()
        }
        sizes = {block: sum(len(layer.cases) for layer in block.layers) for block in blocks}
        results: dict[Block, Mapping[str, Any]] = {}
        for block in blocks:
            found = keeping[block.oracle].get(block)
            if found is not None:
                results[block] = found
        bar.start(sum(sizes.values()), sum(sizes[block] for block in results))
        futures = {
            self._executor.submit(work.compare, self._python, block.oracle, block.number): block
            for block in blocks
            if block not in results
        }
        failure: BaseException | None = None
        try:
            for future in as_completed(futures):
                if future.cancelled():
                    continue
                try:
                    answer = self._result(future.result(), futures[future])
                except Exception as error:
                    # What runs already is kept, and nothing more is begun.
                    failure = failure or error
                    _cancel(futures)
                    continue
                block = futures[future]
                keeping[block.oracle].put(block, answer)
                results[block] = answer
                bar.advance(sizes[block])
        finally:
            _cancel(futures)
            bar.stop()
        if failure:
            raise failure
        return results

    def _result(self, answer: Mapping[str, Any], block: Block) -> Mapping[str, Any]:
        """Return the result that a worker answered with."""
        if answer["surroundings"] != self.surroundings[block.oracle]:
            raise ValueError(
                f"block {block.name} was compared in {answer['surroundings']}, "
                f"expected {self.surroundings[block.oracle]}"
            )
        result: Mapping[str, Any] = answer["result"]
        return result


def _cancel(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


class Clock:
    """Wall time, and processor time of this process and of all it started that have ended."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def sentence(self) -> str:
        """Return how long it took."""
        wall = time.perf_counter() - self._began
        try:
            import resource
        except ImportError:  # Windows
            return f"{wall:.0f} s"
        spent = [
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        processor = sum(usage.ru_utime + usage.ru_stime for usage in spent)
        return f"{wall:.0f} s, {processor:.0f} s of processor time on this machine"
