"""The states of an RNN: in which containers Keras takes, records and returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru_ref.errors import shown
from gru_ref.keras.config import GRUConfig
from gru_ref.keras.layers import call_checks
from gru_ref.keras.layers.variables import ABSENT
from gru_ref.keras.ledger import Behaviour

Array = NDArray[Any]


class States(NamedTuple):
    """A state for every cell, (batch, units) each, and whether it is in a list of its own."""

    arrays: tuple[Array, ...]
    nested: tuple[bool, ...]

    def contained(self) -> list[Any]:
        """Return the states, each in its list if it has one."""
        pairs = zip(self.arrays, self.nested, strict=True)
        return [[array] if nested else array for array, nested in pairs]


def zeros(configs: Sequence[GRUConfig], batch: int, *, stacked: bool) -> States:
    """Return the states that a stateful layer records when it is built."""
    arrays = [np.zeros((batch, config.units), config.variable_dtype) for config in configs]
    return in_containers(arrays, None, configs[-1].behaviour, stacked=stacked)


def in_containers(
    arrays: Sequence[Array], start: States | None, behaviour: Behaviour, *, stacked: bool
) -> States:
    """Return states in the containers of those they come from; None: Keras's own zeros."""
    own = stacked and behaviour.cell_state_is_list
    nested = (own,) * len(arrays) if start is None else start.nested
    return States(tuple(arrays), nested)


def of_call(
    given: Any, configs: Sequence[GRUConfig], batch: int, *, stacked: bool
) -> States | None:
    """Return the initial states of a call; None where there are none.

    Raises
    ------
    TypeError, AttributeError
        As `gru_ref.keras.layers.call_checks.initial_state_array`.
    ValueError
        There are not as many as cells, or one has another shape.
    IndexError
        An empty list in Keras 3.
    """
    if given is None:
        return None
    behaviour = configs[-1].behaviour
    items = list(given) if isinstance(given, (list, tuple)) else [given]
    if not items:
        call_checks.initial_state_array(given, configs[-1], batch)
        return None
    few = len(items) < len(configs) and behaviour.short_states_run_fewer_cells
    if len(items) != len(configs) and not few:
        raise ValueError(f"initial_state has {len(items)} states, expected {len(configs)}")
    if few:
        behaviour.warn("short_states_run_fewer_cells", f"{len(items)} were given")
    arrays, nested = [], []
    for item, config in zip(items, configs, strict=False):
        in_list = stacked and isinstance(item, (list, tuple)) and len(item) == 1
        array = call_checks.initial_state_array([item[0] if in_list else item], config, batch)
        assert array is not None
        arrays.append(array)
        nested.append(in_list)
    return States(tuple(arrays), tuple(nested))


def start(given: States | None, recorded: States | None, config: GRUConfig) -> States | None:
    """Return the states a call starts from: given, recorded, or None for zeros."""
    if recorded is None or given is None:
        return given or recorded
    if config.behaviour.recorded_state_wins and any(array.any() for array in recorded.arrays):
        pairs = zip(given.arrays, recorded.arrays, strict=True)
        if not all(np.array_equal(mine, theirs) for mine, theirs in pairs):
            config.behaviour.warn("recorded_state_wins")
        return recorded
    return given


def recorded(new: States, before: States | None) -> States:
    """Return what a stateful layer records of the states a call ended with."""
    assert before is not None, "a stateful layer is built"
    kept = before.arrays[len(new.arrays) :]
    pairs = zip(new.arrays, before.arrays, strict=False)
    made = tuple(array.astype(old.dtype) for array, old in pairs)  # that of the variables
    return States(made + kept, before.nested)


def reset(before: States | None, states: Any, config: GRUConfig) -> States | None:
    """Return the recorded states once reset_states has set them; see `gru_ref.RNN.reset_states`."""
    behaviour = config.behaviour
    if not behaviour.reset_states_takes_values:
        if states is not ABSENT:
            raise TypeError(
                f"states is {shown(states)}, expected nothing: reset_states of Keras "
                f"{behaviour.release} takes no values; hand initial_state to the call instead"
            )
        if before is None:
            return None
        if any(before.nested) and behaviour.stack_reset_fails:
            behaviour.warn("stack_reset_fails")
        return before._replace(arrays=tuple(map(np.zeros_like, before.arrays)))
    if not config.stateful:
        raise AttributeError("stateful is False, expected a stateful layer")
    if before is None:
        raise ValueError("the layer is not built, expected build or a call first")
    if states is None or states is ABSENT:
        return before._replace(arrays=tuple(map(np.zeros_like, before.arrays)))
    given = states if isinstance(states, (list, tuple)) else [states]
    if len(given) != len(before.arrays):
        raise ValueError(f"states is {len(given)} states, expected {len(before.arrays)}")
    arrays = []
    for value, old in zip(given, before.arrays, strict=True):
        if not hasattr(value, "__array__"):
            raise TypeError(f"states has {shown(value)}, expected an array")
        array = np.array(value, old.dtype)
        if array.shape != old.shape:
            raise ValueError(f"states has shape {array.shape}, expected {old.shape}")
        arrays.append(array)
    return before._replace(arrays=tuple(arrays))


def listed(states: States | None, count: int, behaviour: Behaviour, *, stacked: bool) -> Any:
    """Return what the attribute `states` holds, in the containers of the release.

    Keras 2: a tuple for a stack, a list for one cell, None in it without a record. Keras 3: a list,
    or None itself.
    """
    if states is None and behaviour.states_are_none_without_record:
        return None
    items: list[Any] = [None] * count
    if states is not None:
        items = states._replace(arrays=tuple(a.copy() for a in states.arrays)).contained()
    return tuple(items) if stacked and not behaviour.cell_state_is_list else items
