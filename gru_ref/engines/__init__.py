"""Faster ways to compute what `gru_ref.core` computes; the core stays the reference.

An engine is a kernel class, `NumpyKernel` or `NumbaKernel`, that holds one GRU's weights as it
needs them; `loop.run_cells` drives kernels through the timesteps, and `choice` says which engine
serves a GRU.
"""

from typing import TYPE_CHECKING

from gru_ref.submodules import attach

if not TYPE_CHECKING:  # a checker reads the files themselves
    __getattr__, __dir__ = attach(__name__)
