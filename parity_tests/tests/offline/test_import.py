"""Imports are light: NumPy alone beneath `gru_ref`, and `gru_ref.core` stands by itself.

After ``import gru_ref`` alone, every name and every file of it is reached as an attribute.
"""

from __future__ import annotations

import ast
import functools
import json
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gru_ref
from parity_tests.environment import ROOT

PACKAGE = Path(gru_ref.__file__).parent
DOCTESTS = """
import doctest, importlib, pkgutil, sys
import gru_ref.core
names = [module.name for module in pkgutil.iter_modules(gru_ref.core.__path__, "gru_ref.core.")]
results = [doctest.testmod(importlib.import_module(name)) for name in names]
print(sum(result.attempted for result in results))
sys.exit(sum(result.failed for result in results))
"""
# What a layer needs to be written, read, taken over or traced, and in no call.
WITHOUT_A_GRU = {
    "gru_ref.keras.activations.layers",
    "gru_ref.keras.layers.rnn",
    "gru_ref.keras.layers.trace",
    "gru_ref.keras.serialization.custom_objects",
    "gru_ref.keras.serialization.from_keras",
    "gru_ref.keras.serialization.gru_config",
    "gru_ref.keras.serialization.objects",
    "html",
    "json",
    "pathlib",
    "shutil",
    "tempfile",
}
# What a command needs for a page, a bundle, another runtime, or a file without a GRU.
WITHOUT_A_PAGE = {
    "gru_ref.files.bundles",
    "gru_ref.files.held",
    "gru_ref.keras.layers.trace",
    "gru_ref.layouts",
    "gru_ref.presentation.document",
    "gru_ref.presentation.page",
    "html",
    "jinja2",
}
# Every path of gru_ref that a page names, each reached after nothing was imported but gru_ref.
PATHS = sorted(
    {
        path
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for path in re.findall(r"\bgru_ref(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8"))
        if not path.endswith((".py", ".md"))
    }
)
REACH = """
import functools, importlib, sys
for path in sys.argv[1:]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "gru_ref"]:
        del sys.modules[name]
    import gru_ref
    functools.reduce(getattr, path.split(".")[1:], gru_ref)
"""
PACKAGES = sorted(
    module.name for module in pkgutil.walk_packages(gru_ref.__path__, "gru_ref.") if module.ispkg
)
# Of every package, each after nothing was imported but gru_ref: the files that are no attribute.
FILES_OF = """
import importlib, json, pkgutil, sys
def missing(package):
    for name in [name for name in sys.modules if name.partition(".")[0] == "gru_ref"]:
        del sys.modules[name]
    module = importlib.import_module(package)
    names = [found.name for found in pkgutil.iter_modules(module.__path__)]
    assert names and {*names} <= {*dir(module)} | {"__main__"}
    names = [name for name in names if name != "__main__"]
    return [name for name in names if getattr(module, name).__name__ != f"{package}.{name}"]
print(json.dumps({package: missing(package) for package in sys.argv[1:]}))
"""


def _output(code: str, *arguments: str, folder: Path | None = None) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.check_output(command, text=True, cwd=folder)


@functools.cache
def _modules_after(statement: str) -> frozenset[str]:
    return frozenset(_output(f"import sys; {statement}; print(*sys.modules)").split())


def test_numpy_alone_is_imported() -> None:
    loaded = _modules_after("import gru_ref; gru_ref.GRU(5)") - _modules_after("import numpy")
    packages = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert packages - {"numpy"} == {"gru_ref"}


def test_a_gru_imports_nothing_that_it_does_not_compute_with() -> None:
    loaded = _modules_after("from gru_ref import GRU") - _modules_after("import numpy")
    rooms = {name.split(".")[1] for name in loaded if name.startswith("gru_ref.")}
    assert rooms == {"core", "engines", "errors", "keras", "random_streams", "submodules"}
    assert loaded.isdisjoint(WITHOUT_A_GRU)


def test_a_first_output_imports_no_more_rooms() -> None:
    call = "import numpy as np, gru_ref; gru_ref.GRU(5, engine='numpy')(np.zeros((1, 2, 3), 'f4'))"
    loaded = _modules_after(call) - _modules_after("import numpy")
    rooms = {name.split(".")[1] for name in loaded if name.startswith("gru_ref.")}
    assert rooms == {"core", "engines", "errors", "keras", "random_streams", "submodules"}
    assert loaded.isdisjoint(WITHOUT_A_GRU)


@pytest.mark.parametrize("command", ["inspect", "run"])
def test_a_command_imports_no_page_and_no_other_layout(command: str) -> None:
    loaded = _modules_after(f"import gru_ref.cli.commands.{command}")
    assert loaded.isdisjoint(WITHOUT_A_PAGE)


def test_the_help_imports_no_numpy() -> None:
    shown = "import click; from gru_ref.cli.group import command as group"
    assert "numpy" not in _modules_after(f"{shown}; group.get_help(click.Context(group))")


def test_the_core_imports_no_other_room() -> None:
    loaded = {name for name in _modules_after("import gru_ref.core") if name.startswith("gru_ref.")}
    assert {name.split(".")[1] for name in loaded} == {"core", "errors", "submodules"}


def test_the_core_runs_in_an_empty_folder(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE / "core", tmp_path / "gru_ref" / "core")
    shutil.copy(PACKAGE / "errors.py", tmp_path / "gru_ref")
    assert int(_output(DOCTESTS, folder=tmp_path)) > 10


def test_every_public_name_is_there() -> None:
    for name in gru_ref.__all__:
        assert getattr(gru_ref, name) is not None
    assert dir(gru_ref) == sorted(gru_ref.__all__)
    with pytest.raises(AttributeError, match=r"module 'gru_ref' has no attribute 'grus'"):
        gru_ref.__getattr__("grus")


def test_a_checker_knows_every_public_name() -> None:
    source = ast.parse(Path(gru_ref.__file__).read_text(encoding="utf-8"))
    (seen, *_) = (part for part in source.body if isinstance(part, ast.If))
    names = {
        alias.name
        for part in ast.walk(seen)
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    }
    assert names == {*gru_ref.__all__}
    assert (PACKAGE / "py.typed").is_file()


def test_every_path_that_a_page_names_is_reached() -> None:
    assert "gru_ref.layouts.convert" in PATHS
    _output(REACH, *PATHS)


@functools.cache
def _missing() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(_output(FILES_OF, *PACKAGES))
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_an_attribute_of_it(package: str) -> None:
    assert _missing()[package] == []


def test_a_file_that_needs_a_missing_package_says_so() -> None:
    """No attribute is missing then: the package that it imports is."""
    code = "import sys; sys.modules['click'] = None; import gru_ref; gru_ref.cli.group"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError: import of click halted" in ended.stderr
