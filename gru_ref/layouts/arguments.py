"""The arguments of GRU that follow from a layout, and how an activation is called."""

from __future__ import annotations

from typing import Any

from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.tables import Function, sigmoid, tanh


def names_of(candidate: Function, gates: Function) -> dict[str, Any]:
    """Return the arguments that name two functions, and keras_version if only one has them.

    Raises
    ------
    ValueError
        No one Keras has both.

    Examples
    --------
    >>> names_of(tanh, sigmoid)
    {'activation': 'tanh', 'recurrent_activation': 'sigmoid'}
    >>> names_of(tanh, tables.KERAS_3["hard_sigmoid"])["keras_version"]
    '3'
    """
    by_generation = {"2": tables.KERAS_2, "3": tables.KERAS_3}
    for generation, table in by_generation.items():
        names = {function: name for name, function in reversed(list(table.items()))}
        if candidate in names and gates in names:
            found = {"activation": names[candidate], "recurrent_activation": names[gates]}
            other = by_generation["3" if generation == "2" else "2"]
            if any(other.get(name) is not table[name] for name in found.values()):
                found["keras_version"] = generation
            return found
    raise ValueError(
        f"activations are {keras_name(candidate)} and {keras_name(gates)}, expected two that "
        "one generation of Keras has"
    )


def arguments(
    weights: GRUWeights,
    *,
    reset_after: bool,
    go_backwards: bool,
    candidate: Function = tanh,
    gates: Function = sigmoid,
) -> dict[str, Any]:
    """Return the arguments of GRU that follow from what a layout says."""
    return {
        "units": weights.units,
        **names_of(candidate, gates),
        "use_bias": weights.bias is not None,
        "reset_after": reset_after,
        "go_backwards": go_backwards,
        "dtype": weights.kernel.dtype.name,
    }


def keras_name(function: Function) -> str:
    """Return a function's name in Keras as an error shows it: hard_sigmoid needs its generation."""
    for generation, table in (("2", tables.KERAS_2), ("3", tables.KERAS_3)):
        for name, known in table.items():
            if known is function:
                only = "" if name != "hard_sigmoid" else f" of Keras {generation}"
                return f"{name!r}{only}"
    return shown(function)
