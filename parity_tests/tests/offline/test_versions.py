"""The ledger has a row for every behaviour, and version strings name the release they mean."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import gru_ref
from gru_ref.keras.ledger import LEDGER
from gru_ref.keras.ledger.releases import Release, release_of

PACKAGE = Path(gru_ref.__file__).parent
# The rooms that may ask which release it is.
ASKING = ("keras/ledger", "keras/serialization")
SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for path in PACKAGE.rglob("*.py")
}


def test_every_row_has_a_source() -> None:
    assert all(len(row.source) > 10 for row in LEDGER.values())


def test_every_change_is_in_the_order_of_time() -> None:
    for row in LEDGER.values():
        for changes, oldest in ((row.keras_2, 1), (row.keras_3, 0)):
            assert [*changes] == sorted(changes), row.name
            assert min(changes) == oldest, row.name


class TestReads:
    """Which rows the code asks a Behaviour for."""

    def test_every_row_is_read(self) -> None:
        read = {name for source in SOURCES.values() for name in _rows_read(source)}
        assert [name for name in LEDGER if name not in read] == []

    @pytest.mark.parametrize(
        "source",
        [
            "self.config.behaviour.x",
            "self._behaviour.x",
            "resolve('3').x",
            "def f(given: Behaviour): given.x",
            "def f(config):\n    asked = config.behaviour\n    asked.x",
            "a, asked = 1, config.behaviour\nasked.x",
        ],
    )
    def test_a_read_is_an_attribute_of_a_behaviour(self, source: str) -> None:
        assert list(_rows_read(source)) == ["x"]

    @pytest.mark.parametrize(
        "source", ["config.x", "'behaviour.x'", "behaviour = other\nbehaviour.x", "x = 1"]
    )
    def test_no_other_text_is_one(self, source: str) -> None:
        assert list(_rows_read(source)) == []


def test_every_warning_names_a_quirk() -> None:
    calls = [
        node
        for source in SOURCES.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _name(node.func) == "warn" and node.args
    ]
    named = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    assert len(named) > 10
    assert [name for name in sorted(named) if not LEDGER[str(name)].quirk] == []


def _rows_read(source: str) -> Iterator[str]:
    """Yield the attributes that a source asks of a Behaviour."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {
        node.arg
        for node in nodes
        if isinstance(node, ast.arg)
        and isinstance(node.annotation, ast.Name)
        and node.annotation.id == "Behaviour"
    }
    for node in nodes:
        if isinstance(node, ast.Assign):
            names |= {
                to.id
                for to, value in _assigned(node.targets[0], node.value)
                if isinstance(to, ast.Name) and _is_behaviour(value, names)
            }
    for node in nodes:
        if isinstance(node, ast.Attribute) and _is_behaviour(node.value, names):
            yield node.attr


def _assigned(to: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Return what an assignment gives to what: of two tuples each item."""
    if isinstance(to, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(to.elts, value.elts, strict=False))
    return [(to, value)]


def _is_behaviour(node: ast.expr, names: Iterable[str]) -> bool:
    """Return whether an expression is a Behaviour: one of the names, x.behaviour, resolve(…)."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Attribute):
        return node.attr in ("behaviour", "_behaviour")
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "resolve"
    )


class TestReleases:
    """Who asks which release it is."""

    def test_only_the_ledger_and_serialization_do(self) -> None:
        asked = {
            place: list(_questions(source))
            for place, source in SOURCES.items()
            if not place.startswith(ASKING)
        }
        assert {place: found for place, found in asked.items() if found} == {}

    @pytest.mark.parametrize(
        "source",
        [
            "behaviour.release.generation == 2",
            "generation, minor = release",
            "behaviour.release[0]",
            "release_of(version) < Release(3, 8)",
            "config.keras_version.startswith('2')",
            "keras_version == '3.7'",
        ],
    )
    def test_a_question_is_seen(self, source: str) -> None:
        assert list(_questions(source))

    @pytest.mark.parametrize(
        "source", ["f'Keras {behaviour.release}'", "release_of(a) == release_of(b)"]
    )
    def test_a_name_in_a_message_is_none(self, source: str) -> None:
        assert list(_questions(source)) == []


def _questions(source: str) -> Iterator[str]:
    """Yield the expressions of a source that ask for a generation or a version."""
    for node in ast.walk(ast.parse(source)):
        if (
            (isinstance(node, ast.Attribute) and node.attr in ("generation", "minor", "major"))
            or (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Tuple)
                and _is_release(node.value)
            )
            or (isinstance(node, ast.Subscript) and _is_release(node.value))
            or (
                isinstance(node, ast.Compare)
                and any(_is_release(side) for side in (node.left, *node.comparators))
                and any(not isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops)
            )
            or (
                isinstance(node, ast.Compare)
                and _name(node.left) == "keras_version"
                and any(isinstance(side, ast.Constant) and side.value for side in node.comparators)
            )
            or (
                isinstance(node, ast.Attribute)
                and node.attr == "startswith"
                and _name(node.value) == "keras_version"
            )
        ):
            yield ast.unparse(node)


def _is_release(node: ast.expr) -> bool:
    return _name(node.func if isinstance(node, ast.Call) else node) in ("release", "release_of")


def _name(node: ast.expr) -> str:
    """Return the last name of an expression, or nothing."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(
    ("version", "release", "shown"),
    [
        ("2", (2, 21), "2.21"),
        ("3", (3, 15), "3.15"),
        ("2.2.4-tf", (2, 1), "2.2.4-tf"),
        ("2.3.0-tf", (2, 2), "2.3.0-tf"),
        ("2.4.0", (2, 4), "2.4.0"),
        ("tf-2.3", (2, 3), "tf-2.3"),
        ("tf-2.15", (2, 15), "2.15"),
        ("2.15.0", (2, 15), "2.15"),
        ("2.21.0", (2, 21), "2.21"),
        ("3.7.0", (3, 7), "3.7"),
        ("3.15.1", (3, 15), "3.15"),
        ("3.0.0.dev2024", (3, 0), "3.0"),
    ],
)
def test_a_version_names_a_release(version: str, release: tuple[int, int], shown: str) -> None:
    assert release_of(version) == Release(*release)
    assert gru_ref.GRU(1, keras_version=version).keras_version == shown
    assert release_of(shown) == Release(*release)


@pytest.mark.parametrize(
    "version", ["", "4", "1.2", "keras", "2.2.4", "2.3.1", "tf-2.16", "tf-3", "tf-1.15"]
)
def test_what_is_no_version_is_an_error(version: str) -> None:
    with pytest.raises(ValueError, match="keras_version is"):
        gru_ref.GRU(1, keras_version=version)


def test_a_number_is_an_error() -> None:
    with pytest.raises(TypeError, match="keras_version is 3"):
        gru_ref.GRU(1, keras_version=3)


def test_a_newer_release_warns() -> None:
    with pytest.warns(gru_ref.UnverifiedVersionWarning, match="3.99"):
        assert gru_ref.GRU(1, keras_version="3.99.0").keras_version == "3.15"
