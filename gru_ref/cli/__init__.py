"""The command ``gru-ref``: inspect, run, convert and debug the GRUs of a file, without Keras."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gru_ref.cli.text import needs
from gru_ref.submodules import attach

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)


def main() -> None:
    """Run the command line; the entry point of ``gru-ref``."""
    try:
        from gru_ref.cli.group import command
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print(f"gru-ref: {needs('click')}", file=sys.stderr)
        sys.exit(2)
    command(prog_name="gru-ref")
