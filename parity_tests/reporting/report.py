"""Turns the records of a live run into the report, its verdict and the table on the terminal."""

from __future__ import annotations

import json
import os
import platform
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from gru_ref.version import __version__
from parity_tests.cases import covering, sweeps
from parity_tests.judging import float32_runs
from parity_tests.judging.compare import error_words
from parity_tests.matrix.deviations import DEVIATIONS
from parity_tests.recording import golden
from parity_tests.reporting import engines_table, mistakes_page

INSIDE: pytest.StashKey[list[dict[str, float]]] = pytest.StashKey()
VERDICTS = ("parity", "Keras drifted", "gru_ref regressed", "fixtures stale")
EXACT = ("exact", "saturated")
# Records of live layers beside gru_ref's in one process, and what the report calls them.
_BOTH_SIDES = {
    "taken_over": "live layers taken over",
    "subclasses": "subclasses with a call of their own",
}


def is_of_suite(test: pytest.Item | pytest.TestReport) -> bool:
    """Return whether a test is one of the suite's, in a run that may hold other people's too.

    Its file tells it, wherever the suite is installed; the name of a test outside of pytest's root
    folder has no folder at all.
    """
    return is_in_suite(test.location[0])


def is_in_suite(path: str) -> bool:
    """Return whether a path of pytest's is that of a file of the suite's tests."""
    return re.search(r"(^|/)parity_tests/tests/\w+/test_", path.replace(os.sep, "/")) is not None


def oracles_of(test_name: str) -> list[str]:
    """Return the oracles that a test's name carries: it needs all of them."""
    return re.findall(r"_(keras[23])(?=[:_[]|$)", test_name)


@dataclass
class Test:
    """What became of one test; `message` is empty unless it failed."""

    nodeid: str
    seconds: float = 0.0
    message: str = ""
    error: float = 0.0  # the largest difference of its case, absolute

    @property
    def name(self) -> str:
        """What the test claims, and the oracle and the case it claims it of."""
        return self.nodeid.rpartition("::")[2]


class Collected:
    """The records of every test, what became of it, and the names of those that failed."""

    def __init__(self) -> None:
        self.records: dict[str, list[Any]] = defaultdict(list)
        self.tests: dict[str, Test] = {}
        self.failed: list[str] = []
        self.not_collected: list[str] = []

    def add(self, report: pytest.TestReport) -> None:
        """Take one report of a test; the one of its teardown carries the records."""
        test = self.tests.setdefault(report.nodeid, Test(report.nodeid))
        if report.when == "teardown":
            for name, value in report.user_properties:
                record = json.loads(str(value))
                self.records[name].append(record)
                if name == "case":
                    test.error = record["absolute"]
        test.seconds += report.duration
        if report.failed:
            # Which process of pytest-xdist ran it says nothing.
            test.message = re.sub(r"\A\[gw\d+\].*\n", "", report.longreprtext)
            self.failed.append(test.name)

    @property
    def nothing_compared(self) -> bool:
        """Whether every test was left out, or none was selected."""
        return len(self.tests) == len(self.records["left_out"])

    def left_out(self) -> dict[str, dict[str, int]]:
        """Return how many tests were left out, for each oracle by the reason."""
        counts: dict[str, dict[str, int]] = {}
        for record in self.records["left_out"]:
            reasons = counts.setdefault(record["oracle"], {})
            reasons[record["reason"]] = reasons.get(record["reason"], 0) + 1
        return counts


def summarise(
    collected: Collected, inside: list[dict[str, float]], wall: float, *, extent: str
) -> dict[str, Any]:
    """Return the report as plain data.

    Parameters
    ----------
    inside : list
        Seconds inside each Keras, a dict a process.
    extent : str
        ``"whole"`` if every case ran: only then must every row, cell and combination be met;
        ``"quick"`` for the part in which every mistake must show, ``"part"`` for any other.
    """
    records = collected.records
    described = sorted(records["oracle"], key=lambda o: str(o["name"]))
    oracles = {o["name"]: _oracle_data(o, records["case"]) for o in described}
    for name, data in oracles.items():
        failed = (test for test in collected.failed if f"_{name}" in test)
        data["disagreements"] = sorted(
            test.partition(f"_{name}")[2].lstrip(":") or test for test in failed
        )
    cells = mistakes_page.Cells(records["case"], mistakes_page.path_of)
    engines = engines_table.engine_data(records["case"], records["wrappers"])
    problems = [not_collected_sentence(name) for name in collected.not_collected]
    if extent == "quick" and not collected.failed:
        problems += cells.unseen(set(oracles)) + engines_table.problems(engines)
    if extent == "whole":
        problems += _unneeded_rows(oracles) + _uncovered(oracles, records["case"])
        problems += mistakes_page.problems(records["case"], oracles)
        problems += engines_table.problems(engines)
        problems += _not_compared(oracles, records["fixture"])
    elsewhere = [
        test for test in collected.failed if not any(f"_{name}" in test for name in oracles)
    ]
    return {
        "gru_ref": __version__,
        "verdict": verdict(records["fixture"], collected.failed),
        "extent": extent,
        "oracles": oracles,
        "engines": engines,
        "seconds": {
            "wall": round(wall, 1),
            "keras": round(sum(sum(process.values()) for process in inside), 1),
        },
        "problems": problems,
        "other_failures": elsewhere,
        "fixtures": {
            "compared": len(records["fixture"]),
            "keras_differs": [r["id"] for r in records["fixture"] if not r["keras_is_fixture"]],
            "gru_ref_differs": [r["id"] for r in records["fixture"] if not r["gru_ref_is_fixture"]],
        },
        "seeded": {name: seed_data(name, records["seeded"]) for name in oracles},
        "draws": draw_data(records["draws"]),
        "wrappers": wrapper_data(records["wrappers"]),
        **{name: {row["oracle"]: row for row in records[name]} for name in _BOTH_SIDES},
        "step_bounds": float32_runs.summary(records["step_bounds"]),
        "invalid": dict(Counter(r["verdict"] for r in records["invalid"])),
        "left_out": collected.left_out(),
        "mistakes": cells.as_data(),
        "environment": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": platform.platform(),
            "seed": sweeps.SEED,
        },
    }


def verdict(fixtures: list[dict[str, Any]], failed: list[str]) -> str:
    """Return one of the four verdicts.

    Three comparisons give it: Keras with the fixtures, gru_ref with the fixtures, and Keras with
    gru_ref. Where the fixtures are silent, live Keras is right.
    """
    keras_moved = any(not r["keras_is_fixture"] for r in fixtures)
    gru_ref_moved = any(not r["gru_ref_is_fixture"] for r in fixtures)
    apart = any(not r["keras_is_gru_ref"] for r in fixtures)
    if keras_moved and gru_ref_moved and not apart:
        return "fixtures stale"
    if keras_moved:
        return "Keras drifted"
    if gru_ref_moved or failed:
        return "gru_ref regressed"
    return "parity"


def _oracle_data(description: dict[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    name = description["name"]
    mine = [r for r in records if r["oracle"] == name]
    # Of a disagreement on anything but numbers, such as the path, the path is not known.
    compared = [r for r in mine if r["path"]]
    lanes: dict[str, dict[str, Any]] = {}
    for r in compared:
        empty = {"compared": 0, "equal": 0, "worst": 0.0, "worst_absolute": 0.0}
        lane = lanes.setdefault(r["lane"], empty)
        lane["compared"] += 1
        lane["equal"] += r["outcome"] == "equal"
        lane["worst"] = max(lane["worst"], r["error"])
        lane["worst_absolute"] = max(lane["worst_absolute"], r["absolute"])
        if r["ratio"]:
            lane["worst_step_local"] = max(lane.get("worst_step_local", 0.0), r["ratio"])
    return {
        "keras": description["keras"],
        "tensorflow": description["tensorflow"],
        "corrupt": description["corrupt"],
        "lanes": lanes,
        "paths": dict(Counter(r["path"] for r in compared)),
        "raised": sum(r["outcome"] == "raised" for r in mine),
        "deviations": dict(Counter(row for r in mine for row in r["deviations"])),
        "disagreements": [],
        "looks_like": dict(Counter(row for r in mine for row in r["looks_like"]).most_common()),
        "worst_by_level": _worst_by_level(compared),
    }


def seed_data(oracle: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the layers made of one integer came to: masks by path, and whole layers.

    Parameters
    ----------
    records : list
        Of either path, elements and mismatches, or seeds, weights and outputs (their worst errors).
    """
    mine = [r for r in records if r["oracle"] == oracle]
    masks = [r for r in mine if "elements" in r]
    layers = [r for r in mine if "seeds" in r]
    return {
        "mask_elements": sum(r["elements"] for r in masks),
        "mismatches": sum(r["mismatches"] for r in masks),
        "elements_by_path": {r["path"]: r["elements"] for r in masks},
        "seeds": sum(r["seeds"] for r in layers),
        "worst_weights": max((r["weights"] for r in layers), default=0.0),
        "worst_outputs": max((r["outputs"] for r in layers), default=0.0),
    }


def draw_data(records: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the figures of the weights that initializers drew: Keras → distribution → figures."""
    data: dict[str, dict[str, dict[str, Any]]] = {}
    for record in records:
        figures = dict(record)
        data.setdefault(figures.pop("oracle"), {})[figures.pop("of")] = figures
    return data


def wrapper_data(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what the cases of cells, RNNs, stacks and Bidirectional came to, for each Keras."""
    data: dict[str, dict[str, Any]] = {}
    for record in records:
        empty = {"compared": 0, "equal": 0, "worst": 0.0, "quirks": Counter()}
        row = data.setdefault(record["oracle"], empty)
        row["compared"] += 1
        row["equal"] += record["error"] == 0
        row["worst"] = max(row["worst"], record["error"])
        row["quirks"].update(record["quirks"])
    return data


def _worst_by_level(records: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the worst error, in eps, for every value of every argument in the toleranced lanes."""
    worst: dict[str, dict[str, float]] = defaultdict(dict)
    for r in records:
        if r["lane"] in EXACT:
            continue
        pair = zip(("activation", "recurrent_activation"), r["activations"], strict=True)
        named = {**r["levels"], **dict(pair)}
        for axis, level in named.items():
            key = str(level)
            worst[axis][key] = max(worst[axis].get(key, 0.0), round(r["error"], 3))
    return {axis: dict(sorted(levels.items())) for axis, levels in worst.items()}


def _not_compared(oracles: dict[str, Any], fixtures: list[dict[str, Any]]) -> list[str]:
    """Return the golden cases that no test has compared."""
    compared = {r["id"] for r in fixtures}
    held = (f"{g.oracle}:{g.group}+{g.id}" for g in golden.load() if g.oracle in oracles)
    return [f"fixture {name} was not compared" for name in held if name not in compared]


def _unneeded_rows(oracles: dict[str, Any]) -> list[str]:
    return [
        f"deviation row '{row.name}' ({row.kind}) matches no case of {name}: it is not needed"
        for row in DEVIATIONS
        for name in row.oracles
        if name in oracles and not oracles[name]["deviations"].get(row.name)
    ]


def _uncovered(oracles: dict[str, Any], records: list[dict[str, Any]]) -> list[str]:
    """Return the 4-way combinations that no compared case holds, and count those that one does."""
    problems = []
    for name, data in oracles.items():
        for lane in EXACT:
            rows = [
                r["levels"]
                for r in records
                if (r["oracle"], r["lane"], r["sweep"]) == (name, lane, "structure")
                and r["outcome"] == "equal"
            ]
            missing = covering.uncovered_of(name, rows)
            data["lanes"].setdefault(lane, {})["uncovered_4_way"] = len(missing)
            problems += [f"{name} {lane}: no compared case holds {missing[0]}"] if missing else []
    return problems


def lane_rows(oracles: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield of each lane: Keras, TensorFlow, lane, cases compared, equal ones, worst error."""
    for name, oracle in sorted(oracles.items()):
        for lane, row in sorted(oracle["lanes"].items()):
            counts = (str(row.get("compared", 0)), str(row.get("equal", 0)))
            worst = error_words(row.get("worst", 0.0), row.get("worst_absolute"))
            yield f"{name} {oracle['keras']}", oracle["tensorflow"], lane, *counts, worst


def not_collected_sentence(name: str) -> str:
    """Return a sentence on a file of tests that cannot be imported."""
    return f"{name} cannot be imported, so nothing in it is compared"


def left_out_sentences(left_out: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a sentence for each oracle and reason: how many tests had nothing to compare."""
    return [
        f"{name}: {count} tests left out: {reason}"
        for name, reasons in left_out.items()
        for reason, count in reasons.items()
    ]


def _draws_sentence(draws: Mapping[str, Mapping[str, float]]) -> str:
    """Return what the draws of weights came to, all kinds together."""
    rows = draws.values()
    numbers, differing = (sum(row.get(key, 0) for row in rows) for key in ("compared", "differing"))
    ulp = max(row.get("worst_ulp", 0) for row in rows)
    said = f"{numbers} numbers of drawn weights, {differing} differ, within {ulp} ULP"
    if "orthogonal" not in draws:
        return said
    return f"{said}; orthogonal weights within {draws['orthogonal']['worst']:.1e}"


def print_summary(data: dict[str, Any], disagreements: Sequence[str] = (), path: str = "") -> None:
    """Print the report as a table that fits 80 columns, and the verdict last.

    Parameters
    ----------
    data : dict
    disagreements : sequence of str
        Lines on the tests that failed, as `disagreements.screen` returns them.
    path : str
        The file that the report is in.
    """
    console = Console(width=80, highlight=False, markup=False)
    table = Table(title="gru_ref against live Keras", title_justify="left")
    for heading in ("oracle", "lane", "compared", "equal", "worst error"):
        table.add_column(heading, justify="left" if heading in ("oracle", "lane") else "right")
    for keras, _, *others in lane_rows(data["oracles"]):
        table.add_row(keras, *others)
    if table.row_count:  # a part of the matrix may hold no case of a lane
        console.print(table)
    for name, oracle in data["oracles"].items():
        paths = ", ".join(f"{count} {path}" for path, count in sorted(oracle["paths"].items()))
        ran = f"; paths {paths}; raised {oracle['raised']}" if paths else ""
        console.print(f"{name}: TensorFlow {oracle['tensorflow']}{ran}")
        if oracle["corrupt"]:
            console.print(f"  {name} is CORRUPT on purpose: a test of this suite")
        for row, count in sorted(oracle["deviations"].items()):
            console.print(f"  {count:5d} {row}")
    for shown in engines_table.terminal(data["engines"]):
        console.print(shown)
    for name, row in data["seeded"].items():
        if row["mask_elements"] or row["seeds"]:
            console.print(
                f"{name}: {row['mask_elements']} elements of seeded masks, {row['mismatches']} "
                f"differ; {row['seeds']} seeded layers, outputs within {row['worst_outputs']:.1e}"
            )
    for name, draws in sorted(data["draws"].items()):
        console.print(f"{name}: {_draws_sentence(draws)}")
    for name, row in sorted(data["wrappers"].items()):
        console.print(
            f"{name}: {row['compared']} cases of wrappers compared, {row['equal']} equal, "
            f"worst {error_words(row['worst'])}"
        )
        for quirk, count in sorted(row["quirks"].items()):
            console.print(f"  {count:5d} {quirk}")
    for kind, what in _BOTH_SIDES.items():
        for name, row in sorted(data[kind].items()):
            console.print(
                f"{name}: {row['layers']} {what}, {row['compared']} values compared, "
                f"worst {error_words(row['error'])}"
            )
    for name, row in data["step_bounds"].items():
        console.print(
            f"{name}: {row['outside']} of {row['runs']} runs outside the step-local bound, largest "
            f"{row['largest']:.2g}; a mistake reaches at least {row['smallest'] or 0:.2g}, and "
            f"{row['hidden']} of {row['made']} stay inside"
        )
    for sentence in left_out_sentences(data["left_out"]):
        console.print(sentence)
    for problem in data["problems"][:10]:
        console.print(f"problem: {problem}")
    for line in disagreements:
        console.print(line, soft_wrap=True)
    wall, keras = data["seconds"]["wall"], data["seconds"]["keras"]
    console.print(
        f"{data['fixtures']['compared']} fixtures compared; {wall:.0f} s, and {keras:.0f} s inside "
        "Keras, whose processes run side by side"
    )
    if path:
        console.print(f"report: {path}", soft_wrap=True)
    console.print(f"verdict: {data['verdict']}", style="bold")
