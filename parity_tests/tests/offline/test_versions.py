"""The ledger has a row for every behaviour, and version strings name the release they mean."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gru_ref
from gru_ref.keras.ledger import behaviour
from gru_ref.keras.ledger.behaviour import Behaviour
from gru_ref.keras.ledger.releases import Release, release_of

PACKAGE = Path(gru_ref.__file__).parent


def test_every_field_has_a_row_and_every_row_a_field() -> None:
    rows = [row.name for row in behaviour.LEDGER]
    assert sorted(rows) == sorted(set(Behaviour._fields) - {"release"})


def test_every_row_has_a_source() -> None:
    assert all(len(row.source) > 10 for row in behaviour.LEDGER)


def test_every_row_is_asked_by_the_code() -> None:
    others = (path for path in PACKAGE.rglob("*.py") if path.stem != "behaviour")
    text = "".join(path.read_text(encoding="utf-8") for path in others)
    assert [row.name for row in behaviour.LEDGER if f".{row.name}" not in text] == []


def test_only_the_ledger_knows_releases() -> None:
    asking = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("minor", "major"):
                asking.add(path.stem)
    assert asking <= {"releases", "behaviour"}


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
