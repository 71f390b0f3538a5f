"""The house is kept in order: few files at the top, and one meaning a class name."""

from __future__ import annotations

import ast
import collections
from pathlib import Path

import gru_ref
import parity_tests

ROOMS = [Path(str(package.__file__)).parent for package in (gru_ref, parity_tests)]


# A model in the user's own class: recorded files hold its name.
ONE_IDEA = {"Subclassed"}


def test_few_files_stand_at_the_top() -> None:
    at_most = {"gru_ref": 6, "parity_tests": 8}
    assert {
        room.name: len(list(room.glob("*.py"))) <= at_most[room.name] for room in ROOMS
    } == dict.fromkeys(at_most, True)


def test_a_class_name_means_one_thing() -> None:
    places = collections.defaultdict(list)
    for room in ROOMS:
        for path in room.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(path.relative_to(room.parent)))
    assert {
        name: found for name, found in places.items() if len(found) > 1 and name not in ONE_IDEA
    } == {}
