"""Writes fixtures/ from live Keras, or checks them: `python -m parity_tests.recording.export`."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from parity_tests.cases.predictions import bound_for
from parity_tests.environment import FIXTURES
from parity_tests.judging import compare
from parity_tests.judging.judge import Observation, observe
from parity_tests.judging.mistakes import MISTAKES, WitnessRun, name_in_records
from parity_tests.matrix.bounds import MARGIN
from parity_tests.matrix.fixtures import EXAMPLE, GATES, GROUPS
from parity_tests.oracles import codec
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import GENERATIONS, Pool, provenance_of
from parity_tests.recording import fixture_files, golden_selection, recorded_configs, recorded_seeds

VERSION = "v1"


def number(value: Any) -> Any:
    """Return a NumPy scalar as plain data that reads back as the same number of its dtype."""
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.floating):
        # The shortest decimal of its own precision, so 0.1 in float32 is written 0.1.
        return float(str(value))
    return int(value)


def plain(value: Any) -> Any:
    """Return arrays, also those inside dicts and lists, as nested lists, and the rest as it is."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim):
        return [plain(item) for item in value]
    return number(value[()]) if isinstance(value, (np.generic, np.ndarray)) else value


def canonical(value: Any, depth: int = 0) -> str:
    """Return JSON text: a key a line down to a case's calls, every array on one line."""
    pad = " " * (depth + 1)
    if isinstance(value, dict) and value:
        items = value.items()
        rows = [f"{pad}{json.dumps(key)}: {canonical(item, depth + 1)}" for key, item in items]
        return "{\n" + ",\n".join(rows) + "\n" + " " * depth + "}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        rows = [pad + canonical(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(rows) + "\n" + " " * depth + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def text(data: Mapping[str, Any]) -> str:
    """Return the text of a file."""
    return canonical(data) + "\n"


def as_fixture(seen: Observation, keras_version: str) -> dict[str, Any]:
    """Return one case as live Keras ran it, with the mistakes it reveals."""
    case, run = seen.case, seen.as_run(keras_version)
    names = ("kernel", "recurrent_kernel", "bias")
    calls = []
    for call, masks, reply in zip(seen.witness.calls, seen.masks, seen.reply["calls"], strict=True):
        if call == "reset":
            calls.append({"reset": True, "state": reply["state"]})
            continue
        expected = {key: reply[key] for key in ("container", "outputs", "state")}
        if reply.get("gates"):
            expected["gates"] = reply["gates"]
        calls.append({**call._asdict(), **masks, "expected": expected})
    bound = bound_for(case)
    data = {
        "id": case.id,
        "lane": case.lane,
        "dtype": case.dtype,
        "tolerance_eps": bound.eps,
        "path": seen.reply["path"],
        "seed": seen.seed,
        "constructor": case.constructor(),
        "weights": dict(zip(names, run.weights, strict=False)),
        "calls": calls,
        "reveals": reveals(run, seen.reply["calls"], bound.eps),
    }
    return json.loads(json.dumps(plain(data)))


def reveals(run: WitnessRun, calls: Sequence[dict[str, Any]], eps: float) -> list[str]:
    """Return the classic mistakes that would fail a case; `calls` are its results in live Keras."""
    threshold = MARGIN * eps
    return [
        name_in_records(mistake)
        for mistake in MISTAKES
        if mistake.applies(run.attempt)
        and compare.difference(run.calls_with(mistake, calls), calls).error > threshold
    ]


def write(python: str) -> int:
    """Write every group of both generations, and the manifest."""
    pool = Pool(python)
    folder = FIXTURES / VERSION
    shutil.rmtree(folder, ignore_errors=True)
    for oracle in GENERATIONS:
        description = pool[oracle].describe()
        if description["corrupt"]:
            print(f"{oracle} is corrupt on purpose: no fixtures of it", file=sys.stderr)
            return 1
        origin = provenance_of(description)
        for group, why in GROUPS.items():
            rows = []
            for case in golden_selection.group_cases(oracle, group):
                seen = observe(pool[oracle], case, gates=group == GATES)
                if isinstance(seen, Observation):
                    rows.append(as_fixture(seen, origin["keras_version"]))
            data = {
                "schema": VERSION, "oracle": oracle, **origin, "group": group, "why": why,
                "cases": rows,
            }  # fmt: skip
            path = folder / oracle / f"{group}.json"
            fixture_files.write(path, text(data), f"{len(rows)} cases")
        write_seeds(pool[oracle], origin)
    write_example(pool["keras2"])
    pool.close()
    write_manifest()
    return 0


def write_seeds(oracle: Oracle, origin: dict[str, Any]) -> None:
    """Write random/: what a layer draws from one integer, on every path."""
    cases = json.loads(json.dumps(plain(recorded_seeds.record(oracle))))
    data = {"schema": VERSION, "oracle": oracle.name, **origin, "cases": cases}
    path = recorded_seeds.FOLDER / f"{oracle.name}.json"
    fixture_files.write(path, text(data), f"{len(cases)} cases")


def write_example(oracle: Oracle) -> None:
    """Write weights/: a layer's weights as people export them, and what that layer returns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4)).astype("float32")
    reply = oracle.request(
        {
            "op": "steps",
            "steps": [
                ["construct", EXAMPLE],
                ["build", [(None, None, 4)]],
                ["get_weights"],
                ["call", {"x": {"$": "tensor", "value": codec.encode(x)}}],
            ],
        }
    )
    *_, exported, called = reply["steps"]
    folder = FIXTURES / "weights"
    folder.mkdir(exist_ok=True)
    np.savez(folder / "gru.npz", *exported["value"])
    outputs, state = called["outputs"]
    np.savez(folder / "gru_expected.npz", x=x, outputs=outputs, state=state)


def manifest() -> dict[str, Any]:
    """Return what is in the folder: for every file its hash, size, cases and provenance."""
    files = {}
    configs = recorded_configs.FOLDER.glob("*.json")
    weights = (FIXTURES / "weights").glob("*.npz")
    seeds = recorded_seeds.FOLDER.glob("*.json")
    others = [path for name in ("around", "drift") for path in (FIXTURES / name).glob("*.json")]
    golden_files = (FIXTURES / VERSION).glob("*/*.json")
    for path in sorted([*golden_files, *weights, *configs, *seeds, *others]):
        entry: dict[str, Any] = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        if path.suffix == ".json":
            data = json.loads(path.read_text(encoding="utf-8"))
            key = {"configs": "rows", "drift": "cells"}.get(path.parent.name, "cases")
            cases = data[key]
            entry |= {"cases": len(cases), "provenance": data["provenance"]}
        files[str(path.relative_to(FIXTURES))] = entry
    return {"version": VERSION, "files": files}


def write_manifest() -> None:
    """Write what is in the folder now."""
    (FIXTURES / "manifest.json").write_text(text(manifest()), encoding="utf-8")


def check() -> int:
    """Check that every file reads back to its own bytes and that the manifest tells the truth."""
    problems = []
    golden_files = (FIXTURES / VERSION).glob("*/*.json")
    seeds, configs = (module.FOLDER.glob("*.json") for module in (recorded_seeds, recorded_configs))
    for path in sorted([*golden_files, *seeds, *configs]):
        written = recorded_configs.text if path.parent == recorded_configs.FOLDER else text
        found = path.read_text(encoding="utf-8")
        if written(json.loads(found)) != found:
            problems.append(f"{path.name} of {path.parent.name} is not as the tool writes it")
    recorded = json.loads((FIXTURES / "manifest.json").read_text(encoding="utf-8"))
    held = manifest()["files"]
    for name in sorted(set(recorded["files"]) | set(held)):
        if recorded["files"].get(name) != held.get(name):
            problems.append(f"{name} is not the file that manifest.json records")
    for problem in problems:
        print(f"fixtures: {problem}", file=sys.stderr)
    if not problems:
        total = sum(file.get("cases", 0) for file in held.values())
        print(f"fixtures: {len(held)} files, {total} cases, canonical")
    return 1 if problems or not held else 0


def main() -> int:
    """Write the fixtures, or check them."""
    parser = argparse.ArgumentParser(
        prog="python -m parity_tests.recording.export", description=__doc__
    )
    parser.add_argument("--keras-python", help="the interpreter that has Keras")
    parser.add_argument("--check", action="store_true", help="only check that they are canonical")
    options = parser.parse_args()
    if options.check:
        return check()
    if not options.keras_python:
        parser.error("--keras-python is missing, expected an interpreter that has Keras")
    return write(options.keras_python)


if __name__ == "__main__":
    sys.exit(main())
