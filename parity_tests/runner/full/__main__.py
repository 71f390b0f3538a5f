"""`python -m parity_tests.runner.full`: the full product of the structural axes, then wide/."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from parity_tests import environment
from parity_tests.cases import product
from parity_tests.oracles.choice import choose
from parity_tests.oracles.client import Oracle, OracleError
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.reporting import half_mistakes_page
from parity_tests.reporting.progress import Bar
from parity_tests.runner import command_options, matrix_run, writable
from parity_tests.runner.full import executors, summary, totals
from parity_tests.runner.full.run import Blocks, Clock
from parity_tests.runner.options import ORACLES

BUILD = Path("build/full")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Shard(click.ParamType):
    """``1/60``: the first of sixty."""

    name = "i/n"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Return number and count."""
        if isinstance(value, tuple):
            return value
        number, _, count = str(value).partition("/")
        most = min(len(product.blocks(oracle)) for oracle in ORACLES)
        if not (number.isdecimal() and count.isdecimal()) or not (
            1 <= int(number) <= int(count) <= most
        ):
            self.fail(f"shard is {value!r}, expected i/n with 1 <= i <= n <= {most}", param, ctx)
        return int(number), int(count)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--keras-python",
    default=sys.executable,
    metavar="PATH",
    show_default="the Python that runs this command",
    help="Python in which TensorFlow and Keras are installed, on the machine where blocks run.",
)
@command_options.oracle
@command_options.jobs
@click.option(
    "--shard",
    type=Shard(),
    default="1/1",
    help="Run part I of N of the product, for one of N machines (default 1/1: all of it).",
)
@click.option(
    "--executor",
    metavar="MODULE:ATTRIBUTE",
    help="concurrent.futures.Executor to run blocks on, or a function that returns one (default: "
    "processes on this machine).",
)
@click.option(
    "--merge", "merged", is_flag=True, help="Merge REPORTS, which --shard wrote; run nothing."
)
@command_options.case
@click.option(
    "--only",
    type=click.Choice(("product", "wide")),
    help="Run the product only, or the tests of wide/ only (default: both).",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=BUILD,
    metavar="DIR",
    show_default=True,
    help="Folder for reports and finished blocks.",
)
@click.option(
    "--write-docs", is_flag=True, help="Rewrite docs/full.md; needs a clone and the whole product."
)
@click.argument("reports", nargs=-1, type=_FILE)
def command(
    keras_python: str,
    oracles: tuple[str, ...],
    jobs: int,
    shard: tuple[int, int],
    executor: str | None,
    merged: bool,
    case: str | None,
    only: str | None,
    folder: Path,
    write_docs: bool,
    reports: tuple[Path, ...],
) -> None:
    """Compare the full product of the structural axes with live Keras, then run wide/.

    Finished blocks are kept in the folder of --report, so that an interrupted run can be resumed.
    With --shard, the first shard also runs the tests of wide/. With --merge, REPORTS are the
    reports of all shards.

    The exit status is 0 for parity, 1 for any other verdict and 2 if nothing could be compared.
    """
    if bool(reports) != merged:
        raise click.UsageError("--merge needs REPORTS, and REPORTS need --merge")
    if case and (shard != (1, 1) or only or executor or write_docs):
        raise click.UsageError(
            "--case cannot be given with --shard, --only, --executor or --write-docs"
        )
    if write_docs and (only == "wide" or not _is_whole(shard, oracles or ORACLES)):
        raise click.UsageError(
            "--write-docs cannot be given with --shard, --oracle or --only wide: it needs the "
            "whole product"
        )
    try:
        if not case:
            writable.check_folder("--report", folder, BUILD)
        if merged:
            data = totals.conclude(totals.merge(map(_report_of_shard, reports)), whole=True)
            _write(folder / "report.json", json.dumps(data, indent=1) + "\n")
            sys.exit(_status(data, whole=True, write_docs=write_docs))
        if not executor:
            choice = choose(keras_python, oracles)
            oracles = command_options.names_of(choice, every=bool(oracles) or write_docs)
        if case:
            sys.exit(_one_case(keras_python, case))
        status = 0
        if only != "wide":
            data = _product(keras_python, oracles or ORACLES, jobs, shard, executor, folder)
            whole = _is_whole(shard, oracles or ORACLES)
            status = _status(data, whole=whole, write_docs=write_docs)
        if only != "product":
            halves = _wide(keras_python, oracles or ORACLES, jobs, shard, folder, write_docs)
            status = max(status, halves)
    except (OracleError, OSError, ValueError) as error:
        click.echo(f"parity-full: {error}", err=True)
        sys.exit(matrix_run.NOT_RUN)
    except KeyboardInterrupt:
        click.echo(
            "parity-full: interrupted; the same command goes on with the next block", err=True
        )
        sys.exit(130)
    sys.exit(status)


def _is_whole(shard: tuple[int, int], oracles: tuple[str, ...]) -> bool:
    return shard == (1, 1) and set(oracles) == set(ORACLES)


def _report_of_shard(path: Path) -> dict[str, Any]:
    """Return a report as `_product` wrote it.

    Raises
    ------
    ValueError
        The file holds something else.
    """
    expected = "expected the report-i-of-n.json of a shard"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"--merge is given {path}, which is no JSON ({error}), {expected}"
        ) from None
    if not isinstance(data, dict):
        raise ValueError(f"--merge is given {path}, which holds no JSON object, {expected}")
    kinds = {"shards": list, **dict.fromkeys(totals.SUMMED, dict), "surroundings": dict}
    lacking = [name for name, kind in kinds.items() if not isinstance(data.get(name), kind)]
    if lacking:
        raise ValueError(f"--merge is given {path}, which lacks {', '.join(lacking)}, {expected}")
    return data


def _product(
    python: str,
    oracles: tuple[str, ...],
    jobs: int,
    shard: tuple[int, int],
    executor: str | None,
    folder: Path,
) -> dict[str, Any]:
    """Compare the blocks of a shard, write its report, and return it."""
    clock = Clock()
    blocks = [block for name in oracles for block in product.shard(product.blocks(name), *shard)]
    with executors.find_executor(executor) if executor else executors.local(jobs) as running:
        compared = Blocks(running, python, folder / "blocks")
        compared.learn(oracles)
        results = compared.compare(blocks, Bar())
    data = totals.total(results, compared.surroundings, "{}/{}".format(*shard))
    data = totals.conclude(data, whole=_is_whole(shard, oracles))
    name = "" if shard == (1, 1) else "-{}-of-{}".format(*shard)
    _write(folder / f"report{name}.json", json.dumps(data, indent=1) + "\n")
    _write(folder / f"cases{name}.tsv", summary.case_lines(results))
    click.echo(f"report: {folder / f'report{name}.json'}; {clock.sentence()}")
    return data


def _status(data: dict[str, Any], *, whole: bool, write_docs: bool) -> int:
    """Print a report, check or rewrite docs/full.md by that of the whole, return the status."""
    summary.print_report(data)
    if data["verdict"] != "parity" or data["problems"]:
        return matrix_run.NO_PARITY
    if whole and environment.CLONE is not None:
        path = environment.CLONE / "docs" / "full.md"
        text = summary.markdown(data)
        if write_docs:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            click.echo("docs/full.md is stale: make parity-full ARGS=--write-docs", err=True)
            return matrix_run.NO_PARITY
    return 0


def _one_case(python: str, named: str) -> int:
    """Compare one case, on a layer that the cases before it of its layer have used."""
    oracle_name, _, case_id = named.partition(":")
    if oracle_name not in GENERATIONS or case_id not in product.cases_of(oracle_name):
        raise ValueError(f"--case is {named!r}, expected ORACLE:ID as a disagreement names it")
    from parity_tests.runner.full.compare_block import compare_layers

    environment.remember(python, "")
    layer = product.cases_of(oracle_name)[case_id]
    with Oracle(oracle_name, python, GENERATIONS[oracle_name]) as oracle:
        result = compare_layers(oracle, (layer,))
    (row,) = (row for row in result["rows"] if row[0] == case_id)
    click.echo(result["messages"].get(case_id) or "\t".join((*row[:3], ", ".join(row[3]))))
    return matrix_run.NO_PARITY if case_id in result["messages"] else 0


def _wide(
    python: str,
    oracles: tuple[str, ...],
    jobs: int,
    shard: tuple[int, int],
    folder: Path,
    write_docs: bool,
) -> int:
    """Run the tests of wide/, which the first shard has; check docs/mistakes-half.md by them."""
    if shard[0] != 1:
        click.echo(f"wide/: its tests are run by shard 1/{shard[1]}")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    run = matrix_run.MatrixRun(
        python, "", oracles, folder="wide", report=folder / "wide", jobs=jobs
    )
    status = run.status()
    if status or environment.CLONE is None or set(oracles) != set(ORACLES):
        return status
    problems = half_mistakes_page.check(folder / "wide" / "cases.jsonl", write=write_docs)
    for problem in problems:
        click.echo(problem, err=True)
    return matrix_run.NO_PARITY if problems else 0


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    command(prog_name="python -m parity_tests.runner.full")
