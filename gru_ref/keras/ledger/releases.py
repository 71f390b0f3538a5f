"""The Keras release that a version string names.

A release is a pair (generation, minor). Keras 2 is numbered as TensorFlow, since that is what
people install: minor 1 … 15 is the `tf.keras` of TensorFlow 2.1 … 2.15, minor 16 … 21 `tf_keras`.
Keras 3 has its own minors.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gru_ref.errors import UnverifiedVersionWarning, shown, warn_user


class Release(NamedTuple):
    """A Keras release, in the order of time within its generation."""

    generation: int
    minor: int

    def __str__(self) -> str:
        return _OLD_NAMES.get(self, f"{self.generation}.{self.minor}")


# `keras.__version__` of TensorFlow 2.0 … 2.4. TensorFlow 2.1 and 2.2 both write "2.3.0-tf" (2.1
# "2.2.4-tf" where its version 2 is switched off), 2.3 and 2.4 both "2.4.0": each is read as the
# later one, so 2.1 and 2.3 have to be asked for as "tf-2.1" and "tf-2.3".
_OLD_NAMES = {
    Release(2, 1): "2.2.4-tf",
    Release(2, 2): "2.3.0-tf",
    Release(2, 3): "tf-2.3",
    Release(2, 4): "2.4.0",
}
NEWEST = {2: Release(2, 21), 3: Release(3, 15)}

_PATTERN = re.compile(
    r"(?P<tf>tf-)?(?P<major>\d+)(\.(?P<minor>\d+))?(?P<rest>(\.\d+)*([-.]?[a-z]\w*)*)"
)


def release_of(keras_version: str) -> Release:
    """Return the release that a version string names.

    Parameters
    ----------
    keras_version : str
        "2" or "3" (the newest of that generation), `keras.__version__` as Keras and model files
        write it ("2.2.4-tf", "2.15.0", "3.7.0"), or "tf-2.3" for the Keras inside TensorFlow 2.3.

    Raises
    ------
    TypeError
        `keras_version` is not a string.
    ValueError
        It is not a version, or older than the ledger.

    Warns
    -----
    UnverifiedVersionWarning
        It is newer than the ledger; the newest row is used.

    Examples
    --------
    >>> release_of("2.2.4-tf"), release_of("tf-2.3"), release_of("3.7.0")
    (Release(generation=2, minor=1), Release(generation=2, minor=3), Release(generation=3, minor=7))
    """
    expected = "expected '2', '3', a keras.__version__ such as '2.15.0' or '3.7.0', or 'tf-2.3'"
    if not isinstance(keras_version, str):
        raise TypeError(f"keras_version is {shown(keras_version)}, {expected}")
    match = _PATTERN.fullmatch(keras_version)
    if match is None or match["major"] not in ("2", "3"):
        raise ValueError(f"keras_version is {shown(keras_version)}, {expected}")
    generation = int(match["major"])
    for release, name in _OLD_NAMES.items():
        if keras_version == name or (match["tf"] and keras_version == f"tf-2.{release.minor}"):
            return release
    if match["minor"] is None:
        if match["tf"]:
            raise ValueError(f"keras_version is {shown(keras_version)}, {expected}")
        return NEWEST[generation]
    if match["tf"] and generation != 2:
        raise ValueError(f"keras_version is {shown(keras_version)}, {expected}")
    release = Release(generation, int(match["minor"]))
    if match["tf"] and release.minor > 15:
        raise ValueError(
            f"keras_version is {shown(keras_version)}, expected a TensorFlow up to 'tf-2.15': "
            "from 2.16 on its Keras is Keras 3, and Keras 2 is tf_keras; write "
            f"'2.{release.minor}' for that"
        )
    if not match["tf"] and release < Release(2, 4):
        # Standalone Keras 2.0–2.3 was another code base, with no fused path and other defaults.
        raise ValueError(
            f"keras_version is {shown(keras_version)}, which the ledger does not reach, expected "
            "'2.2.4-tf' (TensorFlow 2.1) or later; 'tf-2.1' … 'tf-2.4' name the oldest ones"
        )
    if release > NEWEST[generation]:
        warn_user(
            f"keras_version {shown(keras_version)} is unverified: newer than the ledger's newest "
            f"row, {NEWEST[generation]}, which is used",
            UnverifiedVersionWarning,
        )
        return NEWEST[generation]
    return release
