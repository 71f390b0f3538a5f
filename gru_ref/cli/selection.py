"""Which GRU of a file a command is about, and what the file does not say about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gru_ref.cli.text import listed
from gru_ref.files import Limits, load_layers
from gru_ref.keras.layers.gru import GRU

# What is said of a file, though it is no argument of GRU → how it is said.
_SAID_OTHERWISE = {"keras_version": "--keras-version", "limits": "--limit", "path": "FILE"}
_WORDS = {"true": True, "false": False, "none": None}


@dataclass(frozen=True)
class Source:
    """A file, and how it is to be read.

    Parameters
    ----------
    file : Path
    settings : tuple of str
        NAME=VALUE, arguments of GRU that the file does not say.
    keras_version : str or None
    limits : tuple of str
        NAME=VALUE, fields of `gru_ref.files.Limits`.
    """

    file: Path
    settings: tuple[str, ...]
    keras_version: str | None
    limits: tuple[str, ...]

    @property
    def bounds(self) -> Limits:
        """What reading the file may take.

        Raises
        ------
        ValueError
            A NAME=VALUE is none, or names no limit.
        """
        return _limits(self.limits)

    def layers(self) -> dict[str, GRU]:
        """Return the GRUs of the file by their paths.

        Raises
        ------
        ValueError
            There is no GRU in the file, or a NAME=VALUE is none.
        OSError, ImportError, TypeError
            As `gru_ref.load_layers` raises.
        """
        layers = load_layers(
            self.file,
            limits=self.bounds,
            keras_version=self.keras_version,
            **_settings(self.settings),
        )
        if not layers:
            raise ValueError(f"{self.file} holds no GRU, expected one at least")
        return layers


def chosen(layers: Mapping[str, GRU], path: str | None) -> GRU:
    """Return the GRU at `path`; without a path the only one.

    Raises
    ------
    ValueError
        There is none, or there are several.
    """
    if path is None and len(layers) == 1:
        return next(iter(layers.values()))
    if path is None:
        raise ValueError(f"--layer is missing, expected one of {listed(list(layers))}")
    if path not in layers:
        raise ValueError(f"--layer is {path!r}, expected one of {listed(list(layers))}")
    return layers[path]


def _settings(given: Iterable[str]) -> dict[str, Any]:
    pairs = _pairs(given, "--set")
    for name, own in _SAID_OTHERWISE.items():
        if name in pairs:
            raise ValueError(f"--set names {name!r}, expected {own}")
    return pairs


def _limits(given: Iterable[str]) -> Limits:
    known = [field.name for field in fields(Limits)]
    values = _pairs(given, "--limit")
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"--limit names {name!r}, expected one of {listed(known)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"--limit {name} is {value!r}, expected a number")
    return Limits(**values)


def _pairs(given: Iterable[str], option: str) -> dict[str, Any]:
    """Return NAME=VALUE texts as arguments: numbers, true, false, none, or text."""
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"{option} is {text!r}, expected NAME=VALUE")
        pairs[name] = _value(value)
    return pairs


def _value(text: str) -> Any:
    """Return the value that a text means.

    Examples
    --------
    >>> [_value(text) for text in ("relu", "0.5", "True", "none", '{"a": [1]}')]
    ['relu', 0.5, True, None, {'a': [1]}]
    """
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
