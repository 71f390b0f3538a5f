"""Imports are light: NumPy alone beneath `gru_ref`, and `gru_ref.core` stands by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import gru_ref

PACKAGE = Path(gru_ref.__file__).parent
DOCTESTS = """
import doctest, importlib, pkgutil, sys
import gru_ref.core
names = [module.name for module in pkgutil.iter_modules(gru_ref.core.__path__, "gru_ref.core.")]
results = [doctest.testmod(importlib.import_module(name)) for name in names]
print(sum(result.attempted for result in results))
sys.exit(sum(result.failed for result in results))
"""


def _output(code: str, folder: Path | None = None) -> str:
    return subprocess.check_output([sys.executable, "-c", code], text=True, cwd=folder)


def _modules_after(statement: str) -> set[str]:
    return set(_output(f"import sys; {statement}; print(*sys.modules)").split())


def test_numpy_alone_is_imported() -> None:
    loaded = _modules_after("import gru_ref; gru_ref.GRU(5)") - _modules_after("import numpy")
    packages = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert packages - {"numpy"} == {"gru_ref"}


def test_the_core_imports_no_other_room() -> None:
    loaded = {name for name in _modules_after("import gru_ref.core") if name.startswith("gru_ref.")}
    assert {name.split(".")[1] for name in loaded} == {"core", "errors", "submodules"}


def test_the_core_runs_in_an_empty_folder(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE / "core", tmp_path / "gru_ref" / "core")
    shutil.copy(PACKAGE / "errors.py", tmp_path / "gru_ref")
    assert int(_output(DOCTESTS, tmp_path)) > 10


def test_every_public_name_is_there() -> None:
    for name in gru_ref.__all__:
        assert getattr(gru_ref, name) is not None
        assert name in dir(gru_ref)
