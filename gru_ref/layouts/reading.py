"""What reading a layout returns, and the checks of the arrays and attributes that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.core.weights import GRUWeights
from gru_ref.errors import shown
from gru_ref.keras.activations import tables
from gru_ref.keras.activations.tables import Function, sigmoid, tanh
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers.gru import GRU
from gru_ref.layouts.blocks import KERAS, join_gates, restore
from gru_ref.layouts.conversion_input import keras_name

Array = NDArray[Any]


class Read(NamedTuple):
    """What a layout says: the weights, and the arguments of GRU that follow from it.

    The arguments hold units, reset_after, use_bias, go_backwards, activation,
    recurrent_activation and dtype, and keras_version where an activation needs it. How the layer
    is called (return_sequences, return_state, stateful …) is not part of any layout.
    """

    weights: GRUWeights
    arguments: dict[str, Any]

    @classmethod
    def from_weights(
        cls,
        weights: GRUWeights,
        *,
        reset_after: bool,
        go_backwards: bool = False,
        candidate: Function = tanh,
        gates: Function = sigmoid,
    ) -> Read:
        """Return weights with the arguments that follow from what a layout says.

        Raises
        ------
        ValueError
            No one Keras has both functions.
        """
        arguments = {
            "units": weights.units,
            **activation_arguments(candidate, gates),
            "use_bias": weights.bias is not None,
            "reset_after": reset_after,
            "go_backwards": go_backwards,
            "dtype": weights.kernel.dtype.name,
        }
        return cls(weights, arguments)

    def config(self, **more: Any) -> GRUConfig:
        """Return the config that the arguments, and `more` of them, make."""
        return GRUConfig(**{**self.arguments, **more})

    def layer(self, **more: Any) -> GRU:
        """Return a built GRU that holds the weights; `more` are further arguments of GRU."""
        layer = GRU(**{**self.arguments, **more})
        layer.take_weights(self.weights)
        return layer


def activation_arguments(candidate: Function, gates: Function) -> dict[str, Any]:
    """Return the arguments that name two functions, and keras_version if only one has them.

    Raises
    ------
    ValueError
        No one Keras has both.

    Examples
    --------
    >>> activation_arguments(tanh, sigmoid)
    {'activation': 'tanh', 'recurrent_activation': 'sigmoid'}
    >>> activation_arguments(tanh, tables.KERAS_3["hard_sigmoid"])["keras_version"]
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


def check_mapping(mapping: Any) -> None:
    """Check that a layout is a mapping whose keys are names.

    Raises
    ------
    TypeError
    """
    if not isinstance(mapping, Mapping) or not all(isinstance(name, str) for name in mapping):
        raise TypeError(f"layout is {shown(mapping)}, expected a mapping of names to arrays")


def check_keys(
    mapping: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    """Check that a mapping holds the names of a layout and no others.

    Raises
    ------
    TypeError
        It is no mapping of names.
    ValueError
        A name is missing or unknown.
    """
    check_mapping(mapping)
    expected = ", ".join(required) + "".join(f"[, {name}]" for name in optional)
    found = set(mapping)
    if not set(required) <= found or not found <= {*required, *optional}:
        raise ValueError(f"layout has the keys {shown(sorted(found))}, expected {expected}")


def floating(mapping: Mapping[str, Any], name: str, *axes: int | None) -> Array:
    """Return a copy of one array of a mapping, checked to be floating and of the sizes `axes`.

    Raises
    ------
    TypeError
        The dtype is not floating.
    ValueError
        The shape differs; None stands for any size.
    """
    array = np.asarray(mapping[name]).copy()
    if dtype_kind(array.dtype) != "f":
        raise TypeError(f"{name} has dtype {array.dtype}, expected a floating dtype")
    fits = array.ndim == len(axes) and all(
        size is None or size == actual for size, actual in zip(axes, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in axes)
        raise ValueError(f"{name} has shape {array.shape}, expected ({wanted})")
    return array


def read_kernels(
    mapping: Mapping[str, Any],
    names: tuple[str, str] = ("kernel", "recurrent_kernel"),
    *,
    order: str = KERAS,
    transposed: bool = False,
    leading: bool = False,
) -> tuple[Array, Array]:
    """Return kernel and recurrent kernel of a mapping, in Keras's layout.

    Parameters
    ----------
    mapping : mapping
    names : (str, str)
        What the runtime calls them.
    order : str
        The order in which its gates lie.
    transposed : bool
        Whether its arrays are (3 * units, features) and (3 * units, units).
    leading : bool
        Whether they have an axis of size 1 in front, for the direction.

    Raises
    ------
    TypeError, ValueError
        As `floating`.
    """
    front = (1,) if leading else ()
    units = floating(mapping, names[1], *front, None, None).shape[-1 if transposed else -2]

    def read(name: str, rows: int | None) -> Array:
        axes = (3 * units, rows) if transposed else (rows, 3 * units)
        array = floating(mapping, name, *front, *axes)
        array = array[0] if leading else array
        return np.ascontiguousarray(restore(array.T if transposed else array, order))

    recurrent_kernel = read(names[1], units)
    return read(names[0], None), recurrent_kernel


def read_bias_rows(
    mapping: Mapping[str, Any],
    names: tuple[str, str],
    kernel: Array,
    order: str = KERAS,
    *,
    leading: bool = False,
) -> Array | None:
    """Return the rows of the bias, (2, 3 * units), that lie under two names.

    Parameters
    ----------
    mapping : mapping
    names : (str, str)
        What the runtime calls the input and the recurrent bias.
    kernel : (features, 3 * units)
    order : str
        The order in which the runtime's gates lie.
    leading : bool
        Whether they have an axis of size 1 in front, for the direction.

    Returns
    -------
    array or None
        Zeros for a row that is absent; None if both are.

    Raises
    ------
    TypeError, ValueError
        As `floating`.
    """
    columns = kernel.shape[1]
    axes = (1, columns) if leading else (columns,)
    rows = {n: floating(mapping, n, *axes).reshape(-1) for n in names if n in mapping}
    zeros = np.zeros(columns, kernel.dtype)
    return restore(np.stack([rows.get(n, zeros) for n in names]), order) if rows else None


def read_gates(
    mapping: Mapping[str, Any],
    names: Iterable[str],
    *axes: int | None,
    transposed: bool = False,
) -> Array:
    """Return the array whose gates lie under names of their own, named in Keras's order.

    Parameters
    ----------
    mapping : mapping
    names : iterable of str
    *axes : int or None
        The sizes of each, as `floating` takes them.
    transposed : bool
        Whether each is the transposed block of Keras.

    Raises
    ------
    TypeError, ValueError
        As `floating`.
    """
    blocks = [floating(mapping, name, *axes) for name in names]
    return join_gates(block.T if transposed else block for block in blocks)


def attribute(mapping: Mapping[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    """Return an attribute; a file of arrays may hold it as an array of one element.

    Raises
    ------
    ValueError
        It is not among `choices`.
    """
    value = _scalar(mapping, name)
    if isinstance(value, np.ndarray) or value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} is {shown(value)}, expected {expected}")
    return value


def flag(mapping: Mapping[str, Any], name: str) -> bool:
    """Return an attribute that is True or False.

    Raises
    ------
    ValueError
        It is neither.
    """
    return bool(attribute(mapping, name, (False, True)))


def size(mapping: Mapping[str, Any], name: str) -> int:
    """Return an attribute that is a size; a file of arrays may hold it as an array.

    Raises
    ------
    ValueError
        It is no integer from 1 on.
    """
    value = _scalar(mapping, name)
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {shown(value)}, expected a size")
    return int(value)


def named_functions(
    mapping: Mapping[str, Any], words: Mapping[Function, str], gates: str, candidate: str
) -> dict[str, Function]:
    """Return the functions that two attributes name, as keywords of `Read.from_weights`.

    Parameters
    ----------
    mapping : mapping
    words : mapping
        Function → the runtime's word for it.
    gates, candidate : str
        What the runtime calls the two attributes.

    Raises
    ------
    ValueError
        One is unknown; the message names the attribute.
    """
    functions = {word: function for function, word in words.items()}
    return {
        place: functions[attribute(mapping, name, tuple(functions))]
        for place, name in (("gates", gates), ("candidate", candidate))
    }


def listed_functions(
    mapping: Mapping[str, Any], words: Mapping[Function, str]
) -> dict[str, Function]:
    """Return the functions that the list "activations" names, as keywords of `Read.from_weights`.

    Parameters
    ----------
    mapping : mapping
    words : mapping
        Function → the runtime's word for it.

    Raises
    ------
    ValueError
        There are not two names, or one is unknown.
    """
    names = [str(name) for name in mapping["activations"]]
    if len(names) != 2:
        raise ValueError(f"activations is {shown(names)}, expected [gates, candidate]")
    named = {f"activations[{place}]": name for place, name in enumerate(names)}
    return named_functions(named, words, *named)


def _scalar(mapping: Mapping[str, Any], name: str) -> Any:
    value = mapping[name]
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
