"""A test for every case, named after it: what `make parity CASE=…` and a report call it by."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from parameterized import parameterized

from parity_tests.cases import sweeps
from parity_tests.oracles.pool import GENERATIONS


def case_name(function: Any, _: int, parameters: Any) -> str:
    """Name a test after what it claims, the oracle and the case: parameterized's name_func."""
    return f"{function.__name__}_{':'.join(str(argument) for argument in parameters.args[:2])}"


def for_rows(rows: Iterable[tuple[Any, ...]]) -> Any:
    """Return the decorator that makes a test for every row of arguments."""
    return parameterized.expand(rows, name_func=case_name)


def for_each(*levels: Iterable[Any]) -> Any:
    """Return the decorator that makes a test for every combination of one level of each."""
    return for_rows(itertools.product(*levels))


def for_sweep(sweep: str) -> Any:
    """Return the decorator that makes a test for every case of a sweep of the matrix."""
    return for_rows(
        (oracle, case.id) for oracle in GENERATIONS for case in sweeps.expand(sweep, oracle)
    )


def combinations(*levels: Iterable[str]) -> list[str]:
    """Return every combination of one level of each as one text: ``"float16+fused"``."""
    return ["+".join(each) for each in itertools.product(*levels)]
