"""`python -m parity_tests.runner.file_kinds`: every kind of file of every writer, read and run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from parity_tests.runner.drift import environments
from parity_tests.runner.drift.environments import add_uv
from parity_tests.runner.file_kinds import document, recording, results
from parity_tests.runner.file_kinds.writers import BY_NAME, WRITERS

ENVIRONMENTS = Path("build/drift/environments")
CORPUS = Path("build/file-kinds")


def main(arguments: list[str] | None = None) -> int:
    """Record, judge, print; 0 where no file is wrong in silence."""
    options = _options(arguments)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    writers = [BY_NAME[name] for name in options.only] if options.only else list(WRITERS)
    made = environments.Environments(ENVIRONMENTS, options.uv)
    for number, writer in enumerate(writers, 1):
        if options.judge_only:
            break
        print(f"[{number}/{len(writers)}] {writer.name}", flush=True)
        try:
            python = made.python_of(writer.release)
            recording.record(writer, python, options.corpus / writer.name)
        except environments.MissingInterpreterError as error:
            print(f"  not run: {error}", file=sys.stderr, flush=True)
        except (environments.SetUpError, OSError, RuntimeError) as error:
            print(f"  {error}", file=sys.stderr, flush=True)
            return 2
    folders = {writer.name: options.corpus / writer.name for writer in writers}
    found = results.gather({name: place for name, place in folders.items() if place.is_dir()})
    if not found.judged:
        print(f"{options.corpus} holds no file of these writers", file=sys.stderr)
        return 2
    if options.write:
        document.write(found)
    for one in found.judged:
        if one.outcome.verdict == "WRONG IN SILENCE":
            error = "" if one.outcome.error is None else f" ({one.outcome.error:.2g} off)"
            print(f"{one.writer}, {one.kind}, {one.case}{error}: {one.outcome.reason}")
    for sentence in found.commands:
        print(sentence)
    counts = results.count(found.judged)
    print(", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
    print(
        f"worst error of the right ones {results.worst(found.judged):.2g}; "
        f"{found.sampled} runs of the command line, {len(found.commands)} differ"
    )
    return int(bool(counts["WRONG IN SILENCE"] or found.commands))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m parity_tests.runner.file_kinds",
        description="Compare what gru_ref reads of every kind of file with what wrote it.",
    )
    parser.add_argument(
        "--only", action="append", default=[], choices=sorted(BY_NAME), metavar="WRITER",
        help=f"of this writer only; may be repeated (default: all of {', '.join(BY_NAME)})",
    )  # fmt: skip
    parser.add_argument(
        "--judge-only", action="store_true", help="judge what is recorded and record nothing"
    )
    parser.add_argument("--write", action="store_true", help="rewrite docs/file-kinds.md")
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, metavar="FOLDER",
        help="where the files are (default: %(default)s)",
    )  # fmt: skip
    add_uv(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
