"""Which files of gru_ref and of the suite some code runs through."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from parity_tests.environment import ROOT

# What gru_ref exports is loaded when it is asked for.
_SCRIPT = """
import importlib, sys, gru_ref
importlib.import_module(sys.argv[1])
gru_ref.GRU, gru_ref.GRUConfig, gru_ref.GRUWeights
for name, module in sys.modules.items():
    if name.partition(".")[0] in ("gru_ref", "parity_tests"):
        print(module.__file__)
"""


def loaded_files(module: str) -> set[Path]:
    """Return the files that importing a module loads in a process of its own.

    One that has a docstring alone, as those of packages do, changes no result: it is left out.
    """
    command = [sys.executable, "-c", _SCRIPT, module]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = {Path(line) for line in ran.stdout.splitlines()}
    return {path for path in paths if len(ast.parse(path.read_text(encoding="utf-8")).body) > 1}
