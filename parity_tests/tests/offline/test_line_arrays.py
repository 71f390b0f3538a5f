"""The worker profiles its first requests, and nothing after them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from parity_tests.oracles import line_arrays


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[line_arrays.LineArrays]:
    monkeypatch.setattr(sys, "version_info", (3, 11, 9))
    before = sys.getprofile()
    sys.setprofile(None)
    yield line_arrays.LineArrays()
    sys.setprofile(before)


def test_profiles_while_entered(arrays: line_arrays.LineArrays) -> None:
    with arrays:
        assert sys.getprofile() is not None
    assert sys.getprofile() is None
    assert 0 < arrays.left < line_arrays.SECONDS


def test_stops_when_a_request_raises(arrays: line_arrays.LineArrays) -> None:
    with pytest.raises(ZeroDivisionError), arrays:
        1 / 0  # noqa: B018
    assert sys.getprofile() is None


def test_stops_for_good_after_its_seconds(arrays: line_arrays.LineArrays) -> None:
    arrays.left = 1e-9
    for expected in (True, False):
        with arrays:
            assert (sys.getprofile() is not None) is expected


def test_leaves_another_profiler_alone(arrays: line_arrays.LineArrays) -> None:
    def another(*_: object) -> None: ...

    sys.setprofile(another)
    with arrays:
        assert sys.getprofile() is another
    assert sys.getprofile() is another


def test_no_other_python_is_profiled(
    arrays: line_arrays.LineArrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with line_arrays.LineArrays():
        assert sys.getprofile() is None
