"""`python -m parity_tests` and `gru-parity`: gru_ref against the live Keras of an interpreter."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line; the entry point of ``gru-parity``."""
    try:
        from parity_tests.runner.command import command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("gru_ref", "parity_tests"):
            raise
        print(f"gru-parity: needs {error.name}: pip install 'gru-ref[parity]'", file=sys.stderr)
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):  # an output of Windows may lack a letter of a message
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    command(prog_name="gru-parity")


if __name__ == "__main__":
    main()
