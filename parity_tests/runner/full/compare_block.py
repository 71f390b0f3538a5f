"""Compares one block: live Keras runs its layers, gru_ref runs the same, `judge` decides."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gru_ref.debugging.mistakes.table import BY_NAME
from parity_tests.cases.product import Block, Layer
from parity_tests.cases.product_witnesses import Chosen, choose
from parity_tests.cases.sweeps import Case
from parity_tests.cases.witness import MaskedWitness, blocks_of, exact_enough
from parity_tests.judging import compare, judge
from parity_tests.judging.mistakes import name_in_records
from parity_tests.matrix.product import PRODUCT
from parity_tests.oracles.client import Oracle

MISTAKES = tuple(BY_NAME[name] for name in PRODUCT["mistakes"])

# The standard library's record of warnings is one a process: two threads cannot both keep it.
_gru_ref = threading.Lock()


class Task(NamedTuple):
    """Some cases of a layer, at one attempt, and the request that runs them."""

    layer: Layer
    cases: Sequence[Case]
    chosen: Sequence[Chosen]
    attempt: int
    request: dict[str, Any]


def compare_block(oracle: Oracle, block: Block) -> dict[str, Any]:
    """Return what the cases of a block came to; see `compare_layers`."""
    return compare_layers(oracle, block.layers)


def compare_layers(oracle: Oracle, layers: Sequence[Layer]) -> dict[str, Any]:
    """Return what the cases of some layers came to, as plain data.

    The reply of a case whose dropout masks make a sum inexact is discarded, and the case run again
    with other numbers.

    Returns
    -------
    result : dict
        rows: id, path, outcome and deviations of each case, in the order of the table. messages:
        what the disagreements say, by id. mistakes: by name, lane and path, in how many cases it
        showed and was made. engines: by name, of each faster engine that is installed, how many
        cases it computed, how many of them equal, why it did not compute the others, and in how
        many of them each mistake showed and was made. blocks: how many blocks of weights the cases
        have, and do not sense. redrawn: how many runs were discarded. digest: of every
        number that Keras returned.
    """
    oracle.describe()  # no request may come between those of the layers
    compared = _Compared(layers)
    waiting: list[tuple[Layer, Sequence[Case]]] = [(layer, layer.cases) for layer in layers]
    for attempt in range(judge.REDRAWS):
        tasks = list(_tasks(waiting, attempt))
        waiting = []
        replies = oracle.requests(task.request for task in tasks)
        for task, reply in zip(tasks, replies, strict=True):
            with _gru_ref:
                seen = _observations(task, reply["runs"])
                again = [
                    case
                    for case, chosen, one in zip(task.cases, task.chosen, seen, strict=True)
                    if not compared.add(oracle, task, case, chosen, one)
                ]
            if again:
                waiting.append((task.layer, again))
        if not waiting:
            return compared.result()
    left = [case.id for _, cases in waiting for case in cases]
    raise LookupError(f"{left[0]}: no exact witness in {judge.REDRAWS} draws of the dropout masks")


def _tasks(waiting: list[tuple[Layer, Sequence[Case]]], attempt: int) -> Iterator[Task]:
    """Yield a task for each layer that waits; the first has the oracle forget earlier seeds."""
    for number, (layer, cases) in enumerate(waiting):
        chosen = choose(layer, cases, attempt)
        requests = [
            judge.request_of(case, one.witness, attempt)
            for case, one in zip(cases, chosen, strict=True)
        ]
        request = {
            "op": "reused",
            "constructor": requests[0]["constructor"],
            "forget": number == 0 and attempt == 0,
            "runs": [{key: r[key] for key in ("weights", "calls", "seed")} for r in requests],
        }
        yield Task(layer, cases, chosen, attempt, request)


_Seen = judge.Observation | dict[str, Any] | None


class _Compared:
    """What the cases came to so far."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        cases = (case for layer in layers for case in layer.cases)
        self.order = {case.id: number for number, case in enumerate(cases)}
        self.rows: dict[str, list[Any]] = {}
        self.digests: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self.mistakes: Counter[tuple[str, str, str, str]] = Counter()
        self.engines: Counter[tuple[str, ...]] = Counter()
        self.blocks: Counter[str] = Counter()
        self.redrawn = 0

    def add(self, oracle: Oracle, task: Task, case: Case, chosen: Chosen, seen: _Seen) -> bool:
        """Judge one run; return False where its numbers have to be drawn again."""
        if seen is None:
            self.redrawn += 1
            return False
        try:
            mistakes = MISTAKES if task.layer.shows_mistakes else ()
            record = judge.judge(oracle, case, seen, mistakes=mistakes)
            if record.path and record.path != case.path:
                raise judge.Disagreement(
                    f"{case.oracle} {case.id}\n  path is {record.path}, expected {case.path}"
                )
        except judge.Disagreement as disagreement:
            record = disagreement.record or record
            record.outcome = "disagreement"
            self.messages[case.id] = str(disagreement)
        self.rows[case.id] = [case.id, case.path, record.outcome, sorted(record.deviations)]
        if isinstance(seen, judge.Observation):
            self.digests[case.id] = compare.digest(seen.reply["calls"])
            self.blocks["unsensed"] += len(chosen.unsensed)
            self.blocks["all"] += len(blocks_of(chosen.witness))
        for name, error in record.mistakes.items():
            for what in ("made", "shown") if error > 0 else ("made",):
                recorded = name_in_records(BY_NAME[name])
                self.mistakes[recorded, case.lane, case.path, what] += 1
        self._add_engines(record)
        return True

    def _add_engines(self, record: judge.Record) -> None:
        """Count what the faster engines came to."""
        for engine, found in record.engines.items():
            if found.reason:
                self.engines[engine, "not_served", found.reason] += 1
                continue
            self.engines[engine, "compared"] += 1
            self.engines[engine, "equal"] += found.equal
            for name, error in record.mistakes.items():
                self.engines[engine, "made", name] += 1
                self.engines[engine, "shown", name] += error > 0

    def result(self) -> dict[str, Any]:
        """Return everything as plain data, in an order that no redraw changes."""
        ids = sorted(self.rows, key=self.order.__getitem__)
        digest = hashlib.sha256("".join(self.digests.get(i, i) for i in ids).encode())
        mistakes: dict[str, dict[str, int]] = {}
        for (name, lane, path, what), count in sorted(self.mistakes.items()):
            mistakes.setdefault(f"{name} | {lane} | {path}", {"made": 0, "shown": 0})[what] = count
        return {
            "rows": [self.rows[i] for i in ids],
            "messages": {i: self.messages[i] for i in ids if i in self.messages},
            "mistakes": mistakes,
            "engines": [[*where, count] for where, count in sorted(self.engines.items())],
            "blocks": dict(sorted(self.blocks.items())),
            "redrawn": self.redrawn,
            "digest": digest.hexdigest(),
        }


def _observations(task: Task, runs: Sequence[dict[str, Any]]) -> list[_Seen]:
    """Return the runs of a task as `judge` takes them; None where one has to be drawn again."""
    seen: list[_Seen] = [
        judge.observation(case, chosen.witness, run, task.attempt)
        if run["ok"]
        else dict(run["error"])
        for case, chosen, run in zip(task.cases, task.chosen, runs, strict=True)
    ]
    ran = [one for one in seen if isinstance(one, judge.Observation)]
    exact = iter(exact_enough([MaskedWitness(one.case, one.witness, one.masks) for one in ran]))
    return [None if isinstance(one, judge.Observation) and not next(exact) else one for one in seen]
