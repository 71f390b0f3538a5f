"""The command ``gru-parity``: its options, and what is said before and after the run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parity_tests import environment
from parity_tests.oracles.choice import check_source, choose
from parity_tests.oracles.client import OracleError
from parity_tests.runner import command_options, matrix_run
from parity_tests.runner.options import ORACLES

_File = click.Path(dir_okay=False, path_type=Path)


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True}
)
@click.option(
    "--keras-python",
    default=sys.executable,
    metavar="PATH",
    show_default="the Python that runs this command",
    help="Python in which TensorFlow and Keras are installed.",
)
@click.option(
    "--keras-from",
    default="",
    metavar="CHECKOUT",
    help="Source tree of keras or tf_keras to import instead of the installed package.",
)
@command_options.oracle
@click.option(
    "--quick",
    is_flag=True,
    help="Run a part of the matrix, in which every mistake still shows; takes a minute.",
)
@command_options.case
@click.option("--junit", type=_File, metavar="FILE", help="Write the results to FILE as JUnit XML.")
@click.option(
    "--markdown",
    type=_File,
    metavar="FILE",
    help="Write a summary to FILE in Markdown; on GitHub Actions it is shown without this.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for report.json (default: build/parity in a clone, else gru-parity).",
)
@command_options.jobs
@click.option(
    "--write-docs",
    is_flag=True,
    help="Rewrite docs/mistakes.md; needs a clone and the whole matrix.",
)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(
    keras_python: str, keras_from: str, oracles: tuple[str, ...], **settings: object
) -> None:
    """Compare the GRU of a live Keras with gru_ref, over the whole matrix.

    The exit status is 0 for parity, 1 for any other verdict and 2 if nothing could be compared.
    Options that this command does not know, such as -k WORD, are passed on to pytest.
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
    oracles = command_options.names_of(choice, every=bool(oracles or docs))
    run = matrix_run.MatrixRun(keras_python, keras_from, oracles, **settings)
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
            f"--write-docs cannot be given with {' '.join(given)}: it needs the whole matrix"
        )
    if environment.CLONE is None:
        raise click.UsageError("--write-docs needs a clone of the repository, for its docs/")
