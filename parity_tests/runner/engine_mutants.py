"""`make mutants`: every deliberate mistake in an engine's source is seen by the offline tests.

Each is made in a copy of gru_ref and the tests, never in the checkout.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from parity_tests.matrix.engine_mutants import COMPILED, MUTANTS, NUMBA, TESTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("gru_ref", "parity_tests", "fixtures", "pyproject.toml")
PLUGIN = "parity_tests.tests.support.first_failure"
KILLED = 1  # pytest: a test failed


def _run(folder: Path, tests: Sequence[str], interpreted: bool) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy until the first failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "--tb=no", "-rfE"]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1" if interpreted else "0"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": str(folder / "numba")}
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", PLUGIN, *tests],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _killer(folder: Path, mutant: Mutant, compiled: bool) -> str | None:
    """Return the first test that fails for a mutant; None if none does."""
    source = folder / "gru_ref" / mutant.file
    whole = source.read_text("utf-8")
    if whole.count(mutant.text) != 1:
        raise click.ClickException(
            f"{mutant.text!r} is in {mutant.file} {whole.count(mutant.text)} times, expected once"
        )
    source.write_text(whole.replace(mutant.text, mutant.instead), "utf-8")
    try:
        tests = TESTS["compiled" if compiled else mutant.file]
        result = _run(folder, tests, interpreted=mutant.file == NUMBA and not compiled)
    finally:
        source.write_text(whole, "utf-8")
    if result.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) \S*?/(\w+\.py\S*)", result.stdout, re.MULTILINE)
    if result.returncode != KILLED or found is None:
        raise click.ClickException(
            f"pytest ended with {result.returncode}\n{result.stdout[-2000:]}"
        )
    return found[1]


@click.command()
@click.option("--file", "word", default="", help="Only the files whose names have this (all).")
@click.option("--part", default="1/1", help="Part K/N of the mutants (default: all).")
def main(word: str, part: str) -> None:
    """Make every mistake of the table in a copy, and print the test that sees it."""
    number, parts = map(int, part.split("/"))
    rows = [(row, False) for row in MUTANTS] + [(row, True) for row in COMPILED]
    rows = [row for row in rows if word in row[0].file][number - 1 :: parts]
    if not rows:
        raise click.UsageError(f"--file is {word!r}, expected a part of one of {', '.join(TESTS)}")
    survivors = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in COPIED:
            source = ROOT / each
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / each)
        for mutant, compiled in rows:
            killer = _killer(folder, mutant, compiled)
            survivors += killer is None
            click.echo(f"{mutant.file}: {mutant.text!r} -> {mutant.instead!r}")
            click.echo(f"    {killer or 'SURVIVES'}")
    click.echo(f"{len(rows)} mutants, {survivors} not seen")
    if survivors:
        sys.exit(1)


if __name__ == "__main__":
    main()
