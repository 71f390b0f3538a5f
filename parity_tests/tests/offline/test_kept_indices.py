"""Which indices of slices a worker keeps, and that each is what TensorFlow would make anew."""

from __future__ import annotations

from typing import Any

import pytest

from parity_tests.oracles import kept_indices
from parity_tests.oracles.kept_indices import KeptIndices

EAGER = [True]


class Made:
    """What stands for a tensor: the values it was made of."""

    def __init__(self, values: list[Any], axis: int, name: str) -> None:
        self.held = list(values), axis, name


@pytest.fixture
def indices() -> KeptIndices:
    EAGER[0] = True
    return KeptIndices(lambda values, axis, name: Made(values, axis, name), lambda: EAGER[0])


@pytest.mark.parametrize("values", [[0], [0, 5], [-1, 2, 0], [2**40], []])
def test_plain_integers_are_made_once(indices: KeptIndices, values: list[int]) -> None:
    first = indices(values)
    assert first.held == (values, 0, "stack")
    assert indices(list(values)) is first
    assert indices([*values, 7]) is not first


@pytest.mark.parametrize(
    ("values", "rest"),
    [
        ([0, True], {}),  # equal to [0, 1], and of another dtype
        ([0, 1.0], {}),
        ([0, None], {}),
        ([[0], [1]], {}),
        ((0, 1), {}),
        ([0, 1], {"axis": 1}),
    ],
)
def test_nothing_else_is_kept(indices: KeptIndices, values: Any, rest: dict[str, int]) -> None:
    kept = indices([0, 1])
    again = [indices(values, **rest) for _ in "12"]
    assert kept not in again
    assert again[0] is not again[1]
    assert again[0].held == (list(values), rest.get("axis", 0), "stack")


def test_nothing_is_kept_in_a_graph(indices: KeptIndices) -> None:
    eager = indices([0, 1])
    EAGER[0] = False
    assert indices([0, 1]) is not eager
    assert indices([2]) is not indices([2])
    EAGER[0] = True
    assert indices([0, 1]) is eager


def test_suspended_makes_all_anew(indices: KeptIndices) -> None:
    kept = indices([0, 1])
    with indices.suspended():
        assert indices([0, 1]) is not kept
    assert indices([0, 1]) is kept


def test_a_call_that_raises_ends_the_suspension(indices: KeptIndices) -> None:
    with pytest.raises(ZeroDivisionError), indices.suspended():
        raise ZeroDivisionError
    assert indices([0]) is indices([0])


def test_a_tensorflow_that_asks_nobody_keeps_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_indices, "MODULE", "tensorflow_without_such_a_module")
    assert kept_indices.install(None) is None
