"""What `gru-parity` and `parity-full` share: options, and the choice of the oracles."""

from __future__ import annotations

import sys

import click

from parity_tests.oracles.choice import Choice
from parity_tests.runner.matrix_run import NOT_RUN
from parity_tests.runner.options import ORACLES


def not_empty(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return the value of an option; refuse an empty one, as an unset variable of a shell gives."""
    if value == "":
        raise click.UsageError(f"{option.opts[0]} is empty, expected a value")
    return value


oracle = click.option(
    "--oracle",
    "oracles",
    multiple=True,
    type=click.Choice(ORACLES),
    help="Compare with this Keras only; may be repeated (default: with both).",
)
case = click.option(
    "--case",
    callback=not_empty,
    metavar="ORACLE:ID",
    help="Compare this case only, named as a disagreement names it.",
)
jobs = click.option(
    "-n",
    "--jobs",
    type=click.IntRange(1),
    default=2,
    metavar="N",
    help="Number of processes (default: 2).",
)


def names_of(choice: Choice, *, every: bool) -> tuple[str, ...]:
    """Print a choice and return its oracles; end where it has none, or lacks one of `every`."""
    for name, what in choice.found.items():
        click.echo(f"{name}: {what}")
    for sentence in choice.missing:
        click.echo(f"not compared: {sentence}", err=True)
    if not choice.found or (every and choice.missing):
        sys.exit(NOT_RUN)
    return tuple(choice.found)
