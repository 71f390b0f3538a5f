"""Has CPython 3.11 find line numbers at once, which TensorFlow asks for at every eager operation.

TensorFlow notes the line of up to 30 frames for each operation. CPython 3.11 searches a function's
line table from its start, a tenth of all time in functions as long as Keras's, unless anything has
ever profiled the function: then it keeps the lines in an array, for good. Other releases keep none.

This file runs in every Keras's own environment, as `worker` says.
"""

import sys
import time

# What the first requests are profiled for: long enough to run every function of Keras's layers.
SECONDS = 5.0


def _nothing(frame, event, argument):
    """Profile nothing: that it is called is what matters."""


class LineArrays:
    """While it is entered, the functions that run are given their arrays, `SECONDS` in all."""

    def __init__(self):
        self.left = SECONDS if sys.version_info[:2] == (3, 11) else 0.0

    def __enter__(self):
        """Profile, unless there was time enough or somebody else profiles."""
        self.began = time.perf_counter()
        self.profiles = self.left > 0 and sys.getprofile() is None
        if self.profiles:
            sys.setprofile(_nothing)

    def __exit__(self, *error):
        """Stop profiling."""
        if self.profiles:
            sys.setprofile(None)
            self.left -= time.perf_counter() - self.began
