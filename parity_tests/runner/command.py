"""The command ``gru-parity``: its options, and what is said before and after the run."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import click
import numpy as np

from gru_ref.version import __version__
from parity_tests import environment
from parity_tests.oracles.choice import choose
from parity_tests.runner import command_options, matrix_run
from parity_tests.runner.command_options import not_empty
from parity_tests.runner.options import ORACLES

_File = click.Path(dir_okay=False, path_type=Path)
_OF_PYTEST = "pytest_arguments"


class ParityCommand(click.Command):
    """A command that takes what follows ``--`` for pytest, and nothing else that it does not know.

    pytest takes every option that it can complete to one of its own: a typo in an option of this
    command would change the run, or be reported by a command that nobody called.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments after ``--`` for pytest, and parse those before it."""
        own, other = args, []
        if "--" in args:
            place = args.index("--")
            own, other = args[:place], args[place + 1 :]
        ctx.params[_OF_PYTEST] = tuple(other)
        return super().parse_args(ctx, own)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what follows the name in the usage."""
        return [*super().collect_usage_pieces(ctx), "[-- PYTEST_ARGUMENTS...]"]


@click.command(cls=ParityCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--keras-python",
    default=sys.executable,
    callback=not_empty,
    metavar="PATH",
    help="Python in which TensorFlow and Keras are installed (default: the one that runs this "
    "command).",
)
@click.option(
    "--keras-from",
    callback=not_empty,
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
@click.option(
    "-k",
    "words",
    callback=not_empty,
    metavar="WORDS",
    help="Compare the tests whose names have these words only, as pytest's own -k.",
)
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
@click.option(
    "--version",
    is_flag=True,
    help="Show the versions of gru_ref, of its Python and of the Kerases of --keras-python.",
)
def command(
    keras_python: str,
    keras_from: str | None,
    oracles: tuple[str, ...],
    *,
    version: bool,
    **settings: object,
) -> None:
    """Compare the GRU of a live Keras with gru_ref, over the whole matrix.

    The exit status is 0 for parity, 1 for any other verdict and 2 if nothing could be compared.
    What follows -- is passed on to pytest: gru-parity --quick -- --durations=5.
    """
    keras_from = keras_from or ""
    docs = settings["write_docs"]
    if docs:
        part = oracles and set(oracles) != set(ORACLES)
        _check_whole(oracle=part, keras_from=keras_from, **settings)
    try:
        choice = choose(keras_python, oracles, keras_from)
        if version:
            click.echo("\n".join(_versions(keras_python, [*choice.found.values()])))
            return
    except ValueError as error:
        click.echo(f"gru-parity: {error}", err=True)
        sys.exit(matrix_run.NOT_RUN)
    oracles = command_options.names_of(choice, every=bool(oracles or docs))
    run = matrix_run.MatrixRun(keras_python, keras_from, oracles, **settings)
    sys.exit(run.status())


def _versions(keras_python: str, kerases: list[str]) -> list[str]:
    """Return the lines of --version."""
    return [
        f"gru-parity of gru_ref {__version__}",
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        f"{keras_python}: {', '.join(kerases) or 'no Keras'}",
    ]


def _check_whole(**settings: object) -> None:
    """Refuse to write docs of a run that is a part of the matrix, or outside a clone.

    Raises
    ------
    UsageError
        One of the settings makes it a part.
    """
    names = ("oracle", "keras_from", "quick", "case")
    given = [f"--{name.replace('_', '-')}" for name in names if settings[name]]
    given += ["-k"] if settings["words"] else []
    given += map(str, settings[_OF_PYTEST])
    if given:
        raise click.UsageError(
            f"--write-docs cannot be given with {' '.join(given)}: it needs the whole matrix"
        )
    if environment.CLONE is None:
        raise click.UsageError("--write-docs needs a clone of the repository, for its docs/")
