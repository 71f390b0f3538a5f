"""Measures peers in turns: in each round every peer runs a problem before the next problem."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyperf

from benchmarks.agreement import check
from benchmarks.problems import Problem
from benchmarks.worker import STREAM_CALLS
from benchmarks.workers import Worker, started

MIN_TIME = 0.02  # seconds that the loops of a value take at least
SLOW = 0.05  # seconds of a call from which on a round has one value of it, without warm-up
LONG = 0.5  # seconds of a call from which on it is measured once a session, not in every round
CHECKED_TIMESTEPS = 10_000  # the core takes minutes of a longer input, and so do calibrations
# (problem, peer)
Pair = tuple[str, str]


@dataclass
class Measured:
    """What pyperf measured.

    Parameters
    ----------
    benchmarks : dict
        The values of every pair, of all rounds.
    by_round : dict
        The median of every pair in every round that had it.
    reasons : dict
        Why a pair is not there.
    apart : dict
        The largest distance of a pair from the core in float64.
    """

    benchmarks: dict[Pair, pyperf.Benchmark] = field(default_factory=dict)
    by_round: dict[Pair, dict[int, float]] = field(default_factory=dict)
    reasons: dict[Pair, str] = field(default_factory=dict)
    apart: dict[Pair, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, pair: Pair, number: int, suite: str) -> pyperf.Benchmark:
        """Add what a worker answered in a round."""
        (found,) = pyperf.BenchmarkSuite.loads(suite).get_benchmarks()
        if found.get_nvalue():
            self.by_round.setdefault(pair, {})[number] = found.median()
            if pair in self.benchmarks:
                self.benchmarks[pair].add_runs(found)
            else:
                self.benchmarks[pair] = found
        return found

    def ratio(self, problem: str, peer: str, base: str) -> tuple[float, float] | None:
        """Return the median and the spread of a peer's time over the base's in the same round."""
        mine = self.by_round.get((problem, peer), {})
        other = self.by_round.get((problem, base), {})
        ratios = [mine[number] / other[number] for number in mine.keys() & other.keys()]
        if not ratios:
            return None
        median = statistics.median(ratios)
        return median, statistics.median(abs(ratio - median) for ratio in ratios)

    def as_data(self, problems: Iterable[Problem], engines: Sequence[str]) -> dict[str, Any]:
        """Return medians, spreads (pyperf's median absolute deviation) and ratios, for JSON."""
        data: dict[str, Any] = {}
        for problem in problems:
            row = data[problem.name] = {}
            for (name, peer), found in self.benchmarks.items():
                if name != problem.name:
                    continue
                row[peer] = {
                    "median": _short(found.median()),
                    "spread": _short(found.median_abs_dev()),
                    "values": found.get_nvalue(),
                    "ratios": {
                        engine: [_short(number) for number in ratio]
                        for engine in engines
                        if (ratio := self.ratio(name, engine, peer))
                    },
                }
            row |= {
                peer: {"reason": r}
                for (name, peer), r in self.reasons.items()
                if name == problem.name
            }
        return data

    def commands(self) -> dict[str, Any]:
        """Return medians and spreads of commands, for JSON."""
        return {
            name: {
                "median": _short(found.median()),
                "spread": _short(found.median_abs_dev()),
                "values": found.get_nvalue(),
            }
            for (name, _), found in self.benchmarks.items()
        }

    def write(self, folder: Path) -> None:
        """Write a file of pyperf for each peer, which `pyperf compare_to` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        for peer in sorted({peer for _, peer in self.benchmarks}):
            suite = [found for (_, name), found in self.benchmarks.items() if name == peer]
            pyperf.BenchmarkSuite(suite).dump(str(folder / f"{peer}.json"), replace=True)


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def measure(
    problems: Sequence[Problem],
    peers: Sequence[str],
    *,
    threads: int,
    sessions: int,
    rounds: int,
    say: Callable[[str], None],
    long_rounds: int = 1,
    keep: bool = True,
) -> Measured:
    """Measure problems with peers.

    Parameters
    ----------
    problems, peers
    threads : int
    sessions : int
        How often the processes of all peers are started anew.
    rounds : int
        How often every problem is measured in a session.
    say : callable
        It is told how far this is.
    long_rounds : int
        How many of the rounds of a session have the calls that take longer than LONG.
    keep : bool
        Whether a process holds all problems at once. Without it a problem's rounds come one after
        another, and then the next problem.
    """
    measured = Measured()
    loops: dict[Pair, int] = {}
    seconds: dict[Pair, float] = {}  # of a call
    for session in range(sessions):
        with started(peers, threads) as workers, tempfile.TemporaryDirectory() as folder:
            for worker in workers.values():
                measured.versions |= worker.ask("versions")["versions"]
            for group in [problems] if keep else [[problem] for problem in problems]:
                for problem in group:
                    say(f"{problem.name}: outputs, session {session + 1} of {sessions}")
                    _make(problem, workers, Path(folder), measured, loops, seconds)
                for number in range(rounds):
                    for problem in group:
                        say(
                            f"{problem.name}: round {number + 1} of {rounds}, session {session + 1}"
                        )
                        for peer in _turn(peers, number):
                            pair = problem.name, peer
                            if pair not in loops or (
                                number >= long_rounds and seconds[pair] > LONG
                            ):
                                continue
                            one = loops[pair] == STREAM_CALLS or seconds[pair] > SLOW
                            answer = workers[peer].ask(
                                "time",
                                name=problem.name,
                                loops=loops[pair],
                                min_time=MIN_TIME,
                                warmups=int(seconds[pair] <= SLOW),
                                values=1 if one else 3,
                            )
                            measured.add(pair, session * rounds + number, answer["suite"])
                if not keep:
                    for peer, worker in workers.items():
                        if (group[0].name, peer) in loops:
                            worker.ask("forget", name=group[0].name)
    return measured


def _turn(peers: Sequence[str], number: int) -> list[str]:
    """Return the peers in another order each round."""
    start = number * 5 % len(peers)
    return [*peers[start:], *peers[:start]]


def _make(
    problem: Problem,
    workers: dict[str, Worker],
    folder: Path,
    measured: Measured,
    loops: dict[Pair, int],
    seconds: dict[Pair, float],
) -> None:
    """Have every peer make a problem, compare what they return, and find the loops of a value."""
    checked = problem.timesteps <= CHECKED_TIMESTEPS
    served, outputs = {}, {}
    # One after another: the threads of several BLAS libraries would wait for work at once.
    for peer, worker in workers.items():
        path = folder / f"{peer}.npy"
        path.unlink(missing_ok=True)
        answer = worker.ask(
            "make", problem=problem.as_data(), output=str(path) if checked else None
        )
        if "reason" in answer:
            measured.reasons[problem.name, peer] = answer["reason"]
            continue
        served[peer] = worker
        if path.exists():
            outputs[peer] = path
    if checked:
        for peer, distance in check(problem, outputs).items():
            measured.apart[problem.name, peer] = distance
    for peer, worker in served.items():
        pair = problem.name, peer
        if not checked:
            loops[pair], seconds[pair] = 1, 2 * LONG
        if pair in loops:
            continue
        answer = worker.ask(
            "time", name=problem.name, loops=0, min_time=MIN_TIME, warmups=0, values=1
        )
        found = measured.add(pair, 0, answer["suite"])
        loops[pair], seconds[pair] = found.get_runs()[0].warmups[-1]
        if problem.streams and seconds[pair] * STREAM_CALLS < LONG:
            loops[pair] = STREAM_CALLS
