"""Activations as one release, or one layer, computes them; the plain forms are in `gru_ref.core`.

Parameters, Returns and Source are as in `gru_ref.core.smooth_activations`.
"""

from __future__ import annotations

import math

import numpy as np

from gru_ref.core.piecewise_activations import simplex_support
from gru_ref.core.rounding import elementary, is_half, softmax_sum
from gru_ref.core.smooth_activations import Array, constant, quiet, sigmoid

# TensorFlow casts both through float32, so float64 layers see the rounded value.
SQRT_TWO_FLOAT32 = float(np.float32(math.sqrt(2.0)))
LEAKY_RELU_LAYER_SLOPE = float(np.float32(0.3))

_erf = np.frompyfunc(math.erf, 1, 1)


@quiet
def sigmoid_tf_2_1(x: Array) -> Array:
    """Return the logistic function of older TensorFlow, which differs only in the half types.

    Equation: 1 / (1 + exp(-x))
    Source: tf.sigmoid of TensorFlow 2.1 to 2.5, measured; 2.6 to 2.8 not run
    """
    one = constant(1, x)
    y: Array = one / (one + elementary(np.exp, -x)) if is_half(x.dtype) else sigmoid(x)
    return y


@quiet
def gelu_tf_2_4(x: Array) -> Array:
    """Return the Gaussian error linear unit of older TensorFlow; √2 is float32(√2) in float64 too.

    Equation: ½ x · (1 + erf(x / float32(√2)))
    Source: tf.nn.gelu (approximate=False) of TensorFlow 2.4 to 2.18
    """
    area = np.asarray(_erf(x / constant(SQRT_TWO_FLOAT32, x)), dtype=x.dtype)
    y: Array = constant(0.5, x) * x * (constant(1, x) + area)
    return y


@quiet
def gelu_3_0_1(x: Array) -> Array:
    """Return the Gaussian error linear unit of early Keras 3, with √2 in the dtype of x.

    Equation: ½ x · (1 + erf(x / √2))
    Source: keras.backend gelu of Keras 3.0.1 to 3.3.2
    """
    area = np.asarray(_erf(x / constant(math.sqrt(2.0), x)), dtype=x.dtype)
    y: Array = constant(0.5, x) * x * (constant(1, x) + area)
    return y


@quiet
def leaky_relu_layer(x: Array) -> Array:
    """Return the leaky rectified linear unit of Keras 2's layer LeakyReLU, whose slope is 0.3.

    Equation: x where x > 0, float32(0.3) · x elsewhere
    Source: tf_keras layers.LeakyReLU (alpha=0.3)
    """
    return np.where(x > 0, x, constant(LEAKY_RELU_LAYER_SLOPE, x) * x)


@quiet
def thresholded_relu_layer(x: Array) -> Array:
    """Return Keras 2's layer ThresholdedReLU; a product, so -0 below zero and NaN at -inf.

    Equation: x · [x > 1]
    Source: tf_keras layers.ThresholdedReLU (theta=1.0)
    """
    y: Array = x * (x > 1).astype(x.dtype)
    return y


@quiet
def sparsemax_3_8(x: Array) -> Array:
    """Return sparsemax as Keras 3.8 to 3.15.1 compute it: τ sums cumulative sums, a defect.

    Equation: max(x - τ, 0), τ = (Σ_{j≤k} c_j - 1) / k
    Source: keras.backend sparsemax; keras issue 23425

    >>> sparsemax_3_8(np.array([[0.5, 0.25, 0.0]]))
    array([[0.16666667, 0.        , 0.        ]])
    """
    cumulative, support = simplex_support(x)
    size = np.sum(support, axis=-1, keepdims=True, dtype=x.dtype)
    added = softmax_sum(np.where(support, cumulative, constant(0, x)))
    threshold = (added - constant(1, x)) / size
    y: Array = np.maximum(x - threshold, constant(0, x))
    return y
