"""Prints the first output of a peer: ``-m benchmarks.first_output NAME``, timed as a whole."""

from __future__ import annotations

import os
import sys
import tempfile

from benchmarks.peers import PEERS
from benchmarks.problems import SHAPES


def main() -> None:
    """Run the smallest problem once; "--compile" has Numba find nothing that it compiled before."""
    name, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        if rest == ["--compile"]:
            os.environ["NUMBA_CACHE_DIR"] = folder
        print(PEERS[name].make(SHAPES[0], 1)().sum())


if __name__ == "__main__":
    main()
