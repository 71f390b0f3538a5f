"""Files of a package that are reached as its attributes, and imported when they are first."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType


def attach(package: str) -> tuple[Callable[[str], ModuleType], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package, whose name is given.

    After ``import gru_ref`` every path within it then works: ``gru_ref.keras.ledger.LEDGER``.
    """

    def get(name: str) -> ModuleType:
        path = f"{package}.{name}"
        if not name.startswith("_"):
            try:
                return importlib.import_module(path)
            except ModuleNotFoundError as error:
                if error.name != path:  # the file is there, and needs a package that is not
                    raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        import pkgutil  # not cheap, and seldom asked for

        module = sys.modules[package]
        return sorted({*vars(module), *(one.name for one in pkgutil.iter_modules(module.__path__))})

    return get, names
