"""The arguments of a layer's call: x, mask and initial state, in every form that Keras accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gru_ref.core.rounding import dtype_kind
from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig

Array = NDArray[Any]


def split_x(x: Any, initial_state: Any, config: GRUConfig, states: int = 1) -> tuple[Any, Any]:
    """Return x and the state of ``[x, state]``, which Keras 2 takes as its first argument.

    Parameters
    ----------
    states : int
        How many states may follow x.

    Raises
    ------
    ValueError
        x is a list, tuple or dict of several elements; in Keras 2 a list of too many.
    AttributeError
        It has a single element, without a shape; in Keras 2 it is a list of non-arrays.
    IndexError
        It is an empty list, in Keras 2.
    AssertionError
        It is a list, and `initial_state` is given too, in Keras 2.
    """
    carries_state = isinstance(x, list) and config.behaviour.inputs_list_carries_state
    if not isinstance(x, (list, tuple, Mapping)):
        return x, initial_state
    if not carries_state:
        _refuse(x, AttributeError if len(x) == 1 else ValueError)
    if initial_state is not None:
        raise AssertionError(
            f"initial_state is {shown(initial_state)}, expected None beside an x that is a list"
        )
    if not x:
        _refuse(x, IndexError)
    if not hasattr(x[0], "__array__"):
        _refuse(x, AttributeError)
    if len(x) > 1 + states:
        _refuse(x, ValueError)
    return x[0], (x[1:] or None)


def _refuse(x: Any, error: type[Exception]) -> NoReturn:
    raise error(
        f"x is the {type(x).__name__} {shown(x)}, expected one array, with the shape (batch, "
        "timesteps, features), or in Keras 2 a list of it and the initial state"
    )


def x_array(x: Any, config: GRUConfig, autocast: bool = True) -> Array:
    """Return the input in the config's dtype.

    Raises
    ------
    TypeError
        x is not an array, in Keras 2, or has a dtype that the release does not cast.
    ValueError
        It is not three-dimensional, or has no timesteps. In Keras 3: it is not an array.
    """
    behaviour = config.behaviour
    if not hasattr(x, "__array__") and not isinstance(x, (int, float)):
        raise behaviour.wrong_type_error(f"x is {shown(x)}, expected an array")
    array = np.asarray(x)
    expected = config.input_axes
    if array.ndim != 3:
        what = f"has shape {array.shape}" if hasattr(x, "__array__") else f"is {shown(x)}"
        raise ValueError(f"x {what}, expected ndim=3: {expected}")
    dtype = config.compute_dtype
    castable = "f" if not behaviour.inputs_are_cast else "fiub"
    refused = not autocast and array.dtype != dtype and not behaviour.inputs_are_cast
    if dtype_kind(array.dtype) not in castable or refused:
        raise TypeError(f"x has dtype {array.dtype}, expected {dtype}")
    if config.batch_and_time(array.shape)[1] == 0:
        raise ValueError(f"x has shape {array.shape}, expected at least one timestep: {expected}")
    return array.astype(dtype, copy=False)


def mask_array(
    mask: Any,
    config: GRUConfig,
    batch: int,
    timesteps: int,
    containers: tuple[type[Any], ...] | None = None,
) -> Array | None:
    """Return the mask as bool, with its two leading axes in the order of the inputs' axes.

    Parameters
    ----------
    mask : (batch, timesteps), (batch, timesteps, 1) or (batch, timesteps, units), any real dtype
        True or non-zero: use this timestep. The batch may be 1. time_major: (timesteps, batch, …).
        Of a list, and in Keras 3 of a tuple, the first element is used.
    containers : tuple of types, optional
        The types whose first element is used; by default those of a GRU of the release.

    Raises
    ------
    AttributeError
        A nested Python list, or something else without a dtype.
    IndexError
        One dimension, or an empty list.
    ValueError
        Any other wrong shape.
    """
    if containers is None:
        containers = config.behaviour.mask_containers
    if isinstance(mask, containers):
        mask = first_mask(mask)
    if mask is None:
        return None
    if not hasattr(mask, "__array__"):
        raise AttributeError(f"mask is {shown(mask)}, expected an array, which has a dtype")
    array = np.asarray(mask)
    if dtype_kind(array.dtype) not in "biuf":
        raise TypeError(f"mask has dtype {array.dtype}, expected bool or a number")
    shape = (timesteps, batch) if config.time_major else (batch, timesteps)
    expected = f"expected {shape}, with an optional third axis of size 1 or {config.units}"
    if array.ndim < 2:
        raise IndexError(f"mask has shape {array.shape}, {expected}")
    by_batch, by_time = config.batch_and_time(array.shape)
    third = array.shape[2:]
    if (
        by_time != timesteps
        or by_batch not in (1, batch)
        or third not in ((), (1,), (config.units,))
    ):
        raise ValueError(f"mask has shape {array.shape}, {expected}")
    return array.astype(bool)


def first_mask(masks: Any) -> Any:
    """Return the first mask of a list, the one that is used."""
    if not masks:
        raise IndexError(f"mask is {shown(masks)}, expected an array, None or a list of one")
    return masks[0]


def initial_state_array(
    state: Any, config: GRUConfig, batch: int, built: bool = True
) -> Array | None:
    """Return the initial state in the config's dtype: an array, ``[array]`` or ``(array,)``.

    Its batch may be 1 where the release broadcasts it.

    Parameters
    ----------
    built : bool
        Whether the layer was built before this call.

    Raises
    ------
    TypeError
        A dtype that the release does not cast.
    ValueError
        A wrong shape; in Keras 2 several states, or an empty list in the call that builds its
        layer; in Keras 3 not an array.
    AttributeError
        Not an array, in Keras 2.
    IndexError
        An empty list in Keras 3.
    """
    behaviour = config.behaviour
    if state is None:
        return None
    if isinstance(state, (list, tuple)):
        if not state:
            if behaviour.empty_initial_state_is_none and built:
                return None
            # The call that builds a layer of Keras 2 counts the states.
            error = ValueError if behaviour.empty_initial_state_is_none else IndexError
            raise error(f"initial_state is {shown(state)}, expected one state or None")
        if len(state) > 1 and hasattr(state[0], "__array__"):
            if not behaviour.extra_initial_states_ignored:
                raise ValueError(f"initial_state has {len(state)} states, expected 1")
            behaviour.warn("extra_initial_states_ignored", f"{len(state)} states were given")
        state = state[0]
    if not hasattr(state, "__array__"):
        raise behaviour.state_type_error(f"initial_state is {shown(state)}, expected an array")
    array = np.asarray(state)
    dtype = config.compute_dtype
    uncast = array.dtype != dtype and not behaviour.initial_state_is_cast
    if dtype_kind(array.dtype) not in "fiub" or (uncast and not config.stateful):
        raise TypeError(f"initial_state has dtype {array.dtype}, expected {dtype}")
    broadcasts = behaviour.initial_state_broadcasts == "always" or config.path == "unroll"
    batches = (batch, 1) if broadcasts else (batch,)
    if array.ndim != 2 or array.shape[1] != config.units or array.shape[0] not in batches:
        raise ValueError(f"initial_state has shape {array.shape}, expected {(batch, config.units)}")
    return array.astype(dtype)
