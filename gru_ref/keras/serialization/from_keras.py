"""Reads live layers of Keras: their class, release, arguments, weights and states.

Keras itself is not imported: everything comes from the layer's own methods and attributes.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.activations import arguments
from gru_ref.keras.config import KINDS
from gru_ref.keras.identifiers import KERAS_PACKAGES
from gru_ref.keras.ledger import Behaviour, resolve
from gru_ref.keras.serialization.gru_config import ACTIVATIONS
from gru_ref.random_streams import seeds

Array = NDArray[Any]
L = TypeVar("L")

# The classes that can be taken over: of a class of the user's, the first that it derives from.
CLASSES = ("GRU", "GRUCell", "RNN", "StackedRNNCells", "Bidirectional")

# What a class of the user's may override: none of it changes what a call returns.
_OVERRIDABLE = frozenset(
    {
        "build_from_config",
        "compute_output_shape",
        "compute_output_spec",
        "count_params",
        "from_config",
        "get_build_config",
        "get_config",
        "load_own_variables",
        "quantize",
        "save_own_variables",
    }
)
# Of the special methods these alone change it.
_SPECIAL = frozenset({"__call__", "__getattr__", "__getattribute__", "__setattr__"})
# What is looked for on the object itself, where it replaces the method of the class.
_REPLACEABLE = ("call", "inner_loop", "get_initial_state")

# Where a live cell keeps its masks, by the rate: in Keras 3, in Keras 2.
_CELL_MASKS = {
    rate: (f"_{rate}_mask", f"_{rate}_mask_cache") for rate in ("dropout", "recurrent_dropout")
}


def class_of(layer: Any) -> str:
    """Return the one of `CLASSES` that a live layer of Keras belongs to, or ""."""
    for base in type(layer).__mro__:
        if _is_kerass(base):
            return base.__name__ if base.__name__ in CLASSES else ""
    return ""


def check(layer: Any, *expected: str, what: str = "layer") -> None:
    """Check that `layer` is a live layer of one of the expected classes.

    Raises
    ------
    TypeError
        `layer` is something else; the message names the class of gru_ref that takes it, if any.
    """
    found = class_of(layer)
    if found not in expected:
        wanted = f"expected a live {' or '.join(expected)} of Keras"
        other = f": gru_ref.{found}.from_keras takes that" if found and what == "layer" else ""
        raise TypeError(f"{what} is {shown(layer)}, {wanted}{other}")
    check_methods(layer, what)
    cell = getattr(layer, "cell", None)
    if found == "GRU" and cell is not None:
        check(cell, "GRUCell", what=f"the cell of {what}")


def check_methods(layer: Any, what: str = "layer") -> None:
    """Check that what a live layer computes is Keras's own.

    Raises
    ------
    TypeError
        Its class, or the object itself, overrides a method of Keras that computes.
    """
    bases = type(layer).__mro__
    first = next(place for place, base in enumerate(bases) if _is_kerass(base))
    owners = {name: base.__name__ for base in reversed(bases[:first]) for name in vars(base)}
    for name in _REPLACEABLE:
        if name in vars(layer):
            owners[name] = f"{type(layer).__name__} object"
    for name, owner in owners.items():
        special = name.startswith("__") and name.endswith("__")
        theirs = next((vars(base)[name] for base in bases[first:] if name in vars(base)), None)
        method = callable(theirs) or hasattr(theirs, "__get__")
        if method and (name in _SPECIAL if special else name not in _OVERRIDABLE):
            raise TypeError(
                f"{what} is {shown(layer)}, whose {owner} overrides {name}, expected Keras's own "
                f"{name}: gru_ref computes what {bases[first].__name__} of Keras does. Derive the "
                "same class from gru_ref's, or take over the layer without the override"
            )


def read_without_weights(cls: type[L], expected: str, layer: Any, keras_version: str | None) -> L:
    """Return a layer of gru_ref with a live layer's release and arguments, without its weights.

    The parameters and errors are those of `release_of`.
    """
    version = release_of(layer, expected, keras_version)
    arguments = arguments_of(layer, resolve(version))
    # Of a layer that is built nothing is drawn: all of it is taken over.
    with seeds.unseeded() if layer.built else contextlib.nullcontext():
        return cls(**arguments | {"keras_version": version})


def read_part(layer: Any, classes: Mapping[str, Any], what: str, keras_version: str) -> Any:
    """Return the layer of gru_ref for a live layer inside another.

    Parameters
    ----------
    classes : mapping
        The accepted classes of gru_ref, by name.
    what : str
        The name of the inner layer, for the message.

    Raises
    ------
    TypeError
        The layer belongs to none of the classes.
    """
    check(layer, *classes, what=what)
    return classes[class_of(layer)].from_keras(layer, keras_version=keras_version)


def release_of(layer: Any, expected: str, keras_version: str | None) -> str:
    """Return the release of a live layer, or the one that is given in its place.

    Parameters
    ----------
    expected : str
        What the live layer has to be.

    Raises
    ------
    TypeError
        It is something else.
    """
    check(layer, expected)
    return keras_version or version_of(layer)


def version_of(layer: Any) -> str:
    """Return the release of the package that defines a live layer's class, or one of its bases."""
    for base in type(layer).__mro__:
        package = base.__module__.partition(".")[0]
        if package == "tensorflow":
            return f"tf-{'.'.join(sys.modules['tensorflow'].__version__.split('.')[:2])}"
        if package in KERAS_PACKAGES:
            return str(sys.modules[package].__version__)
    raise TypeError(f"layer is {shown(layer)}, expected a live layer of Keras")


def arguments_of(layer: Any, behaviour: Behaviour, *nested: str) -> dict[str, Any]:
    """Return the arguments from which a live layer can be made again.

    Keras's own functions and objects are read from the config; the user's are taken from the layer
    itself, and so are arguments that configs drop.

    Parameters
    ----------
    nested : str
        The keys of the config that hold other layers, which are left out.

    Raises
    ------
    ValueError
        The layer has an argument that gru_ref's layer does not have.
    """
    arguments = {key: value for key, value in layer.get_config().items() if key not in nested}
    arguments.update(_arguments_beside_config(layer, behaviour))
    for name in ACTIVATIONS:
        function = getattr(layer, name, None)
        if callable(function) and not _is_named(function, arguments.get(name), behaviour):
            arguments[name] = _as_numpy(function)
    for kind, module in KINDS.items():
        for name in (name for name in arguments if name.endswith(f"_{kind}")):
            live = getattr(layer, name, None)
            try:
                module.resolve(arguments[name], behaviour, name)
                taken = live is None or _is_kerass(live)
            except (TypeError, ValueError):
                taken = False
            if not taken:
                arguments[name] = live
    return arguments


def _arguments_beside_config(layer: Any, behaviour: Behaviour) -> dict[str, Any]:
    """Return the arguments of a live layer that its config does not tell.

    Raises
    ------
    ValueError
        A cell, a stack or a Bidirectional has an activity_regularizer of its own.
    """
    found: dict[str, Any] = {}
    kind = class_of(layer)
    cell = getattr(layer, "cell", layer)
    if kind == "GRUCell" or (kind == "GRU" and behaviour.implementation_argument):
        found["implementation"] = cell.implementation
    generator = getattr(layer, "_random_generator", None)
    if generator is not None and kind in ("GRU", "GRUCell") and behaviour.rng_type_argument:
        found["rng_type"] = generator._rng_type
        if not layer.built:  # of a layer that is built it is what the next draw takes
            found["seed"] = generator._seed
    if kind == "GRU":
        if getattr(layer, "use_cudnn", None) is not None:
            found["use_cudnn"] = layer.use_cudnn
        if getattr(layer, "_return_runtime", False):
            found["return_runtime"] = True
    if getattr(layer, "autocast", getattr(layer, "_autocast", True)) is False:
        found["autocast"] = False
    if not layer.built and getattr(layer, "_initial_weights", None) is not None:
        found["weights"] = layer._initial_weights
    # Of a Bidirectional of Keras 2 the public one is that of the layer within.
    regularizer = getattr(
        layer, "_activity_regularizer", getattr(layer, "activity_regularizer", None)
    )
    if regularizer is not None and kind == "RNN":
        found["activity_regularizer"] = regularizer
    elif regularizer is not None and kind != "GRU":
        raise ValueError(
            f"activity_regularizer of {shown(layer)} is {shown(regularizer)}, expected None: "
            f"gru_ref.{kind} has none of its own"
        )
    return found


def weights_of(layer: Any) -> list[Array]:
    """Return the weights of a live GRU or GRUCell, in its order; [] before it is built.

    Raises
    ------
    ValueError
        It has more weights than a GRU, such as those of an activation with parameters, or fewer,
        for its build raised half-way.
    """
    weights = [np.asarray(array) for array in layer.get_weights()]
    if len(weights) > 3:
        raise ValueError(
            f"{shown(layer)} has {len(weights)} weights, expected kernel, recurrent_kernel and "
            "bias alone: an activation with weights of its own is not taken over"
        )
    wanted = 3 if layer.use_bias else 2
    if weights and len(weights) != wanted:
        raise ValueError(
            f"{shown(layer)} has {len(weights)} weights, expected {wanted}: its build raised "
            "half-way; build a new layer, and take that over"
        )
    return weights


def initializer_seeds_of(layer: Any, arguments: Iterable[str]) -> dict[str, int]:
    """Return the seeds that initializers of a live layer have, by argument; not those without.

    An initializer of Keras 3 without a seed takes one when it is made, which no config tells.
    """
    cell = getattr(layer, "cell", layer)
    seeds_ = {name: getattr(getattr(cell, name, None), "seed", None) for name in arguments}
    return {name: seed for name, seed in seeds_.items() if isinstance(seed, int)}


def build_config_of(layer: Any) -> dict[str, Any] | None:
    """Return the build config of a live layer; None in releases that have none."""

    def plain(value: Any) -> Any:
        """Return what Keras may have wrapped to keep track of it."""
        if isinstance(value, Mapping):
            return {name: plain(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return (tuple if isinstance(value, tuple) else list)(map(plain, value))
        return value

    asked = getattr(layer, "get_build_config", None)
    return plain(asked()) if asked else None


def states_of(layer: Any) -> list[Array]:
    """Return the recorded states of a live layer, out of their containers; [] if any is None."""
    states = list(_flatten(getattr(layer, "states", None)))
    if any(state is None for state in states):
        return []
    # Not np.array: a variable of Keras 3 takes no argument for a copy, of which NumPy warns.
    return [np.asarray(state).copy() for state in states]


def cell_masks_of(cell: Any, *, by_gate: bool) -> dict[str, Array]:
    """Return the dropout masks that a live cell keeps from its last eager call, by their rates.

    Parameters
    ----------
    by_gate : bool
        Whether there is a mask for every gate, as in `gru_ref.keras.dropout.masks.laws`.
    """
    found = {}
    for rate, (attribute, cache) in _CELL_MASKS.items():
        kept = [getattr(cell, attribute, None), *dict(getattr(cell, cache, None) or {}).values()]
        for masks in kept:
            each = list(_flatten(masks))
            # Those kept for a graph are symbols, and have no numbers.
            if masks is not None and all(hasattr(mask, "numpy") for mask in each):
                arrays = [mask.numpy() for mask in each]
                found[rate] = np.stack(arrays) if by_gate else arrays[0]
    return found


def _is_kerass(thing: Any) -> bool:
    """Return whether a class, a function or the class of an object is of Keras or TensorFlow."""
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return str(module).partition(".")[0] in KERAS_PACKAGES


def _flatten(nested: Any) -> Iterator[Any]:
    """Yield what lists and tuples hold, at any depth."""
    if not isinstance(nested, Sequence):
        yield nested
        return
    for item in nested:
        yield from _flatten(item)


def _is_named(function: Any, written: Any, behaviour: Behaviour) -> bool:
    """Return whether a live activation is Keras's own, and what the config holds for it says so.

    A function of keras.ops may have the name of an activation, and other defaults.
    """
    module = getattr(function, "__module__", None) or type(function).__module__
    if written is None or not _is_kerass(function) or module.startswith("keras.src.ops"):
        return False
    try:
        arguments.resolve(written, behaviour, "activation")
    except (TypeError, ValueError):
        return False
    return True


def _as_numpy(function: Any) -> Any:
    """Wrap a function on Keras tensors as one on arrays."""

    @functools.wraps(function, updated=())
    def activation(x: Any) -> Any:
        return np.asarray(function(x))

    return activation
