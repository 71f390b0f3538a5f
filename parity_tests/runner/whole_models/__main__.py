"""`python -m parity_tests.runner.whole_models`: old whole models in Keras 3, before and after."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from parity_tests.runner.drift.environments import (
    Environments,
    MissingInterpreterError,
    SetUpError,
    add_uv,
)
from parity_tests.runner.whole_models import corpus, page
from parity_tests.runner.whole_models.corpus import WrittenModel
from parity_tests.runner.whole_models.openings import openings
from parity_tests.runner.whole_models.verdicts import Conversion, ModelOutcome, convert, verdict
from parity_tests.runner.whole_models.writers import READER, WRITERS

BUILD = Path("build/whole-models")
ENVIRONMENTS = Path("build/drift/environments")
_NAMES = [writer.name for writer in WRITERS]


def main(arguments: list[str] | None = None) -> int:
    """Run the writers; 0 where every model is right, or refused by the names that it has to be."""
    options = _options(arguments)
    made = Environments(ENVIRONMENTS, options.uv)
    names = options.only or _NAMES
    try:
        reader = Path(options.keras_python) if options.keras_python else made.python_of(READER)
        if not options.as_they_are:
            for writer in WRITERS:
                if writer.name in names:
                    print(f"{writer.name} writes", flush=True)
                    corpus.record(writer, writer.python(made), BUILD / writer.name)
    except (MissingInterpreterError, SetUpError, OSError, RuntimeError) as error:
        print(f"not run: {error}", file=sys.stderr)
        return 2
    models = [
        model
        for name in names
        for model in corpus.models(BUILD, name)
        if not options.architecture or model.architecture in options.architecture
    ]
    if not models:
        print(f"{BUILD} has no models of {', '.join(names)}, expected some", file=sys.stderr)
        return 2
    try:
        verdicts = judge(models, reader, again=options.again)
    except (OSError, RuntimeError) as error:
        print(f"not run: {error}", file=sys.stderr)
        return 2
    for one in verdicts:
        if one.outcome == "failed":
            print(f"{one.model.key}: {one.reason}")
    releases = _releases(models)
    print("\n".join(": ".join(pair) for pair in zip(page.COUNTS, page.counts("all", "", verdicts),
                                                    strict=True)))  # fmt: skip
    (BUILD / "failures.txt").write_text(
        "".join(f"{v.model.key}: {v.reason}\n" for v in verdicts if v.outcome == "failed"), "utf-8"
    )
    if options.write:
        page.write(verdicts, releases, READER.name.removeprefix("keras-"))
    return int(any(one.outcome == "failed" for one in verdicts))


def judge(
    models: Sequence[WrittenModel], reader: Path, *, again: bool = False
) -> list[ModelOutcome]:
    """Return what comes of each model: opened as it is, converted, and opened again."""
    results = BUILD / "results.jsonl"
    before = openings({model.path: model for model in models}, reader, results, again=again)
    done: Mapping[Path, Conversion] = {m.path: convert(m, BUILD / "converted") for m in models}
    written = {done[m.path].path: m for m in models if done[m.path].path.exists()}
    after = openings(written, reader, results, again=again)
    return [verdict(m, before[m.path], done[m.path], after.get(done[m.path].path)) for m in models]


def _releases(models: Sequence[WrittenModel]) -> dict[str, str]:
    """Return writer → the version that its Keras says."""
    found = {}
    for model in models:
        if model.writer not in found:
            with np.load(model.expected) as arrays:
                found[model.writer] = str(json.loads(str(arrays["about"]))["keras"])
    return found


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m parity_tests.runner.whole_models",
        description="Open whole models of old Keras with Keras 3, before and after `convert`.",
    )
    parser.add_argument(
        "--only", action="append", default=[], choices=_NAMES, metavar="WRITER",
        help=f"models of this release only; may be repeated (default: {', '.join(_NAMES)})",
    )  # fmt: skip
    parser.add_argument(
        "--architecture", action="append", default=[], metavar="NAME",
        help="judge this architecture only; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--as-they-are", action="store_true", help=f"write no models: judge those in {BUILD}"
    )
    parser.add_argument(
        "--again", action="store_true", help="open again what an earlier run has opened"
    )
    parser.add_argument("--write", action="store_true", help=f"rewrite {page.PATH.name}")
    parser.add_argument(
        "--keras-python", default="", metavar="PATH",
        help="interpreter with Keras 3 and TensorFlow (default: an environment made by uv)",
    )  # fmt: skip
    add_uv(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
