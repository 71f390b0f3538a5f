"""Which release a layer from a file is, by the Keras version that the file names."""

from __future__ import annotations

import re
from typing import NamedTuple

from gru_ref.errors import shown
from gru_ref.files.interpretation.found import Found
from gru_ref.files.malformed import MalformedFileError
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.comparison import same
from gru_ref.keras.ledger import resolve
from gru_ref.keras.ledger.releases import release_of
from gru_ref.keras.serialization import gru_config

# The oldest release of the ledger; Keras 1 and standalone Keras 2 up to 2.3 compute as its generic
# path does, hard_sigmoid included.
_OLDEST = "2.2.4-tf"
# The last Keras 1 is 1.2.2: a "1.9" is no release.
_BEFORE_THE_LEDGER = re.compile(r"(0(\.\d+)*|1(\.[0-2](\.\d+)*)?|2\.[0-3](\.\d+)*)([-.]?[a-z]\w*)*")
_OF_TENSORFLOW_2 = ("2.2.4-tf", "2.3.0-tf")
# TensorFlow 2.3 and 2.4 write the same version.
_ALSO_WRITTEN_BY = {"2.4.0": "tf-2.3"}


class LayerRelease(NamedTuple):
    """The release that a layer from a file is of.

    Parameters
    ----------
    name : str
        As `gru_ref.GRU` takes it.
    version : str or None
        The version that the file names, or that the caller supplied for one that names none.
    told : "read", "supplied", "inferred" or "assumed"
        Who says so.
    source : str
        What it is inferred from.
    notes : tuple of str
        What is to be noted about it.
    """

    name: str
    version: str | None
    told: str
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_before_the_ledger(self) -> bool:
        """Whether it is Keras 1, or a Keras 2 whose GRU had other defaults."""
        return is_before_the_ledger(self.version)

    @property
    def has_hard_gates(self) -> bool:
        """Whether the GRU of a release before the ledger has hard_sigmoid gates by default."""
        return self.is_before_the_ledger and not str(self.version).startswith("2.3")


def layer_release(found: Found, supplied: str | None, file: object) -> LayerRelease:
    """Return the release that the layer of `found` is.

    Parameters
    ----------
    found : Found
    supplied : str or None
        `keras_version` as the caller of `load_layers` gave it.
    file : object
        For messages.

    Raises
    ------
    MalformedFileError
        The file names something that is no version, and none is supplied.
    ValueError
        `supplied` is no version, or contradicts the file.
    """
    recorded = found.keras_version
    if recorded is None:
        if supplied is None:
            return _told_by_contents(found)
        _check_functions(found, supplied, file)
        return _supplied(supplied)
    if supplied is None:
        release = _of_the_ledger(recorded, "read")
        try:
            release_of(release.name)
        except ValueError as error:
            raise MalformedFileError(file, found.path, str(error)) from None
        return release
    wanted = _supplied(supplied)
    try:
        written = _of_the_ledger(recorded, "read")
        same = release_of(wanted.name) == release_of(written.name)
    except ValueError:  # what the file names is no version
        return wanted
    if wanted.is_before_the_ledger != written.is_before_the_ledger:
        same = False
    if same or supplied == _ALSO_WRITTEN_BY.get(recorded):
        return wanted._replace(version=recorded, told="read", notes=written.notes)
    raise ValueError(
        f"keras_version is {shown(supplied)}, expected {shown(recorded)} or nothing: {file} names "
        "the Keras that wrote it"
    )


def _of_the_ledger(version: str, told: str, source: str = "") -> LayerRelease:
    """Return the release of a version, the ledger's oldest for one that is older."""
    if not is_before_the_ledger(version):
        return LayerRelease(version, version, told, source)
    note = f"Keras {version} is older than gru_ref's ledger: taken as {_OLDEST}"
    return LayerRelease(_OLDEST, version, told, source, (note,))


def _supplied(version: str) -> LayerRelease:
    release = _of_the_ledger(version, "supplied")
    release_of(release.name)  # raises for what is no version
    return release


def _check_functions(found: Found, supplied: str, file: object) -> None:
    """Refuse a generation that has another function under a name that a graph computes."""
    inferred = found.inferred.get("keras_version")
    if inferred is None:
        return
    releases = (_of_the_ledger(inferred.value, "inferred"), _supplied(supplied))
    here, there = (tables.names(resolve(release.name)) for release in releases)
    for argument in ("activation", "recurrent_activation"):
        name = found.already_known.get(argument, "")
        if name in here and name in there and not same(here[name], there[name], "float64"):
            raise ValueError(
                f"keras_version is {shown(supplied)}, expected a Keras {inferred.value} or "
                f"nothing: {file} shows it by {inferred.source}"
            )


def _told_by_contents(found: Found) -> LayerRelease:
    """Return the release that something in the file shows, else that of `GRU` itself."""
    if (inferred := found.inferred.get("keras_version")) is not None:
        return _of_the_ledger(inferred.value, "inferred", inferred.source)
    try:
        generation = gru_config.generation_of(found.config or {})
    except ValueError:
        return LayerRelease("2", None, "assumed")
    if found.config and gru_config.shows_generation(found.config):
        return LayerRelease(generation, None, "read")
    return LayerRelease(generation, None, "assumed")


def is_before_the_ledger(recorded: str | None) -> bool:
    """Return whether a file names Keras 1, a standalone Keras 2 before 2.4, or one of TensorFlow 1.

    Examples
    --------
    >>> [is_before_the_ledger(v) for v in ("1.2.2", "2.3.1", "2.1.6-tf", "2.2.4-tf", "2.15.0")]
    [True, True, True, False, False]
    """
    if recorded is None or recorded in _OF_TENSORFLOW_2:
        return False
    return _BEFORE_THE_LEDGER.fullmatch(recorded) is not None


def ledger_release(recorded: str | None) -> str:
    """Return the release of the ledger that computes as the Keras that a file names does.

    Examples
    --------
    >>> ledger_release("1.2.2"), ledger_release("2.15.0"), ledger_release(None)
    ('2.2.4-tf', '2.15.0', '2')
    """
    if recorded is None:
        return "2"
    return _OLDEST if is_before_the_ledger(recorded) else recorded
