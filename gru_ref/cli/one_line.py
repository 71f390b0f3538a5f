"""Errors and warnings as one line on standard error, and exit status 2."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import click

from gru_ref.cli.text import missing, one_line

_FAILED, _INTERRUPTED = 2, 130
# What the commands raise on purpose; anything else is a defect and keeps its traceback.
_EXPECTED = (
    ValueError, TypeError, KeyError, OverflowError, OSError, ImportError,
)  # fmt: skip


class Group(click.Group):
    """A group of commands that never shows a traceback for what its user can mend."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and exit with its status."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a name in a file may be in any script
                stream.reconfigure(errors="backslashreplace")
        kwargs["standalone_mode"] = False
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _shower_of_warnings()
            try:
                status = super().main(*args, **kwargs)
                sys.stdout.flush()
            except click.UsageError as error:
                used = error.ctx.command_path if error.ctx else "gru-ref"
                sys.exit(_fail(f"{error.format_message()} See {used} --help"))
            except click.ClickException as error:
                sys.exit(_fail(error.format_message()))
            except click.Abort:
                sys.exit(_INTERRUPTED)
            except BrokenPipeError:  # `gru-ref inspect … | head`
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                sys.exit(1)
            except MemoryError:
                sys.exit(_fail("the memory of this machine is not enough"))
            except _EXPECTED as error:
                sys.exit(_fail(_sentence(error)))
        sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> int:
    click.echo(f"gru-ref: {one_line(message)}", err=True)
    return _FAILED


def _sentence(error: Exception) -> str:
    """Return what an error says, without the class."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "rich":
        return missing("rich")
    if isinstance(error, KeyError) and error.args:  # str() of it is a repr
        return str(error.args[0])
    return str(error) or type(error).__name__


def _shower_of_warnings() -> Callable[..., None]:
    """Return what shows each warning once: every GRU of a file may have the same one."""
    seen: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = one_line(str(message))
        if text not in seen:
            seen.add(text)
            click.echo(f"gru-ref: warning: {text}", err=True)

    return show
