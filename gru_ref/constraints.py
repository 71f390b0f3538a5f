"""Constraints: the names each generation knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gru_ref.names import Named, named, spellings
from gru_ref.versions import Behaviour

_BOTH = spellings(
    {
        "MaxNorm": ("max_norm",),
        "MinMaxNorm": ("min_max_norm",),
        "NonNeg": ("non_neg",),
        "UnitNorm": ("unit_norm",),
    }
)
KERAS_2: Mapping[str, str] = {
    **_BOTH,
    "maxnorm": "MaxNorm",
    "nonneg": "NonNeg",
    "unitnorm": "UnitNorm",
    **spellings({"RadialConstraint": ("radial_constraint",)}),
}
KERAS_3: Mapping[str, str] = _BOTH


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Named | None:
    """Validate the constraint given as `argument`: None, a name, a dict or a callable.

    Raises
    ------
    ValueError
        The release does not know it.

    Source
    ------
    tf_keras/src/constraints.py, get (2.21); keras/src/constraints/__init__.py, get (3.15.1).
    """
    names = KERAS_2 if behaviour.generation == 2 else KERAS_3
    return named(value, names, argument, "constraint", behaviour.release)
