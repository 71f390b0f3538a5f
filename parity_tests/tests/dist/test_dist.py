"""The wheel and the sdist hold what they should, and the README's first example runs from the wheel."""

from __future__ import annotations

import ast
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from parity_tests.environment import FIXTURES, ROOT
from parity_tests.reporting.doc_commands import blocks_of

PYTHON = Path("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


class Built(NamedTuple):
    """The two files that an index gets; the wheel is built from the sdist."""

    sdist: Path
    wheel: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    _build(folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Built(sdist, wheel)


def _build(folder: Path, *options: str) -> None:
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), *options, ROOT)


def _run(*command: object, cwd: Path = ROOT) -> str:
    """Run a command and return what it prints; a test fails with all of that."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _members(wheel: Path) -> dict[str, int]:
    """Return the name and the checksum of every file in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {member.filename: member.CRC for member in archive.infolist()}


def test_the_sdist_builds_the_wheel_that_the_clone_builds(built: Built, tmp_path: Path) -> None:
    _build(tmp_path, "--wheel")
    (wheel,) = tmp_path.glob("*.whl")
    assert _members(built.wheel) == _members(wheel)


def test_an_index_takes_both(built: Built) -> None:
    _run(sys.executable, "-m", "twine", "check", "--strict", *built)


def test_the_wheel_holds_nothing_that_should_not_be_there(built: Built) -> None:
    _run(sys.executable, "-m", "check_wheel_contents", built.wheel)


def test_the_readme_leads_to_the_repository_from_everywhere(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(metadata).decode()
    assert "/blob/main/gru_ref/core/step.py)" in text
    assert "](docs/" not in text


def test_the_wheel_has_every_file_of_the_package(built: Built) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "gru_ref").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"  # Numba's files are there too
    }
    assert {"gru_ref/py.typed", "gru_ref/cli/schema.json"} <= files <= _members(built.wheel).keys()


def test_every_module_of_the_wheel_finds_what_it_imports_there(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        files = {name for name in archive.namelist() if name.endswith(".py")}
        missing = {
            (name, module)
            for name in files
            for module in _imported(archive.read(name).decode())
            if not files & {f"{module}.py", f"{module}/__init__.py"}
        }
    assert missing == set()


def _imported(source: str) -> Iterator[str]:
    """Yield the paths of the modules of both packages that a module imports by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module]
            source_of = ROOT / node.module.replace(".", "/")
            names += [
                f"{node.module}.{alias.name}"
                for alias in node.names
                if (source_of / alias.name).is_dir() or (source_of / f"{alias.name}.py").is_file()
            ]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in ("gru_ref", "parity_tests"):
                yield name.replace(".", "/")


def test_the_wheel_has_what_a_runner_of_the_fixtures_needs(built: Built) -> None:
    needed = [FIXTURES / "README.md", FIXTURES / "schema.json", *FIXTURES.glob("v1/**/*.json")]
    assert len(needed) == 12
    with zipfile.ZipFile(built.wheel) as archive:
        for path in needed:
            name = f"parity_tests/fixtures/{path.relative_to(FIXTURES).as_posix()}"
            assert archive.read(name) == path.read_bytes()


def test_the_first_example_of_the_readme_runs_on_numpy_alone(built: Built, tmp_path: Path) -> None:
    environment, empty = tmp_path / "environment", tmp_path / "empty"
    venv.create(environment, with_pip=True)
    empty.mkdir()
    python = environment / PYTHON
    constraints = ROOT / "constraints.txt"
    _run(python, "-m", "pip", "install", "--quiet", "-c", constraints, built.wheel, cwd=empty)
    listed = _run(python, "-m", "pip", "list", "--format=freeze", cwd=empty)
    packages = {line.partition("==")[0].replace("_", "-") for line in listed.splitlines()}
    assert packages - {"pip", "setuptools"} == {"gru-ref", "numpy"}
    example = next(b.text for b in blocks_of(ROOT / "README.md") if b.language == "python")
    shown = example.rpartition("  # ")[2]
    assert _run(python, "-I", "-W", "error", "-c", example, cwd=empty) == shown
