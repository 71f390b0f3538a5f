"""Masks: what a masked timestep outputs.

One row, one unit and three timesteps of ones, a kernel and a recurrent kernel of ones.
"""

import numpy as np

from .asking import raises


def fused_ignores_zero_output_for_mask(live):
    """GRU(1, return_sequences=True, zero_output_for_mask=True)(x, mask=[[True, False, True]])"""
    outputs = _outputs(live, [True, False, True], use_bias=True, return_sequences=True)
    return bool(outputs[0, 1, 0] != 0)


def unroll_zeroes_unreversed(live):
    """GRU(1, …, unroll=True, go_backwards=True)(x, mask=[[True, False, False]])"""
    given = {"return_sequences": True, "go_backwards": True}
    loop, unrolled = (
        _outputs(live, [True, False, False], unroll=unroll, **given) for unroll in (False, True)
    )
    # In processing order the step that is used comes last.
    return not np.array_equal(unrolled[0, :, 0] != 0, loop[0, :, 0] != 0)


def unroll_zero_last_output_fails(live):
    """GRU(1, unroll=True, zero_output_for_mask=True)(x, mask=[[True, True, False]])"""
    return raises(_outputs, live, [True, True, False], unroll=True)


def zero_last_output(live):
    """GRU(1, use_bias=False, zero_output_for_mask=True)(x, mask=[[True, True, False]])"""
    return bool(np.all(_outputs(live, [True, True, False]) == 0))


def unroll_unit_mask_fails(live):
    """GRU(2, unroll=True)(x, mask of shape (1, 3, 2))"""
    mask = live.tf.constant([[[True, False], [True, True], [False, True]]])
    looped = live.gru(2)
    looped(live.tf.ones((1, 3, 1)), mask=mask)
    return raises(live.gru(2, unroll=True), live.tf.ones((1, 3, 1)), mask=mask)


def _outputs(live, mask, **arguments):
    given = dict({"use_bias": False, "zero_output_for_mask": True}, **arguments)
    layer = live.gru(kernel_initializer="ones", recurrent_initializer="ones", **given)
    return np.asarray(layer(live.tf.ones((1, 3, 1)), mask=live.tf.constant([mask])))
