"""`python -m parity_tests.runner.drift`: the ledger's rows and the matrix in every release."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gru_ref.keras.ledger import resolve
from parity_tests.recording import export
from parity_tests.runner.drift import cells, document, environments, measure, recorded, recording
from parity_tests.runner.drift.environments import add_uv
from parity_tests.runner.drift.releases import BY_NAME, RELEASES, DriftRelease

BUILD = Path("build/drift")
# The lanes in which nothing rounds.
EXACT = ("exact", "saturated")


def main(arguments: list[str] | None = None) -> int:
    """Run the releases; 0 where the ledger says what each of them does, and the records hold."""
    options = _options(arguments)
    # One thread a process: numbers that do not depend on the machine.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    made = environments.Environments(BUILD / "environments", options.uv)
    wanted = [BY_NAME[name] for name in options.only] if options.only else list(RELEASES)
    done: dict[str, measure.ReleaseResult] = {}
    missing: dict[str, str] = {}
    for number, release in enumerate(wanted, 1):
        print(f"[{number}/{len(wanted)}] {release.name}", flush=True)
        try:
            python = made.python_of(release)
        except environments.MissingInterpreterError as error:
            missing[release.name] = str(error)
            print(f"  not run: {error}", file=sys.stderr, flush=True)
            continue
        except (environments.SetUpError, OSError) as error:
            print(f"  set-up of {release.name} fails: {error}", file=sys.stderr, flush=True)
            return 2
        if options.set_up:
            print(f"  {python}")
            continue
        if options.case:
            return _show_case(release, python, options.case)
        if options.write:
            recording.record(release, python)
        done[release.name] = measure.measure(
            release, python, BUILD / "results", again=options.again
        )
    if options.set_up:
        return _summary_of_missing(missing, bool(options.only))
    problems = {name: _problems(result) for name, result in done.items()}
    if options.write:
        for name, result in done.items():
            recorded.write(name, result.recorded)
        recorded.load.cache_clear()
        document.write()
        export.write_manifest()
    else:
        for name, result in done.items():
            problems[name] += _stale(name, result)
    _print(done, problems)
    failed = any(problems.values())
    return _summary_of_missing(missing, bool(options.only) or not done) or int(failed)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m parity_tests.runner.drift",
        description="Compare the rows of the ledger and the matrix with each release of Keras.",
    )
    parser.add_argument(
        "--only", action="append", default=[], choices=sorted(BY_NAME), metavar="RELEASE",
        help=f"run this release only; may be repeated (default: all of {', '.join(BY_NAME)})",
    )  # fmt: skip
    parser.add_argument(
        "--case",
        default="",
        metavar="ID",
        help="compare this case of the matrix only; needs one --only",
    )
    parser.add_argument(
        "--again", action="store_true", help="run again what an earlier run has finished"
    )
    parser.add_argument(
        "--set-up", action="store_true", help="make the environments and run nothing"
    )
    parser.add_argument(
        "--write", action="store_true", help="rewrite fixtures/drift/ and docs/drift.md"
    )
    add_uv(parser)
    options = parser.parse_args(arguments)
    if options.case and len(options.only) != 1:
        parser.error("--case needs one release: --only RELEASE --case ID")
    return options


def _problems(result: measure.ReleaseResult) -> list[str]:
    """Return where a release does not do what the ledger says."""
    behaviour = resolve(result.recorded.keras_version)
    wrong = cells.disagreements(result.recorded.cells, behaviour)
    return [f"{row}: {what}" for row, what in wrong.items()] + [
        f"{item['case']}: {item['message']}" for item in result.disagreements
    ]


def _stale(name: str, result: measure.ReleaseResult) -> list[str]:
    """Return what fixtures/drift holds otherwise."""
    held = recorded.load().get(name)
    if held is None:
        return [f"fixtures/drift/{name}.json is missing: make drift ARGS=--write"]
    expected, measured = _parts(held), _parts(result.recorded)
    fields = [field for field in expected if expected[field] != measured[field]]
    return [f"fixtures/drift/{name}.json has other {field}" for field in fields]


def _parts(of: recorded.ReleaseRecord) -> dict[str, Any]:
    """Return what does not depend on the machine: how generic numbers round does."""
    lanes, outcomes = of.matrix["lanes"], of.matrix["outcomes"]
    return {
        "cells": of.cells,
        "registries": of.registries,
        "lanes": {lane: row["compared"] for lane, row in lanes.items()},
        "equal": {lane: lanes[lane]["equal"] for lane in EXACT if lane in lanes},
        "outcomes": {k: v for k, v in outcomes.items() if k not in ("equal", "within")},
    }


def _show_case(release: DriftRelease, python: Path, case: str) -> int:
    """Compare one case and print what comes of it."""
    summary = measure.matrix(release, python, case)
    if not summary["outcomes"]:
        print(f"case is {case!r}, expected the id of a case of {release.name}", file=sys.stderr)
    for item in summary["disagreements"]:
        print(item["message"])
    print(", ".join(f"{count} {outcome}" for outcome, count in summary["outcomes"].items()))
    return int(not summary["outcomes"] or bool(summary["disagreements"]))


def _print(done: dict[str, measure.ReleaseResult], problems: dict[str, list[str]]) -> None:
    console = Console(width=80, highlight=False)
    table = Table(title="gru_ref against releases of Keras", title_justify="left")
    for heading in ("release", "cells", "n/a", "compared", "equal", "raised", "wrong", "s"):
        table.add_column(heading, justify="left" if heading == "release" else "right")
    for name, result in done.items():
        table.add_row(name, *map(str, _numbers(result)), str(len(problems[name])), result.seconds)
    console.print(table)
    for name, found in problems.items():
        for problem in found[:10]:
            console.print(f"{name}: {problem}", soft_wrap=True, markup=False)
        if len(found) > 10:
            console.print(f"{name}: … and {len(found) - 10} more")


def _numbers(result: measure.ReleaseResult) -> tuple[int, int, int, int, int]:
    held = result.recorded
    absent = sum("not_applicable" in cell for cell in held.cells.values())
    lanes: list[dict[str, Any]] = list(held.matrix["lanes"].values())
    compared = sum(lane["compared"] for lane in lanes)
    equal = sum(lane["equal"] for lane in lanes)
    raised = held.matrix["outcomes"].get("raised", 0)
    return len(held.cells) - absent, absent, compared, equal, raised


def _summary_of_missing(missing: dict[str, str], fails: bool) -> int:
    """Say which releases were not run; 2 where any fails the run."""
    if missing:
        print(f"{len(missing)} of the releases not run: no interpreter", file=sys.stderr)
        for name, why in missing.items():
            print(f"  {name}: {why}", file=sys.stderr)
    return 2 if missing and fails else 0


if __name__ == "__main__":
    sys.exit(main())
