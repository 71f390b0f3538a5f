"""The activations that are tried: every one of Keras that works element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gru_ref.errors import shown
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.tables import KERAS_2, KERAS_3, Function
from gru_ref.layouts.conversion_input import keras_name

# Softmax and its kin mix the units, so no output could be judged on its own.
_MIXING = ("softmax", "log_softmax", "Softmax", "sparsemax")
_TANH, _SIGMOID = tables.tanh, tables.sigmoid
_HARD_2, _HARD_3 = KERAS_2["hard_sigmoid"], KERAS_3["hard_sigmoid"]

# What nearly every GRU has; then what is met; then what Keras can be given.
COMMON_GATES: tuple[Function, ...] = (_SIGMOID, _HARD_2, _HARD_3)
COMMON_CANDIDATES: tuple[Function, ...] = (_TANH,)
USUAL: tuple[Function, ...] = (
    _TANH,
    _SIGMOID,
    _HARD_2,
    _HARD_3,
    *(KERAS_2[name] for name in ("linear", "relu", "softsign", "elu")),
    KERAS_3["hard_tanh"],
)
ALL: tuple[Function, ...] = tuple(
    dict.fromkeys(
        [
            *USUAL,
            *(
                function
                for table in (KERAS_2, KERAS_3)
                for name, function in table.items()
                if name not in _MIXING
            ),
        ]
    )
)
# Where negating what enters the gate gives 1 − gate.
SYMMETRIC: frozenset[Function] = frozenset(COMMON_GATES)


def name_of(function: Function) -> str:
    """Return what Keras calls a function; hard_sigmoid with its generation.

    Examples
    --------
    >>> name_of(_TANH), name_of(_HARD_3)
    ('tanh', 'hard_sigmoid of Keras 3')
    """
    return keras_name(function).replace("'", "")


def asked(given: Any, argument: str) -> tuple[Function, ...] | None:
    """Return the functions that the user's names stand for; None if nothing is known.

    A name that two generations read differently, hard_sigmoid, stands for both.

    Raises
    ------
    ValueError
        No Keras has a function of that name that works element by element.

    Examples
    --------
    >>> [name_of(function) for function in asked("hard_sigmoid", "activation")]
    ['hard_sigmoid of Keras 2', 'hard_sigmoid of Keras 3']
    """
    if given is None:
        return None
    names: Sequence[Any] = [given] if isinstance(given, str) else list(given)
    found: list[Function] = []
    for name in names:
        functions = [
            table[name] for table in (KERAS_2, KERAS_3) if name in table and name not in _MIXING
        ]
        if not functions:
            raise ValueError(
                f"{argument} is {shown(name)}, expected an activation of Keras that works element "
                "by element"
            )
        found += functions
    return tuple(dict.fromkeys(found))
