"""The house is kept in order: few files at the top, and one meaning a class name."""

from __future__ import annotations

import ast
import collections
from pathlib import Path

import gru_ref
import parity_tests

ROOMS = [Path(str(package.__file__)).parent for package in (gru_ref, parity_tests)]


def test_few_files_stand_at_the_top() -> None:
    counts = {room.name: len(list(room.glob("*.py"))) for room in ROOMS}
    assert counts == {"gru_ref": 7, "parity_tests": 3}


def test_a_class_name_means_one_thing() -> None:
    places = collections.defaultdict(list)
    for room in ROOMS:
        for path in room.rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(source)) if "class " in source else ():
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(path.relative_to(room.parent)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
