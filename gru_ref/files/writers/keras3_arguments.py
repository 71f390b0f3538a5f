"""One GRU of any release as a GRU of Keras 3: its config, its arrays, and what changes its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import NotRepresentableError, shown
from gru_ref.keras.activations import comparison, tables
from gru_ref.keras.activations.layers import ActivationLayer
from gru_ref.keras.config import KINDS, GRUConfig
from gru_ref.keras.layers.gru import GRU
from gru_ref.keras.ledger import Behaviour, resolve

Array = NDArray[Any]

_RUNTIME = "Keras 3"
# hard_sigmoid of Keras 2 at x is that of Keras 3 at 1.2 x.
_SCALE = 1.2
_UNSCALED = [1.0, 1.0, 1.0]  # of z, r, h
_HARD_SIGMOID = tables.KERAS_2["hard_sigmoid"]
_LEAKY_RELU = ActivationLayer("LeakyReLU", {"alpha": 0.3}, None, True, "float32", casts=False)
_KERAS_LAYER = {"module": "keras.layers", "registered_name": None}
# The name until Keras 3.3, which later releases know as well.
_EARLIER = {"Orthogonal": "OrthogonalInitializer"}
_PLAIN = (
    "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
    "zero_output_for_mask", "units", "use_bias", "dropout", "recurrent_dropout", "reset_after",
    "seed",
)  # fmt: skip


class Keras3GRU(NamedTuple):
    """A GRU as Keras 3 has it.

    Parameters
    ----------
    config : dict
        Keys of Keras 3's own get_config.
    weights : list of arrays
        In the order of get_weights().
    notes : tuple of str
        What is kept in another form, a sentence each.
    multiplied : bool
        Whether the weights are not those of the layer, but multiplied for hard_sigmoid.
    """

    config: dict[str, Any]
    weights: list[Array]
    notes: tuple[str, ...]
    multiplied: bool


def keras3_gru(layer: GRU, name: str, path: str) -> Keras3GRU:
    """Return what a file of Keras 3 says of one GRU.

    Parameters
    ----------
    layer : GRU
        Built.
    name : str
        The name of the layer in Keras 3.
    path : str
        For the messages.

    Raises
    ------
    NotRepresentableError
        Keras 3 has no such argument, or nothing that computes the same.
    """
    config = layer.config
    notes = [] if layer.provenance is None else list(layer.provenance.notes)
    if config.time_major:
        raise NotRepresentableError(
            _RUNTIME,
            f"time_major of {path}",
            "True",
            "False",
            "the order of the axes; the arrays are the same: swap the two leading axes of x",
        )
    arguments: dict[str, Any] = {"name": name, "trainable": layer.trainable, "dtype": config.dtype}
    arguments.update((argument, getattr(config, argument)) for argument in _PLAIN)
    if config.zero_output_for_mask and config.path == "fused":
        ignored = config.behaviour.fused_ignores_zero_output_for_mask
        if ignored:
            notes.append(
                f"zero_output_for_mask is left out: Keras {config.keras_version} ignores it"
            )
        arguments["zero_output_for_mask"] = not ignored
    scales = list(_UNSCALED)
    for argument, gates in (("activation", (2,)), ("recurrent_activation", (0, 1))):
        arguments[argument], scale = _activation(config, argument, path, notes)
        for gate in gates:
            scales[gate] = scale
        if isinstance(arguments[argument], dict):
            notes.append(f"{argument} is a layer, which Keras 3.10 and later take there")
    weights = [_scale(array, scales) for array in layer.get_weights()]
    for kind in KINDS:
        for argument in (a for a in vars(config) if a.endswith(f"_{kind}")):
            arguments[argument] = _object(config, argument, kind, path)
    multiplied = scales != _UNSCALED
    if multiplied:
        notes += _notes_on_scaling(scales, arguments)
    if config.dropout or config.recurrent_dropout:
        notes.append("in training, dropout draws other masks than in the Keras that wrote the file")
    return Keras3GRU(arguments, weights, tuple(notes), multiplied)


def _activation(config: GRUConfig, argument: str, path: str, notes: list[str]) -> tuple[Any, float]:
    """Return Keras 3's name of an activation, and what its argument is to be multiplied by."""
    value, dtype = getattr(config, argument), config.compute_dtype.name
    found = keras3_activation(value, getattr(config, f"{argument}_function"), dtype)
    if found is None:
        raise NotRepresentableError(
            _RUNTIME,
            f"{argument} of {path}",
            shown(value),
            "an activation that Keras 3 has too",
            "the function: every state would differ",
        )
    if found.distance:
        notes.append(f"{argument} {found}")
    return found.value, found.scale


class Keras3Activation(NamedTuple):
    """An activation as Keras 3 has it.

    Parameters
    ----------
    value : str or dict
    scale : float
        What its argument is to be multiplied by.
    distance : float
        How far apart both are where they round otherwise.
    dtype : str
    """

    value: Any
    scale: float = 1.0
    distance: float = 0.0
    dtype: str = "float32"

    def __str__(self) -> str:
        return (
            f"{self.value!r} rounds otherwise in Keras 3: up to {self.distance:.1g} apart in "
            f"{self.dtype}"
        )


def keras3_activation(
    value: Any, function: Callable[..., Any], dtype: str
) -> Keras3Activation | None:
    """Return what Keras 3 calls an activation, or None if it has nothing that computes the same.

    Parameters
    ----------
    value : str or anything
        What the release that wrote it calls it: kept if Keras 3 means the same.
    function : callable
        What it computes.
    dtype : str
        What it computes in.
    """
    if function is _HARD_SIGMOID:
        return Keras3Activation("hard_sigmoid", _SCALE)
    layer = _LEAKY_RELU if function is tables.KERAS_2["LeakyReLU"] else function
    keras_3 = resolve("3").activation_layers
    if isinstance(layer, ActivationLayer) and layer.class_name in keras_3:
        names = keras_3[layer.class_name]  # Keras 2 may name them otherwise
        parameters = dict(zip(names, layer.parameters.values(), strict=True))
        return Keras3Activation(
            {**_KERAS_LAYER, "class_name": layer.class_name, "config": parameters}
        )
    name, distance = _nearest(function, value, dtype)
    return None if name is None else Keras3Activation(name, 1.0, distance, dtype)


def _nearest(function: Callable[..., Any], value: Any, dtype: str) -> tuple[str | None, float]:
    """Return the name of what computes the same in Keras 3, and by how much it differs."""
    table = tables.KERAS_3
    distances = {name: 0.0 for name, one in table.items() if one is function}
    if not distances:
        # gelu rounds a constant to float32 in float64 layers too; which one changed.
        most = max(comparison.tolerance(dtype), comparison.tolerance("float32"))
        distances = {
            name: distance
            for name, one in table.items()
            if (distance := comparison.difference(function, one, dtype)) <= most
        }
    if not distances:
        return None, 0.0
    return min(distances.items(), key=lambda item: (item[0] != value, item[1]))


def _scale(array: Array, scales: list[float]) -> Array:
    """Return the array with the columns of z, r and h multiplied, each product rounded once."""
    if scales == _UNSCALED:
        return array
    columns = np.repeat(np.array(scales), array.shape[-1] // 3)
    product: Array = (array * columns).astype(array.dtype)  # multiplied in float64
    return product


def _notes_on_scaling(scales: list[float], arguments: dict[str, Any]) -> list[str]:
    """Return the sentences on what was multiplied, and on what acts on it in training."""
    letters = " and ".join(
        letter for letter, scale in zip("zrh", scales, strict=True) if scale != 1
    )
    notes = [
        "hard_sigmoid of Keras 2, clip(0.2 x + 0.5, 0, 1), is hard_sigmoid of Keras 3 at "
        f"{_SCALE} x: the columns of {letters} are multiplied by {_SCALE} in every array"
    ]
    acting = [
        f"{weight}_{kind}"
        for weight in ("kernel", "recurrent", "bias")
        for kind in ("regularizer", "constraint")
        if arguments[f"{weight}_{kind}"] is not None
    ]
    if acting:
        act = "acts" if len(acting) == 1 else "act"
        notes.append(f"in training, {' and '.join(acting)} {act} on the multiplied arrays")
    return notes


def _object(config: GRUConfig, argument: str, kind: str, path: str) -> Any:
    """Return an initializer, regularizer or constraint as Keras 3 serializes it."""
    value = getattr(config, argument)
    try:
        return keras3_object(value, argument, kind, config.behaviour)
    except LookupError:
        raise NotRepresentableError(
            _RUNTIME,
            f"{argument} of {path}",
            shown(value),
            f"a {kind} that Keras 3 has too",
            "what it does in training",
        ) from None


def keras3_object(value: Any, argument: str, kind: str, behaviour: Behaviour) -> Any:
    """Return an initializer, regularizer or constraint as Keras 3 serializes it, or None.

    Parameters
    ----------
    value
        As the release of `behaviour` writes it.
    argument : str
        For the messages.
    kind : "initializer", "regularizer" or "constraint"
    behaviour : Behaviour

    Raises
    ------
    LookupError
        Keras 3 has no such regularizer or constraint.
    TypeError, ValueError
        The release has no such object.
    """
    found = KINDS[kind].resolve(value, behaviour, argument)
    if found is None:
        return None
    parameters = {k: v for k, v in found.parameters.items() if k != "dtype"}
    serialized = {
        "module": f"keras.{kind}s",
        "class_name": _EARLIER.get(found.class_name or "", found.class_name),
        "config": parameters,
        "registered_name": None,
    }
    try:
        KINDS[kind].resolve(serialized, resolve("3"), argument)
    except (TypeError, ValueError, KeyError):
        if kind == "initializer":  # nothing is drawn: the file holds the arrays
            return "zeros"
        raise LookupError(f"{argument} is {shown(value)}") from None
    return serialized
