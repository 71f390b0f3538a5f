"""Regularizers: the names each generation knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_ref.errors import shown
from gru_ref.names import Named, named, spellings
from gru_ref.versions import Behaviour

_BOTH = spellings(
    {
        "L1": ("l1",),
        "L2": ("l2",),
        "L1L2": (),
        "OrthogonalRegularizer": ("orthogonal_regularizer",),
    }
)
KERAS_2: Mapping[str, str] = {**_BOTH, "l1_l2": "L1L2"}
KERAS_3: Mapping[str, str] = {**_BOTH, "l1l2": "L1L2"}


def resolve(value: Any, behaviour: Behaviour, argument: str) -> Named | None:
    """Validate the regularizer given as `argument`: None, a name, a dict or a callable.

    Raises
    ------
    ValueError
        The release does not know it. (Keras 2.13 and later take any string here and fail when the
        penalty is asked for; gru_ref says so at once.) Or a penalty is not finite, or negative
        where the release refuses that.

    Source
    ------
    tf_keras/src/regularizers.py, get (2.21); keras/src/regularizers/__init__.py, get (3.15.1).
    """
    names = KERAS_2 if behaviour.generation == 2 else KERAS_3
    found = named(value, names, argument, "regularizer", behaviour.release)
    for name in ("l1", "l2", "factor"):
        penalty = found.parameters.get(name) if found else None
        if penalty is None:
            continue
        finite = isinstance(penalty, (int, float)) and np.isfinite(penalty)
        if not finite or (penalty < 0 and not behaviour.negative_penalties):
            raise ValueError(
                f"{argument} is {shown(value)}, expected a finite {name}"
                f"{'' if behaviour.negative_penalties else ', at least 0'}"
            )
    return found
