"""Where blocks run: processes of this machine, or whatever executor is named."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import threading
from concurrent.futures import Executor, ProcessPoolExecutor


def local(jobs: int) -> Executor:
    """Return processes of this machine; they end when this process does, however it ends."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_follow_parent)


def find_executor(name: str) -> Executor:
    """Return the executor ``module:attribute``: one, or a function of no arguments that makes one.

    Raises
    ------
    ValueError
        There is no such attribute, or it is no `concurrent.futures.Executor` and makes none.
    """
    module_name, _, attribute = name.partition(":")
    expected = "expected module:attribute of a concurrent.futures.Executor or of what makes one"
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (AttributeError, ImportError, ValueError) as error:
        raise ValueError(f"--executor is {name!r} ({error}), {expected}") from None
    executor = found
    if callable(found) and not isinstance(found, Executor):
        try:
            executor = found()
        except Exception as error:
            raise ValueError(
                f"--executor is {name!r}, which raises {type(error).__name__}: {error}, {expected}"
            ) from error
    if not isinstance(executor, Executor):
        raise ValueError(f"--executor is {name!r}, which is {executor!r}, {expected}")
    return executor


def _follow_parent() -> None:
    """End this process, and with it its oracles, when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
