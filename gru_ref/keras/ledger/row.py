"""A row of the ledger: one behaviour, its value in each release, and the source of the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, NamedTuple, TypeVar, overload

from gru_ref.keras.ledger.releases import Release

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# The decorator of a topic, and of `Behaviour`, which inherits them all. None needs the methods that
# dataclass writes, which take most of the time to import the ledger: a topic has no instances, and
# `Behaviour` fills itself from the rows, and is frozen once for all of them.
topic = dataclass(kw_only=True, init=False, repr=False, eq=False)


@dataclass(frozen=True, repr=False, eq=False)
class Changes(Generic[T_co]):
    """The values of a behaviour that changed within a generation: minor → the value from there on."""

    values: Mapping[int, T_co]


class LedgerRow(NamedTuple):
    """One behaviour.

    Parameters
    ----------
    name : str
    keras_2, keras_3 : mapping
        Minor → the value from there on, in order of time.
    source : str
        "Measured" means that the release was run, "read" that only its source code was read.
    quirk : str
        How Keras differs from its documentation; empty where it does not.
    """

    name: str
    keras_2: Mapping[int, Any]
    keras_3: Mapping[int, Any]
    source: str
    quirk: str

    def at(self, release: Release) -> Any:
        """Return the value that holds at `release`."""
        return value_at(self.keras_2 if release.generation == 2 else self.keras_3, release.minor)


def value_at(changes: Mapping[int, T], minor: int) -> T:
    """Return the value of `changes`, which are in order of time, that holds at `minor`."""
    value = next(iter(changes.values()))
    for since, changed in changes.items():
        if minor >= since:
            value = changed
    return value


@overload
def row(*, keras_2: Changes[T], keras_3: Changes[T], source: str, quirk: str = ...) -> T: ...
@overload
def row(
    *, keras_2: T | Changes[T], keras_3: T | Changes[T], source: str, quirk: str = ...
) -> T: ...
def row(*, keras_2: T | Changes[T], keras_3: T | Changes[T], source: str, quirk: str = "") -> T:
    """Declare a field of a topic, with its row of the ledger.

    Parameters
    ----------
    keras_2, keras_3
        The value in every release of the generation, or its `Changes`, in order of time.
    source, quirk : str
        As those of `LedgerRow`.
    """
    declared: T = field(
        metadata={
            "keras_2": keras_2.values if isinstance(keras_2, Changes) else {1: keras_2},
            "keras_3": keras_3.values if isinstance(keras_3, Changes) else {0: keras_3},
            "source": source,
            "quirk": quirk,
        }
    )
    return declared


def rows_of(cls: type[Any]) -> list[LedgerRow]:
    """Return the rows of the class of a topic, in the order of its fields."""
    return [LedgerRow(name=declared.name, **declared.metadata) for declared in fields(cls)]
