"""The ledger has a row for every behaviour, and version strings name the release they mean."""

from __future__ import annotations

import ast
import re
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
        ("source", "read"),
        [
            ("self.config.behaviour.x", ["x"]),
            ("self._behaviour.x", ["x"]),
            ("resolve('3').x", ["x"]),
            ("def f(given: Behaviour): given.x", ["x"]),
            ("def f(config):\n    asked = config.behaviour\n    asked.x", ["x"]),
            ("a, asked = 1, config.behaviour\nasked.x", ["x"]),
            ("config.x", []),
            ("'behaviour.x'", []),
            ("behaviour = other\nbehaviour.x", []),
            ("x = 1", []),
        ],
    )
    def test_a_read_is_an_attribute_of_a_behaviour(self, source: str, read: list[str]) -> None:
        assert list(_rows_read(source)) == read


def test_every_warning_names_a_quirk() -> None:
    calls = [
        node
        for source in SOURCES.values()
        if "warn(" in source
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _name(node.func) == "warn" and node.args
    ]
    named = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    assert len(named) > 10
    assert [name for name in sorted(named) if not LEDGER[str(name)].quirk] == []


def _rows_read(source: str) -> Iterator[str]:
    """Yield the attributes that a source asks of a Behaviour."""
    if not re.search(r"Behaviour|behaviour|resolve", source):  # most files, which is quicker
        return
    nodes = list(ast.walk(ast.parse(source)))
    names = set()
    for node in nodes:
        match node:
            case ast.arg(arg=name, annotation=ast.Name(id="Behaviour")):
                names.add(name)
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=places)], value=ast.Tuple(elts=values)):
                pairs = list(zip(places, values, strict=False))
            case ast.Assign(targets=[place, *_], value=value):
                pairs = [(place, value)]
            case _:
                continue
        behaviours = [place for place, value in pairs if _is_behaviour(value, names)]
        names |= {place.id for place in behaviours if isinstance(place, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and _is_behaviour(node.value, names):
            yield node.attr


def _is_behaviour(node: ast.expr, names: Iterable[str]) -> bool:
    """Return whether an expression is a Behaviour: one of the names, x.behaviour, resolve(…)."""
    match node:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(attr="behaviour" | "_behaviour"):
            return True
        case ast.Call(func=ast.Name(id="resolve")):
            return True
    return False


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
        ("source", "is_question"),
        [
            ("behaviour.release.generation == 2", True),
            ("generation, minor = release", True),
            ("behaviour.release[0]", True),
            ("release_of(version) < Release(3, 8)", True),
            ("config.keras_version.startswith('2')", True),
            ("keras_version == '3.7'", True),
            ("f'Keras {behaviour.release}'", False),
            ("release_of(a) == release_of(b)", False),
        ],
    )
    def test_a_question_is_seen_and_a_name_in_a_message_is_none(
        self, source: str, is_question: bool
    ) -> None:
        assert any(_questions(source)) is is_question


def _questions(source: str) -> Iterator[str]:
    """Yield the expressions of a source that ask for a generation or a version."""
    if not re.search(r"generation|minor|major|keras_version|release", source):
        return
    for node in ast.walk(ast.parse(source)):
        if _is_question(node):
            yield ast.unparse(node)


def _is_question(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="generation" | "minor" | "major"):
            return True
        case ast.Attribute(attr="startswith", value=asked):
            return _name(asked) == "keras_version"
        case ast.Assign(targets=[ast.Tuple(), *_], value=asked) | ast.Subscript(value=asked):
            return _is_release(asked)
        case ast.Compare(left=left, ops=ops, comparators=others):
            if _name(left) == "keras_version":
                return any(isinstance(side, ast.Constant) and side.value for side in others)
            ordered = any(not isinstance(op, (ast.Eq, ast.NotEq)) for op in ops)
            return ordered and any(map(_is_release, (left, *others)))
    return False


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
