"""Calls: the forms of inputs and states that are taken, and the forms of results."""

import numpy as np

from . import asking
from .asking import error_of, raises


def inputs_are_cast(live):
    """GRU(1)(tf.constant(integers)), and of booleans"""
    ones = np.ones((2, 3, 2))
    return all(
        not raises(live.gru(), live.tf.constant(ones.astype(dtype))) for dtype in ("int32", "bool")
    )


def inputs_list_carries_state(live):
    """GRU(1)([x, state])"""
    return not raises(live.gru(), [live.x(), live.tf.ones((2, 1))])


def list_is_several_shapes(live):
    """GRU(1).build([2, 3, 4])"""
    return raises(live.gru().build, [2, 3, 4])


def training_is_boolean(live):
    """GRU(1, dropout=0.5)(x, training="yes")"""
    return raises(live.gru(dropout=0.5), live.x(), training="yes")


def mask_containers(live):
    """GRU(1)(x, mask=[mask]), and mask=(mask,)"""
    return asking.mask_containers(live, live.gru)


def weight_type_error(live):
    """GRU(1).set_weights of nested lists"""
    layer = live.build()
    lists = [weight.tolist() for weight in layer.get_weights()]
    return error_of(layer.set_weights, lists)


def state_type_error(live):
    """GRU(1)(x, initial_state=object()), the layer built before"""
    return error_of(live.build(), live.x(), initial_state=object())


def initial_state_is_cast(live):
    """GRU(1)(x, initial_state of float64)"""
    state = live.tensor([[0.5], [0.25]], "float64")
    return not raises(live.gru(), live.x(), initial_state=state)


def initial_state_broadcasts(live):
    """GRU(1)(x of batch 2, initial_state of batch 1), looped and unrolled"""
    state = live.tensor([[0.5]])
    looped, unrolled = (
        not raises(live.gru(unroll=unroll), live.x(), initial_state=state)
        for unroll in (False, True)
    )
    return "always" if looped and unrolled else "unrolled" if unrolled else "never"


def extra_initial_states_ignored(live):
    """GRU(1)(x, initial_state=[state, state])"""
    state = live.tf.ones((2, 1))
    return not raises(live.gru(), live.x(), initial_state=[state, state])


def empty_initial_state_is_none(live):
    """GRU(1)(x, initial_state=[]), the layer built before; built by that call it is an error"""
    if not raises(live.gru(), live.x(), initial_state=[]):
        return "always"
    return not raises(live.build(), live.x(), initial_state=[])


def recorded_state_wins(live):
    """GRU(1, stateful=True)(x, initial_state=ones) twice"""
    layer = live.gru(stateful=True)
    outputs = [np.asarray(layer(live.x(), initial_state=live.tf.ones((2, 1)))) for _ in range(2)]
    return not np.array_equal(*outputs)


def state_container(live):
    """GRU(1, return_state=True)(x)"""
    return type(live.gru(return_state=True)(live.x())).__name__


def reset_states_takes_values(live):
    """GRU(1, stateful=True).reset_states(states)"""
    layer = live.call(live.gru(stateful=True))
    return not raises(layer.reset_states, np.ones((2, 1), "float32"))


def reset_state_method(live):
    """GRU(1).reset_state"""
    return hasattr(live.gru(), "reset_state")
