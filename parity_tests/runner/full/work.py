"""What an executor runs: functions of plain arguments, in any process that can import this."""

from __future__ import annotations

import threading
from typing import Any

from parity_tests.cases.product import Block
from parity_tests.environment import remember
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import Pool
from parity_tests.runner.full import block_store
from parity_tests.runner.full.compare_block import compare_block

_here = threading.local()


def surroundings(python: str, name: str) -> dict[str, Any]:
    """Return what the results of an oracle depend on where this runs."""
    return block_store.surroundings(_oracle(python, name))


def compare(python: str, name: str, number: int) -> dict[str, Any]:
    """Return the result of a block, and where it was found."""
    oracle = _oracle(python, name)
    return {
        "result": compare_block(oracle, Block(name, number)),
        "surroundings": block_store.surroundings(oracle),
    }


def _oracle(python: str, name: str) -> Oracle:
    """Return this thread's oracle; the one before it ends, for each takes half a gigabyte."""
    if getattr(_here, "named", None) != (python, name):
        if hasattr(_here, "pool"):
            _here.pool.close()
        _here.pool, _here.named = Pool(python), (python, name)
        remember(python, "")
    return _here.pool[name]
