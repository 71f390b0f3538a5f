"""`import gru_ref` is light: NumPy alone beneath it."""

from __future__ import annotations

import subprocess
import sys


def _modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(m.partition('.')[0] for m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


def test_numpy_alone_is_imported() -> None:
    new = _modules_after("import gru_ref") - _modules_after("import numpy")
    assert {name for name in new if name not in sys.stdlib_module_names} == {"gru_ref"}
