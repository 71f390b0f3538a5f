"""What one Keras release does: every topic of the ledger in one object."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import NoReturn

from gru_ref.errors import KerasQuirkWarning, warn_user
from gru_ref.keras.ledger.activations import (
    ActivationRows,
    activation_names,
    unusable_activations,
)
from gru_ref.keras.ledger.call import CallRows
from gru_ref.keras.ledger.constructor import ConstructorRows
from gru_ref.keras.ledger.dropout import DropoutRows
from gru_ref.keras.ledger.execution_path import PathRows
from gru_ref.keras.ledger.get_config import GetConfigRows
from gru_ref.keras.ledger.initializers import InitializerRows
from gru_ref.keras.ledger.masking import MaskingRows
from gru_ref.keras.ledger.ragged import RaggedRows
from gru_ref.keras.ledger.regularizers_and_constraints import RegularizerAndConstraintRows
from gru_ref.keras.ledger.releases import Release, release_of
from gru_ref.keras.ledger.row import LedgerRow, rows_of, topic
from gru_ref.keras.ledger.seeds import SeedRows
from gru_ref.keras.ledger.states import StateRows
from gru_ref.keras.ledger.wrappers import WrapperRows


@topic
class Behaviour(
    ConstructorRows,
    InitializerRows,
    RegularizerAndConstraintRows,
    ActivationRows,
    PathRows,
    DropoutRows,
    SeedRows,
    MaskingRows,
    CallRows,
    StateRows,
    WrapperRows,
    RaggedRows,
    GetConfigRows,
):
    """What one Keras release does, a field for each row of the ledger.

    Parameters
    ----------
    release : Release
        Only for messages: the rows say what the release does.
    """

    release: Release

    def __init__(self, release: Release) -> None:
        rows = {name: row.at(release) for name, row in LEDGER.items()}
        self.__dict__.update(rows, release=release)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"Behaviour({values})"

    @property
    def activation_names(self) -> Mapping[str, str]:
        """The names of activations that a GRU can use, each with the name of its function."""
        return activation_names(self.release)

    @property
    def unusable_activations(self) -> Mapping[str, str]:
        """The names of activations that resolve but fail in a GRU, each with its reason."""
        return unusable_activations(self.release)

    def __reduce__(self) -> tuple[object, tuple[Release]]:
        """Copy and pickle the release alone: there is one behaviour of each."""
        return _behaviour, (self.release,)

    def warn(self, row: str, detail: str = "") -> None:
        """Emit one `KerasQuirkWarning` that names the ledger row."""
        text = f"{row}: {LEDGER[row].quirk} (Keras {self.release})"
        warn_user(f"{text}{': ' if detail else ''}{detail}", KerasQuirkWarning)


# Every row by its name, a topic after another.
LEDGER: Mapping[str, LedgerRow] = {
    row.name: row for base in Behaviour.__bases__ for row in rows_of(base)
}


@functools.cache
def _behaviour(release: Release) -> Behaviour:
    """Return the one behaviour of a release."""
    return Behaviour(release)


def resolve(keras_version: str) -> Behaviour:
    """Return the behaviour of the release that `keras_version` names; see `release_of`.

    Examples
    --------
    >>> resolve("2").release, resolve("2").recorded_state_wins
    (Release(generation=2, minor=21), True)
    >>> resolve("3").recorded_state_wins
    False
    """
    return _behaviour(release_of(keras_version))
