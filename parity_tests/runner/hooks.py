"""The hooks of a live run: its options, its oracles, and which tests run."""

from __future__ import annotations

import difflib
import re
import sys

import pytest

from parity_tests import environment
from parity_tests.oracles import checkout, choice
from parity_tests.oracles.client import OracleError
from parity_tests.oracles.pool import Pool
from parity_tests.reporting.report import INSIDE, is_of_suite, oracles_of
from parity_tests.runner import live_run, options, quick, writable
from parity_tests.runner.controller import Controller

CONTROLLER = "parity-report"
_CASE = re.compile(r"keras[23]:.+")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options, unless the plugin of other people's runs has added them."""
    if not options.are_added(pluginmanager):
        options.add(parser, "--")


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests of this process their oracles; the second call of a process does nothing."""
    if live_run.pool is not None:
        return
    python, tree = config.getoption("keras_python"), config.getoption("keras_from")
    asked = config.option
    try:
        writable.check(
            _prefix(config), asked.parity_report, asked.parity_junit, asked.parity_markdown
        )
        package = checkout.find(tree).package if tree else ""
        if not config.getoption("parity_oracle"):
            chosen = choice.choose(python, keras_from=tree)
            if not chosen.found:
                raise ValueError("; ".join(chosen.missing))
            config.option.parity_oracle = list(chosen.found)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    environment.remember(python, tree)
    live_run.pool = Pool(python, package)
    live_run.every_mistake = config.getoption("parity_quick")
    if hasattr(config, "workerinput"):
        return
    # Before the processes of pytest-xdist, in which an error would be told by each of them.
    config.pluginmanager.get_plugin("mark").pytest_collection_modifyitems([], config)
    _start(live_run.pool, config, tree)
    config.pluginmanager.register(Controller(config), CONTROLLER)


def _prefix(config: pytest.Config) -> str:
    """Return what the names of the options begin with."""
    return "--gru-parity-" if options.are_added(config.pluginmanager) else "--"


def _start(pool: Pool, config: pytest.Config, tree: str) -> None:
    """See that every Keras of the run can be imported, and say where the one of a tree is.

    Raises
    ------
    UsageError
        One of them cannot.
    """
    wanted = config.getoption("parity_oracle")
    only = config.getoption("parity_case").partition(":")[0]
    try:
        sources = pool.start([only] if only in wanted else wanted)
    except OracleError as error:
        raise pytest.UsageError(str(error)) from None
    if config.getoption("numprocesses", None):
        pool.close()  # the tests run in other processes
    for name, source in sources.items():
        if tree:
            print(f"{name}: its GRU is {source}", file=sys.__stdout__, flush=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the oracles, the part and the case asked for; other people's tests stay as they are."""
    wanted = config.getoption("parity_oracle")
    case = config.getoption("parity_case")
    others, kept, dropped = [], [], []
    for item in items:
        if not is_of_suite(item):
            others.append(item)
        elif (
            all(oracle in wanted for oracle in oracles_of(item.name))
            and (not case or item.name.endswith(f"_{case}"))
            and (not config.getoption("parity_quick") or quick.holds(item.name))
        ):
            kept.append(item)
        else:
            dropped.append(item)
    # One oracle after the other, so that a process seldom needs to start both.
    items[:] = [*others, *sorted(kept, key=lambda item: oracles_of(item.name))]
    # In a process of pytest-xdist the error would be one of that process.
    if case and not kept and not hasattr(config, "workerinput"):
        names = [match.group() for item in dropped if (match := _CASE.search(item.name))]
        names = [name for name in names if name[:6] == case[:6]] or names
        near = difflib.get_close_matches(case, names, 1)
        raise pytest.UsageError(
            f"{_prefix(config)}case is {case!r}, expected ORACLE:ID as a disagreement names it"
            + (f"; did you mean {near[0]!r}?" if near else "")
        )
    if dropped:
        config.hook.pytest_deselected(items=dropped)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over the seconds this process spent inside each Keras, and end the oracles."""
    if live_run.pool is None:
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["inside"] = live_run.pool.inside()
    else:
        session.config.stash[INSIDE].append(live_run.pool.inside())
    live_run.pool.close()
    live_run.pool = None
