"""The options of a live run, under short names for the suite and long ones for other projects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

GROUP = "gru-parity"
ORACLES = ("keras2", "keras3")
# What adds the options in somebody else's run, before the suite's own hooks could.
PLUGIN = "parity_tests.runner.plugin"


def are_added(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Return whether the plugin is registered, and has added the options under its long names."""
    return any(getattr(each, "__name__", "") == PLUGIN for each in pluginmanager.get_plugins())


def add(parser: pytest.Parser, prefix: str) -> None:
    """Add the options.

    Parameters
    ----------
    prefix : str
        ``"--"`` where nothing but the suite runs; what all but ``--keras-python`` and
        ``--keras-from`` begin with in somebody else's run, whose own plugins may well have an
        option ``--report``.
    """
    group = parser.getgroup(GROUP)

    def option(name: str, **settings: object) -> None:
        group.addoption(f"{prefix}{name}", dest=f"parity_{name}", **settings)

    group.addoption(
        "--keras-python",
        default=sys.executable,
        metavar="PATH",
        help="the interpreter that has Keras; by default the one that runs pytest",
    )
    group.addoption(
        "--keras-from", default="", metavar="FOLDER", help="a source tree of Keras to import"
    )
    option("oracle", action="append", choices=ORACLES, help="compare with this one only")
    option("case", default="", metavar="ORACLE:ID", help="only this case")
    option("quick", action="store_true", help="a part in which every mistake shows")
    option("report", type=Path, metavar="FOLDER", help="where report.json goes")
    option("junit", type=Path, metavar="FILE", help="write JUnit XML")
    option("markdown", type=Path, metavar="FILE", help="write a summary in Markdown")
