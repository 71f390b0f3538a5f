"""Which GRU of a file a command is about, and what the file does not say about it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gru_ref.cli.progress import progress_bar
from gru_ref.cli.text import quoted_names
from gru_ref.errors import AssumptionWarning
from gru_ref.files import FileLayers, Layer, Limits, read_layers
from gru_ref.files.interpretation.arguments import FLAGS, TAKEN
from gru_ref.files.malformed import MalformedFileError
from gru_ref.files.sniff import detect_format
from gru_ref.keras.layers.gru import GRU

if TYPE_CHECKING:
    from gru_ref.files.probe import BundleProbe

OPTION = "--layer"
# Settings that are no argument of GRU → what gives them.
_OTHER_OPTIONS = {
    "keras_version": "--keras-version",
    "limits": "--limit",
    "path": "FILE",
    "config": "--config",
}
_WORDS = {"true": True, "false": False, "none": None}
_FLAG_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


@dataclass(frozen=True)
class SourceFile:
    """A file, and how it is to be read.

    Parameters
    ----------
    file : Path
    settings : tuple of str
        NAME=VALUE, arguments of GRU that the file does not say.
    keras_version : str or None
    config : Path or None
        The JSON of a model's config, for a file without one.
    strict : bool
        Whether what FILE does not say is an error.
    limits : tuple of str
        NAME=VALUE, fields of `gru_ref.files.Limits`.
    """

    file: Path
    settings: tuple[str, ...] = ()
    keras_version: str | None = None
    config: Path | None = None
    strict: bool = False
    limits: tuple[str, ...] = ()

    @property
    def bounds(self) -> Limits:
        """What reading the file may take.

        Raises
        ------
        ValueError
            A NAME=VALUE is none, or names no limit.
        """
        known = [field.name for field in fields(Limits)]
        values = {name: _value(text) for name, text in _pairs(self.limits, "--limit").items()}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"--limit names {name!r}, expected one of {quoted_names(known)}")
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"--limit {name} is {value!r}, expected a number")
        return Limits(**values)

    def layers(self) -> FileLayers:
        """Return the layers of the file.

        Raises
        ------
        ValueError
            There is no GRU in the file, or a NAME=VALUE is none.
        OSError, ImportError, TypeError
            As `gru_ref.load_layers` raises.
        """
        settings = _pairs(self.settings, "--set")
        for name, option in _OTHER_OPTIONS.items():
            if name in settings:
                raise ValueError(f"--set names {name!r}, expected {option}")
        for name in settings:
            if name not in (taken := {*TAKEN, "merge_mode"}):
                from gru_ref.layouts.names import suggestion  # imports every layout

                raise ValueError(
                    f"--set names {name!r}, expected one of {', '.join(sorted(taken))}"
                    f"{suggestion(name, taken)}"
                )
        with warnings.catch_warnings():  # the command says what its own numbers rest on
            warnings.simplefilter("ignore", AssumptionWarning)
            with progress_bar(f"reading {self.file.name}"):
                layers = read_layers(
                    self.file,
                    limits=self.bounds,
                    keras_version=self.keras_version,
                    config=self.config,
                    **{name: _setting(name, value) for name, value in settings.items()},
                )
        if not layers.grus:
            from gru_ref.files.held import held  # imports readers of every format

            what = held(self.file, limits=self.bounds)
            raise ValueError(f"{self.file} holds no GRU, expected one at least: it holds {what}")
        return layers

    def gru(self, word: str | None) -> GRU:
        """Return the GRU of the file that --layer means; the only one if `word` is None.

        Raises
        ------
        ValueError, OSError, ImportError, TypeError
            As `layers` and `FileLayers.gru`.
        """
        return self.layers().gru(word, OPTION)


def is_bundle(path: Path, limits: Limits) -> bool:
    """Return whether a file is a bundle; False for what cannot be read, which its reader says."""
    try:
        return path.is_file() and detect_format(path, limits) == "bundle"
    except (OSError, MalformedFileError):
        return False


def layer_probe(path: Path, layer: Layer, limits: Limits) -> tuple[str, BundleProbe]:
    """Return the probe in a bundle for a layer, and whose it is.

    It is that of the layer's own path, or the only one.

    Raises
    ------
    ValueError
        There are several, and none is of the path; or the bundle is not what was written.
    OSError
        The bundle cannot be read.
    """
    from gru_ref.files.bundles import load_bundle

    probes = load_bundle(path, limits=limits).probes
    own = None if layer.provenance is None else layer.provenance.path
    if own in probes:
        return str(own), probes[str(own)]
    if len(probes) != 1:
        raise ValueError(
            f"{str(path)!r} has the probes of {quoted_names(list(probes))}, expected one of "
            f"{str(own)!r}, or one in all"
        )
    return next(iter(probes.items()))


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE texts as the value of each name."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"{option} is {text!r}, expected NAME=VALUE")
        given = pairs.setdefault(name, value)
        if given != value:
            raise ValueError(f"{option} {name} is {given!r} and {value!r}, expected one value")
    return pairs


def _setting(name: str, text: str) -> Any:
    """Return the value of an argument of GRU.

    Raises
    ------
    ValueError
        The argument is true or false, and the text is neither.

    Examples
    --------
    >>> _setting("go_backwards", "no"), _setting("dropout", "0")
    (False, 0)
    """
    if name not in FLAGS:
        return _value(text)
    if text.lower() not in _FLAG_WORDS:
        raise ValueError(f"--set {name} is {text!r}, expected true or false")
    return _FLAG_WORDS[text.lower()]


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
