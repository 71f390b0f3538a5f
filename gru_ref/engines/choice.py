"""Which engine computes a GRU: the one asked for, or the fastest that serves it."""

from __future__ import annotations

import functools
import importlib.util
import os
import weakref
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.loop import Cell
from gru_ref.core.recurrence import Recurrence
from gru_ref.core.rounding import product, product_by_term
from gru_ref.core.step import gru_step
from gru_ref.core.weights import GRUWeights
from gru_ref.engines.loop import Kernel
from gru_ref.errors import shown

Array = NDArray[Any]
EngineName: TypeAlias = Literal["core", "numpy", "numba"]

VARIABLE = "GRU_REF_ENGINE"
# From the fastest to the one that serves everything.
ENGINES: tuple[EngineName, ...] = ("numba", "numpy", "core")


class Engine(NamedTuple):
    """The engine that runs a GRU, and why a faster one, or the one asked for, does not."""

    name: EngineName
    reason: str | None = None


def check_name(engine: Any, what: str = "engine") -> EngineName | None:
    """Return the name of an engine that can be used here, or None for the fastest.

    Parameters
    ----------
    engine : str or None
    what : str
        What gave the name, for the message.

    Raises
    ------
    ValueError
        There is no engine of this name.
    ModuleNotFoundError
        It is "numba", and Numba is not installed.
    """
    if engine is None:
        return None
    if engine not in ENGINES:
        raise ValueError(f"{what} is {shown(engine)}, expected 'core', 'numpy', 'numba' or None")
    if engine == "numba" and not numba_is_installed():
        raise ModuleNotFoundError(
            f"numba is not installed, expected it for {what}='numba': pip install 'gru-ref[fast]'"
        )
    name: EngineName = engine
    return name


def default_name() -> EngineName | None:
    """Return the engine that the environment variable names, or None for the fastest."""
    return check_name(os.environ.get(VARIABLE) or None, VARIABLE)


@functools.cache
def numba_is_installed() -> bool:
    """Return whether Numba can be imported, without importing it."""
    return importlib.util.find_spec("numba") is not None


def serving(name: EngineName | None, recurrences: Sequence[Recurrence]) -> Engine:
    """Return the engine that runs GRUs one after another.

    Parameters
    ----------
    name : str or None
        The engine asked for: where it does not serve one of them, the next slower one does. None:
        the fastest.
    """
    if name is None and not numba_is_installed():
        name = "numpy"
    reason = None
    for engine in ENGINES[ENGINES.index(name) if name else 0 :]:
        if engine == "core":
            break
        found = next(filter(None, map(_kernel_class(engine).reason, recurrences)), None)
        if found is None:
            return Engine(engine, reason)
        reason = reason or f"{engine} does not serve it: {found}"
    return Engine("core", reason)


def call_reason(cells: Sequence[Cell], mask: Array | None) -> str | None:
    """Return why only the core runs cells with this mask, or None if engines do too."""
    if mask is not None and np.ndim(mask) == 3 and np.shape(mask)[2] != 1:
        return "the mask has a value for every unit"
    for cell in cells:
        if cell.step is not gru_step:
            return "a cell has a step of its own"
        if cell.dropout_masks is not None or cell.recurrent_dropout_masks is not None:
            return "dropout masks are drawn or given"
        if cell.recurrence.product not in (product, product_by_term):
            return "a cell has a matrix product of its own"
    return None


def kernel_of(name: EngineName, weights: GRUWeights, recurrence: Recurrence) -> Kernel:
    """Return the kernel of an engine for weights, the same one as long as both stay."""
    kept = _kernels.get(weights)
    if kept is None or kept[:2] != (name, recurrence):
        kept = name, recurrence, _kernel_class(name)(weights, recurrence)
        _kernels[weights] = kept
    return kept[2]


# By weights, which a layer replaces and never changes; beside the layer, not in it, for a kernel is
# not copied or pickled.
_kernels: weakref.WeakKeyDictionary[GRUWeights, tuple[EngineName, Recurrence, Kernel]] = (
    weakref.WeakKeyDictionary()
)


def _kernel_class(name: EngineName) -> type[Kernel]:
    """Return the class of an engine's kernels; Numba is imported here."""
    if name == "numba":
        from gru_ref.engines.numba_kernel import NumbaKernel

        return NumbaKernel
    from gru_ref.engines.numpy_kernel import NumpyKernel

    return NumpyKernel
