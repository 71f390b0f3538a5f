"""The command ``gru-ref``: the GRUs of a file inspected, run and converted, without Keras."""

from __future__ import annotations

import sys

from gru_ref.cli.text import missing


def main() -> None:
    """Run the command line; the entry point of ``gru-ref``."""
    try:
        from gru_ref.cli.commands import command
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print(f"gru-ref: {missing('click')}", file=sys.stderr)
        sys.exit(2)
    command(prog_name="gru-ref")
