"""Which release a layer from a file is, by the Keras version that the file names."""

from __future__ import annotations

import re

from gru_ref.errors import shown
from gru_ref.files.interpretation.found import Found
from gru_ref.files.malformed import MalformedFileError
from gru_ref.keras.ledger.releases import release_of
from gru_ref.keras.serialization import gru_config

# The oldest release of the ledger; Keras 1 and standalone Keras 2 up to 2.3 compute as its generic
# path does, hard_sigmoid included.
_OLDEST = "2.2.4-tf"
_BEFORE_THE_LEDGER = re.compile(r"(0|1|2\.[0-3])(\.\d+)*([-.]?[a-z]\w*)*")
_OF_TENSORFLOW_2 = ("2.2.4-tf", "2.3.0-tf")
# TensorFlow 2.3 and 2.4 write the same version.
_ALSO_WRITTEN_BY = {"2.4.0": "tf-2.3"}


def layer_release(found: Found, supplied: str | None, file: object) -> tuple[str, tuple[str, ...]]:
    """Return the release that the layer of `found` is, and what is to be noted about it.

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
        `supplied` contradicts the file.
    """
    recorded = found.keras_version
    wanted = None if supplied is None else release_of(supplied)
    if recorded is None:
        return supplied or _config_generation(found), ()
    release = recorded
    notes: tuple[str, ...] = ()
    if is_before_the_ledger(recorded):
        release = _OLDEST
        notes = (f"Keras {recorded} is older than gru_ref's ledger: taken as {_OLDEST}",)
    try:
        written = release_of(release)
    except ValueError as error:
        if supplied is not None:
            return supplied, ()
        raise MalformedFileError(file, found.path, str(error)) from None
    if supplied is None:
        return release, notes
    if wanted == written or supplied == _ALSO_WRITTEN_BY.get(recorded):
        return supplied, ()
    raise ValueError(
        f"keras_version is {shown(supplied)}, expected {shown(recorded)} or nothing: {file} names "
        "the Keras that wrote it"
    )


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


def _config_generation(found: Found) -> str:
    """Return the generation that the keys of the config show, else that of `GRU` itself."""
    try:
        return gru_config.generation_of(found.config or {})
    except ValueError:
        return "2"
