"""The wide run has the options, the oracles and the report of the live run."""

from __future__ import annotations

from parity_tests.tests.live.conftest import (
    _hand_over_records,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_sessionfinish,
)

__all__ = [
    "_hand_over_records",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_sessionfinish",
]
