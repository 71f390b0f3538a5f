"""The table of attacks: `ATTACKS`, and in `REASONS` what the refusal of each names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Attack = Callable[[Path], Path]
ATTACKS: dict[str, Attack] = {}
REASONS: dict[str, str] = {}


def attack(reason: str | None) -> Callable[[Attack], Attack]:
    """Register the function below under its own name."""

    def register(function: Attack) -> Attack:
        name = function.__name__
        ATTACKS[name] = function
        if reason is not None:
            REASONS[name] = reason
        return function

    return register
