"""The pytest plugin `gru_parity`: the matrix, and a check of one layer, in anybody's test run.

pytest imports this module in every run of an environment that has gru-ref: it imports nothing but
pytest itself, adds options and a fixture, and does nothing unless one of them is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parity_tests.runner import options

if TYPE_CHECKING:
    from parity_tests.judging.layer_check import Check

LIVE = Path(__file__).resolve().parents[1] / "tests" / "live"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, under names that no other plugin has."""
    parser.getgroup(options.GROUP).addoption(
        "--gru-parity",
        action="store_true",
        help="compare the Keras of --keras-python with gru_ref, beside the project's own tests",
    )
    options.add(parser, "--gru-parity-")


def pytest_configure(config: pytest.Config) -> None:
    """Add the matrix to what is collected, if it is asked for."""
    for option in ("--keras-python", "--keras-from"):
        if option in config.invocation_params.args and not hasattr(config, "workerinput"):
            # Before it knows an option, pytest looks for its own settings beside what follows it.
            raise pytest.UsageError(f"{option} is followed by a space, expected {option}=PATH")
    if config.getoption("gru_parity") and str(LIVE) not in config.args:
        config.args.append(str(LIVE))
    if str(LIVE) not in config.args and "parity_tests.tests.live" not in config.args:
        return
    try:
        from parity_tests.runner import hooks
    except ModuleNotFoundError as error:
        raise pytest.UsageError(
            f"--gru-parity needs {error.name}: pip install 'gru-ref[parity]'"
        ) from None
    hooks.pytest_configure(config)


@pytest.fixture
def gru_parity_check() -> Check:
    """Return the function that compares a live Keras GRU layer with gru_ref.

    ``gru_parity_check(layer, x)`` fails with what differs and what explains it; further arguments:
    initial_state, mask.
    """
    from parity_tests.judging.layer_check import check

    return check
