"""The live run: its hooks, and what hands the records of a test to the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from parity_tests.runner import live_run
from parity_tests.runner.hooks import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_sessionfinish,
)

__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_sessionfinish",
]


@pytest.fixture(autouse=True)
def _hand_over_records(record_property: Any) -> Iterator[None]:
    """Attach what the test recorded to its report, which travels between processes."""
    yield
    for name, value in live_run.take():
        record_property(name, json.dumps(value))
