"""Penalties and projections: their numbers, and whom they reach."""

import numpy as np

from .asking import NotApplicable, number, raises


def penalty_factors_are_float32(live):
    """regularizers.L1L2(l2=0.1) of one number 1 in float64"""
    one = live.tensor([1.0], "float64")
    return number(live.keras.regularizers.L1L2(l2=0.1)(one)) != 0.1


def penalties_without_float64(live):
    """regularizers.L1()(ones in float64), and L2, L1L2, OrthogonalRegularizer"""
    ones = live.tf.ones((2, 3), "float64")
    fails = {}
    for name in ("L1", "L2", "L1L2", "OrthogonalRegularizer"):
        kind = getattr(live.keras.regularizers, name, None)
        if isinstance(kind, type):
            fails[name] = raises(kind(0.1), ones)
    return fails


def orthogonal_cosines_cancel(live):
    """regularizers.OrthogonalRegularizer(1.0)([[1, 0], [0.6, 0.8], [-0.6, 0.8]])"""
    rows = live.tensor([[1.0, 0.0], [0.6, 0.8], [-0.6, 0.8]])
    # The cosines are 0.6, -0.6 and 0.28.
    return number(_orthogonal(live)(rows)) < 0.3


def orthogonal_smallest_norm(live):
    """regularizers.OrthogonalRegularizer(1.0) of two equal rows of norm 1e-9"""
    cosine = number(_orthogonal(live)(live.tensor([[1e-9, 0.0], [1e-9, 0.0]])))
    return float(f"{1e-9 / cosine**0.5:.0e}")


def orthogonal_penalty_of_one_vector(live):
    """regularizers.OrthogonalRegularizer(1.0)([[1, 2]])"""
    return bool(np.isnan(number(_orthogonal(live)(live.tensor([[1.0, 2.0]])))))


def _orthogonal(live):
    return live.object("regularizers", "OrthogonalRegularizer")(1.0)


def activity_divided_by_first_axis(live):
    """GRU(1, activity_regularizer=L1L2(l1=1.0))(x of batch 2).losses"""
    layer = live.gru(activity_regularizer=live.keras.regularizers.L1L2(l1=1.0))
    whole = np.abs(np.asarray(layer(live.x()))).sum()
    share = number(layer.losses[0]) / whole
    if not (np.isclose(share, 0.5) or np.isclose(share, 1)):
        raise AssertionError(f"the loss is {share} of the penalty")
    return bool(np.isclose(share, 0.5))


def activity_fails_with_runtime(live):
    """GRU(1, return_runtime=True, activity_regularizer="l2")(x)"""
    live.needs(return_runtime=True)
    layer = live.gru(return_runtime=True, activity_regularizer="l2")
    return raises(layer, live.x())


def frozen_weights_are_penalized(live):
    """GRU(1, trainable=False, kernel_regularizer="l2").losses"""
    return len(live.build(trainable=False, kernel_regularizer="l2").losses) > 0


def frozen_weights_are_projected(live):
    """GRU(1, trainable=False, kernel_constraint="non_neg") in a model that fits one batch"""
    layer = live.ready(
        [-np.ones((2, 3)), np.zeros((1, 3)), np.zeros((2, 3))],
        trainable=False, kernel_constraint="non_neg",
    )  # fmt: skip
    x, y = np.ones((2, 3, 2), "float32"), np.ones((2, 1), "float32")
    live.oracle.fit_once(layer, x, y, learning_rate=0.5)
    return not np.all(layer.get_weights()[0] == -1)


def non_neg_multiplies(live):
    """constraints.NonNeg()([-inf])"""
    made = live.keras.constraints.NonNeg()(live.tensor([-np.inf]))
    return bool(np.isnan(np.asarray(made)).any())


def non_neg_needs_float32(live):
    """constraints.NonNeg()(ones in float64)"""
    return raises(live.keras.constraints.NonNeg(), live.tf.ones((2, 3), "float64"))


def bias_norm_mixes_rows(live):
    """GRU(1, bias_constraint="unit_norm") with a bias of rows 3 and 4: 0.6 and 0.8"""
    layer = live.build(bias_constraint="unit_norm")
    constraint = layer.cell.bias_constraint
    if layer.cell.bias.shape[0] != 2:
        raise NotApplicable("a bias of one row")
    rows = np.asarray(constraint(live.tensor([[3.0] * 3, [4.0] * 3])))
    return bool(np.allclose(rows, [[0.6] * 3, [0.8] * 3]))
