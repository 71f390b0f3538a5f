"""Adds up the results of blocks: plain data, the same for the same blocks in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from parity_tests.cases import product
from parity_tests.cases.product import Block
from parity_tests.matrix.deviations import DEVIATIONS
from parity_tests.reporting.report import verdict

OUTCOMES = ("equal", "raised", "disagreement")
# Of no case here: hard_sigmoid is no activation of the exact or the saturated lane.
ELSEWHERE = ("hard_sigmoid",)
# What `merge` adds up of a report.
SUMMED = ("blocks", "cases", "deviations", "mistakes", "engines", "weights", "messages")
QUIRKS = {row.name for row in DEVIATIONS if row.kind == "quirk"}


def total(
    results: Mapping[Block, Mapping[str, Any]], surroundings: Mapping[str, Any], shard: str
) -> dict[str, Any]:
    """Return the report of some blocks.

    Parameters
    ----------
    results : mapping of Block
        What `compare_block` returned.
    surroundings : mapping
        By oracle, see `block_store.surroundings`.
    shard : str
        ``"1/60"``, or ``"1/1"`` for all of the blocks.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    deviations: Counter[tuple[str, ...]] = Counter()
    data: dict[str, Any] = {"surroundings": dict(surroundings), "shards": [shard], "blocks": {}}
    messages: dict[str, str] = {}
    mistakes: Counter[tuple[str, str]] = Counter()
    engines: Counter[tuple[str, ...]] = Counter()
    weights: Counter[str] = Counter()
    ordered = sorted(results, key=lambda block: block.name)
    for block in ordered:
        result = results[block]
        data["blocks"][block.name] = result["digest"]
        for case_id, path, outcome, rows in result["rows"]:
            place = (block.oracle, case_id.partition("+")[0], path)
            counts[(*place, outcome)] += 1
            if outcome == "equal" and not QUIRKS.isdisjoint(rows):
                counts[(*place, "quirk")] += 1
            deviations.update((*place, row) for row in rows)
        messages.update({f"{block.oracle}:{i}": m for i, m in result["messages"].items()})
        for where, made in result["mistakes"].items():
            mistakes.update({(f"{block.oracle} | {where}", key): n for key, n in made.items()})
        engines.update({tuple(where): number for *where, number in result["engines"]})
        weights.update({**result["blocks"], "redrawn": result["redrawn"]})
    data["cases"] = _nest(counts)
    data["deviations"] = _nest(deviations)
    data["mistakes"] = _nest(mistakes)
    data["engines"] = _nest(engines)
    data["weights"] = dict(sorted(weights.items()))
    data["messages"] = messages
    return data


def merge(reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the report of shards that make up the whole.

    Raises
    ------
    ValueError
        The shards are of other runs, or one is missing, or there twice.
    """
    reports = list(reports)
    shards = [shard for report in reports for shard in report["shards"]]
    counts = {shard.partition("/")[2] for shard in shards}
    if len(counts) != 1:
        raise ValueError(f"shards are {', '.join(shards)}, expected all of one number of shards")
    count = counts.pop()
    expected = [f"{number}/{count}" for number in range(1, int(count) + 1)]
    if sorted(shards) != sorted(expected):
        missing = [shard for shard in expected if shard not in shards] or "none missing"
        raise ValueError(
            f"shards are {', '.join(shards)}, expected each of {count} once: {missing}"
        )
    first = reports[0]
    for report, shard in zip(reports, shards, strict=True):
        if report["surroundings"] != first["surroundings"]:
            raise ValueError(
                f"shard {shard} is of {report['surroundings']}, expected {first['surroundings']}"
            )
    merged: dict[str, Any] = {"surroundings": first["surroundings"], "shards": ["1/1"]}
    for key in SUMMED:
        merged[key] = _sum([report[key] for report in reports])
    return merged


def conclude(data: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """Return the report with its verdict and, of the whole, what it lacks."""
    found = []
    if whole:
        found = _missing_cases(data) + _idle_deviations(data) + _survivors(data)
        found += _unseen_by_engines(data)
    return {**data, "problems": found, "verdict": verdict([], list(data["messages"]))}


def count(data: Mapping[str, Any], outcome: str, *place: str) -> int:
    """Return how many cases of an oracle, a lane and a path came to an outcome."""
    node: Any = data["cases"]
    for key in place:
        node = node.get(key, {})

    def below(node: Any, depth: int) -> int:
        if depth == 3:
            return int(node.get(outcome, 0))
        return sum(below(child, depth + 1) for child in node.values())

    return below(node, len(place))


def _missing_cases(data: Mapping[str, Any]) -> list[str]:
    """Return the oracles of which not every case was compared."""
    problems = []
    for oracle in data["surroundings"]:
        wanted = len(product.cases_of(oracle))
        done = sum(count(data, outcome, oracle) for outcome in OUTCOMES)
        if done != wanted:
            problems.append(f"{oracle}: {done} cases were compared, expected {wanted}")
    return problems


def _idle_deviations(data: Mapping[str, Any]) -> list[str]:
    """Return the rows of DEVIATIONS that no case needed."""
    problems = []
    for oracle in data["surroundings"]:
        shown = {
            name
            for lane in data["deviations"].get(oracle, {}).values()
            for path in lane.values()
            for name in path
        }
        problems += [
            f"deviation row '{row.name}' ({row.kind}) matches no case of {oracle}"
            for row in DEVIATIONS
            if oracle in row.oracles and row.name not in shown and row.name not in ELSEWHERE
        ]
    return problems


def _survivors(data: Mapping[str, Any]) -> list[str]:
    """Return the mistakes that were made somewhere and showed in no case there."""
    return [
        f"mistake {where}: survives {made['made']} cases"
        for where, made in data["mistakes"].items()
        if made["made"] and not made.get("shown")
    ]


def _unseen_by_engines(data: Mapping[str, Any]) -> list[str]:
    """Return the mistakes that were made in cases an engine computes, and showed in none."""
    return [
        f"mistake '{mistake}' shows in no case that engine {name} computes"
        for name, figures in data["engines"].items()
        for mistake in figures.get("made", {})
        if not figures.get("shown", {}).get(mistake)
    ]


def _nest(counts: Mapping[tuple[str, ...], int]) -> dict[str, Any]:
    """Return counts by tuples as counts in nested mappings, in order; none that is zero."""
    nested: dict[str, Any] = {}
    for names, number in sorted(counts.items()):
        node = nested
        for name in names[:-1]:
            node = node.setdefault(name, {})
        if number:
            node[names[-1]] = number
    return nested


def _sum(nodes: list[Any]) -> Any:
    """Return mappings merged, their numbers added."""
    if not isinstance(nodes[0], Mapping):
        return sum(nodes) if isinstance(nodes[0], int) else nodes[0]
    keys = sorted({key for node in nodes for key in node})
    return {key: _sum([node[key] for node in nodes if key in node]) for key in keys}
