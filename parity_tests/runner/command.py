"""The command ``gru-parity``: its options, and what is said before and after the run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parity_tests import environment
from parity_tests.oracles.choice import check_source, choose
from parity_tests.oracles.client import OracleError
from parity_tests.runner import matrix_run
from parity_tests.runner.options import ORACLES

_File = click.Path(dir_okay=False, path_type=Path)


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True}
)
@click.option(
    "--keras-python",
    default=sys.executable,
    metavar="PATH",
    show_default="the one that runs this",
    help="The Python that has TensorFlow and Keras.",
)
@click.option(
    "--keras-from",
    default="",
    metavar="CHECKOUT",
    help="A source tree of keras or tf_keras, imported instead of the one installed there.",
)
@click.option(
    "--oracle", "oracles", multiple=True, type=click.Choice(ORACLES), help="Compare with it only."
)
@click.option("--quick", is_flag=True, help="A part in which every mistake still shows; a minute.")
@click.option("--case", metavar="ORACLE:ID", help="One case, as a disagreement names it.")
@click.option("--junit", type=_File, metavar="FILE", help="Write JUnit XML.")
@click.option(
    "--markdown",
    type=_File,
    metavar="FILE",
    help="Write a summary in Markdown; GitHub Actions shows it in any case.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where report.json goes: build/parity in a clone, else gru-parity.",
)
@click.option(
    "-n", "--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes."
)
@click.option("--write-docs", is_flag=True, help="In a clone: rewrite docs/mistakes.md.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(
    keras_python: str, keras_from: str, oracles: tuple[str, ...], **settings: object
) -> None:
    """Compare the GRU of a live Keras with gru_ref, over the whole matrix.

    Exit status: 0 for parity, 1 for any other verdict, 2 if nothing could be compared. What is no
    option of this command goes to pytest, as -k WORD does.
    """
    docs = settings["write_docs"]
    if docs:
        part = oracles and set(oracles) != set(ORACLES)
        _check_whole(oracle=part, keras_from=keras_from, **settings)
    try:
        choice = choose(keras_python, oracles, keras_from)
        if keras_from and choice.found:
            (name,) = choice.found
            choice.found[name] += f", its GRU {check_source(keras_python, keras_from)}"
    except (OracleError, ValueError) as error:
        click.echo(f"gru-parity: {error}", err=True)
        sys.exit(matrix_run.NOT_RUN)
    for name, what in choice.found.items():
        click.echo(f"{name}: {what}")
    for sentence in choice.missing:
        click.echo(sentence, err=True)
    if not choice.found or ((oracles or docs) and choice.missing):
        sys.exit(matrix_run.NOT_RUN)
    run = matrix_run.MatrixRun(keras_python, keras_from, tuple(choice.found), **settings)
    sys.exit(run.status())


def _check_whole(**settings: object) -> None:
    """Refuse to write docs of a run that is a part of the matrix, or outside a clone.

    Raises
    ------
    UsageError
        One of the settings makes it a part.
    """
    names = ("oracle", "keras_from", "quick", "case")
    given = [f"--{name.replace('_', '-')}" for name in names if settings[name]]
    given += map(str, settings["pytest_arguments"])
    if given:
        raise click.UsageError(
            f"--write-docs is given with {' '.join(given)}, expected the whole matrix, without that"
        )
    if environment.CLONE is None:
        raise click.UsageError("--write-docs is given outside a clone, expected docs/ to write")
