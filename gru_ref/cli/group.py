"""The group of commands: how each is found, and how errors and warnings are printed.

A command's module is imported when the command runs, so that ``gru-ref --help`` imports none.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import click

from gru_ref.cli.progress import INTERRUPTED
from gru_ref.cli.text import needs, say
from gru_ref.presentation.text import one_line
from gru_ref.version import __version__

# What `gru-ref --help` says of each command.
SUMMARIES = {
    "bundle": "Write GRUs of a file to one .npz that verifies itself.",
    "convert": "Convert a GRU to the layout of another runtime, or to Keras 3.",
    "diff": "Find where another implementation's numbers differ, and why.",
    "doctor": "Find the layout of weights from one input and its outputs.",
    "inspect": "Show the GRUs of a file: sizes, arguments and weights.",
    "layouts": "Show how each runtime lays out the weights of a GRU.",
    "lint-vectors": "Show which classic mistakes a test cannot see.",
    "run": "Run a GRU over inputs; write its outputs and last state.",
    "trace": "Write every gate of every timestep of a GRU.",
    "vectors": "Write golden vectors of a GRU, to test a port of it.",
}
_FAILED = 2
_ON_WINDOWS = os.name == "nt"
# What the commands raise on purpose; anything else is a defect and keeps its traceback.
# Keras raises IndexError itself for inputs with too few axes.
_EXPECTED = (
    ValueError, TypeError, KeyError, IndexError, OverflowError, OSError, ImportError,
)  # fmt: skip


# What an error of a function of gru_ref begins with → the option that gives it.
_ARGUMENTS = {"x": "--inputs", "member": "--member", "ignore": "--ignore"} | {
    name: f"--{name.replace('_', '-')}"
    for name in (
        "inputs", "mask", "initial_state", "outputs", "theirs", "last_state", "tolerance",
        "relative_tolerance", "keras_version", "precision", "bits", "activation",
        "recurrent_activation", "batch",
    )
}  # fmt: skip


class CommandGroup(click.Group):
    """A group of commands that prints one line, and no traceback, for what a user can mend."""

    _options: frozenset[str] = frozenset()  # of the command that runs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None if there is none of that name."""
        if cmd_name not in SUMMARIES:
            return None
        name = cmd_name.replace("-", "_")
        found: click.Command = getattr(
            importlib.import_module(f"gru_ref.cli.commands.{name}"), name
        )
        self._options = frozenset(name for option in found.params for name in option.opts)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; the error for an unknown one names a close one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from gru_ref.layouts.names import suggestion  # which imports NumPy

            meant = suggestion(args[0], SUMMARIES)
            if not meant:
                raise
            raise click.UsageError(error.message.rstrip(".") + meant, error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries, which import no command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and exit with its status."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a name in a file may be in any script
                stream.reconfigure(errors="backslashreplace")
        kwargs["standalone_mode"] = False
        words = args[0] if args else kwargs.get("args")
        # Context.obj: the command as it was typed, which its page shows.
        kwargs["obj"] = ["gru-ref", *(sys.argv[1:] if words is None else words)]
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _warning_printer()
            try:
                status = super().main(*args, **kwargs)
                sys.stdout.flush()
            except click.UsageError as error:
                used = error.ctx.command_path if error.ctx else "gru-ref"
                said = error.format_message()
                stop = "" if said.endswith((".", "?", ")")) else "."
                sys.exit(_fail(f"{said}{stop} See {used} --help"))
            except click.ClickException as error:
                sys.exit(_fail(error.format_message()))
            except click.Abort:
                sys.exit(INTERRUPTED)
            except MemoryError:
                sys.exit(_fail("the memory of this machine is not enough"))
            except _EXPECTED as error:
                if _is_closed_pipe(error):  # `gru-ref inspect … | head`
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                    sys.exit(1)
                sys.exit(_fail(self._with_option(_message(error))))
        sys.exit(status if isinstance(status, int) else 0)

    def _with_option(self, message: str) -> str:
        """Return a message that begins with an option where it begins with an argument."""
        word, space, rest = message.partition(" ")
        option = _ARGUMENTS.get(word, "")
        return f"{option}{space}{rest}" if option in self._options else message


@click.group(
    cls=CommandGroup,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="gru-ref", message="%(prog)s %(version)s")
def command() -> None:
    """Inspect, run, convert and debug GRUs from files of Keras 1, 2 and 3, without TensorFlow."""


def _is_closed_pipe(error: Exception) -> bool:
    """Return whether nobody reads standard output any more, which Windows calls invalid."""
    if isinstance(error, BrokenPipeError):
        return True
    return (
        _ON_WINDOWS
        and isinstance(error, OSError)
        and error.errno == errno.EINVAL
        and error.filename is None
    )


def _fail(message: str) -> int:
    say(message)
    return _FAILED


def _message(error: Exception) -> str:
    """Return what an error says, without the class."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "rich":
        return needs("rich")
    if isinstance(error, KeyError) and error.args:  # str() of it is a repr
        return str(error.args[0])
    return str(error) or type(error).__name__


def _warning_printer() -> Callable[..., None]:
    """Return what prints each warning once: every GRU of a file may have the same one."""
    seen: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = one_line(str(message))
        if text not in seen:
            seen.add(text)
            say(f"warning: {text}")

    return show
