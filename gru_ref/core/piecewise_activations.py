"""Activations made of straight lines and one parabola, sparsemax among them.

Parameters, Returns and Source are as in `gru_ref.core.smooth_activations`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gru_ref.core.smooth_activations import Array, constant, quiet

# Slopes are float attributes of a TensorFlow operation, hence float32 in float64 layers too.
LEAKY_RELU_SLOPE = float(np.float32(0.2))


def clip(x: Array, low: Any, high: Any) -> Array:
    """Return x limited to [low, high], in its own dtype: NumPy would widen bfloat16."""
    y: Array = np.clip(x, constant(low, x), constant(high, x)).astype(x.dtype, copy=False)
    return y


def linear(x: Array) -> Array:
    """Return x unchanged.

    Equation: x
    Source: tf_keras activations.linear, keras activations.linear
    """
    return x


@quiet
def relu(x: Array) -> Array:
    """Return the rectified linear unit; +0 at -0, NaN at NaN.

    Equation: max(x, 0)
    Source: tf.nn.relu
    """
    y: Array = np.maximum(x, constant(0, x)) + constant(0, x)  # the sum turns -0 into +0
    return y


@quiet
def relu6(x: Array) -> Array:
    """Return the rectified linear unit, limited to 6.

    Equation: min(max(x, 0), 6)
    Source: tf.nn.relu6
    """
    y: Array = np.minimum(relu(x), constant(6, x))
    return y


@quiet
def leaky_relu(x: Array) -> Array:
    """Return the leaky rectified linear unit that Keras names leaky_relu.

    Equation: x where x > 0, float32(0.2) · x elsewhere
    Source: tf.nn.leaky_relu (alpha=0.2)
    """
    return np.where(x > 0, x, constant(LEAKY_RELU_SLOPE, x) * x)


@quiet
def hard_sigmoid_fifth(x: Array) -> Array:
    """Return Keras 2's piecewise linear sigmoid, of slope 1/5: 0 below -2.5, 1 above 2.5.

    Equation: clip(0.2 x + 0.5, 0, 1)
    Source: tf_keras backend.hard_sigmoid
    """
    line = x * constant(0.2, x) + constant(0.5, x)
    y: Array = clip(line, 0, 1)
    return y


@quiet
def hard_sigmoid_sixth(x: Array) -> Array:
    """Return Keras 3's piecewise linear sigmoid, of slope 1/6: 0 below -3, 1 above 3.

    Equation: relu6(x + 3) / 6
    Source: keras.backend hard_sigmoid; Keras 3.0.0 rounds the same line as clip(x / 6 + 0.5, 0, 1)
    """
    y: Array = relu6(x + constant(3, x)) / constant(6, x)
    return y


@quiet
def hard_silu(x: Array) -> Array:
    """Return x scaled by `hard_sigmoid_sixth`, also named hard_swish; NaN at -inf.

    Equation: x · relu6(x + 3) / 6
    Source: keras.backend hard_silu
    """
    return x * hard_sigmoid_sixth(x)


@quiet
def hard_tanh(x: Array) -> Array:
    """Return the piecewise linear tanh.

    Equation: clip(x, -1, 1)
    Source: keras.backend hard_tanh
    """
    return clip(x, -1, 1)


@quiet
def hard_shrink(x: Array) -> Array:
    """Return x with a dead zone of ½; 0 at NaN.

    Equation: x where |x| > 0.5, 0 elsewhere
    Source: keras.backend hard_shrink
    """
    return np.where(np.abs(x) > 0.5, x, constant(0, x))


@quiet
def soft_shrink(x: Array) -> Array:
    """Return x moved towards zero by ½; 0 at NaN.

    Equation: x - 0.5 where x > 0.5, x + 0.5 where x < -0.5, 0 elsewhere
    Source: keras.backend soft_shrink
    """
    half = constant(0.5, x)
    y: Array = np.where(x > half, x - half, np.where(x < -half, x + half, constant(0, x)))
    return y


@quiet
def sparse_plus(x: Array) -> Array:
    """Return relu with its corner replaced by a parabola.

    Equation: 0 where x ≤ -1, (x + 1)² / 4 where -1 < x < 1, x elsewhere
    Source: keras.backend sparse_plus
    """
    parabola = constant(0.25, x) * np.square(x + constant(1, x))
    return np.where(x <= -1, constant(0, x), np.where(x < 1, parabola, x))


@quiet
def sparse_sigmoid(x: Array) -> Array:
    """Return the piecewise linear sigmoid that rises from -1 to 1.

    Equation: 0 where x ≤ -1, (x + 1) / 2 where -1 < x < 1, 1 elsewhere
    Source: keras.backend sparse_sigmoid
    """
    line = constant(0.5, x) * (x + constant(1, x))
    y: Array = np.where(x <= -1, constant(0, x), np.where(x >= 1, constant(1, x), line))
    return y


@quiet
def sparsemax(x: Array) -> Array:
    """Return the projection of each row of units onto the simplex, as the paper defines it.

    Equation: max(x - τ, 0), τ = (Σ of the k largest - 1) / k, k = #{j : s_j > (c_j - 1) / j}
    with s the row in descending order and c its cumulative sums
    Source: Martins and Astudillo 2016, algorithm 1; Keras merged the correction after 3.15.1

    >>> sparsemax(np.array([[0.5, 0.25, 0.0]]))
    array([[0.58333333, 0.33333333, 0.08333333]])
    """
    cumulative, support = simplex_support(x)
    size = np.sum(support, axis=-1, keepdims=True, dtype=x.dtype)
    last = np.maximum(size.astype(np.intp) - 1, 0)
    threshold = (np.take_along_axis(cumulative, last, axis=-1) - constant(1, x)) / size
    y: Array = np.maximum(x - threshold, constant(0, x))
    return y


def simplex_support(x: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the cumulative sums of each row in descending order, and the ranks in the support."""
    descending = np.flip(np.sort(x, axis=-1), axis=-1)
    cumulative = np.cumsum(descending, axis=-1, dtype=x.dtype)
    rank = np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    support = descending - (cumulative - constant(1, x)) / rank > 0
    return cumulative, support
