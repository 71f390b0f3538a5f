"""A pytest plugin for mutants: failures as they are found, and compiled loops run by Python.

With ``NUMBA_DISABLE_JIT=1`` the loops of the compiled engine are Python's; what has a body for
Numba's compiler alone is then given one for Python. It takes the place of no test of what is
compiled.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings


def pytest_configure(config: pytest.Config) -> None:
    """Change what Hypothesis does on a failure, and what a compiled function is."""
    settings.register_profile(
        "first failure", phases=(Phase.explicit, Phase.generate), derandomize=True, deadline=None
    )
    settings.load_profile("first failure")
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        from gru_ref.engines import numba_kernel

        np.seterr(all="ignore")  # as in compiled code
        numba_kernel._exp_parts, numba_kernel._fifth = _exp_parts, _fifth


def _exp_parts(y: Any) -> Any:
    return type(y)(1), np.expm1(y)


def _fifth(x: Any) -> Any:
    return type(x)(0.2)
