"""Activations made of exponentials, roots and error functions.

Every function takes one array and returns one of the same shape and dtype.

Parameters
----------
x : (..., units), float32 or float64
    Softmax and log_softmax normalise the last axis; the others work element by element.

Returns
-------
y : (..., units), dtype of x
    Computed in that dtype. Overflow gives inf and an undefined product gives NaN without a
    warning, as in TensorFlow. TensorFlow's CPU kernels flush subnormal numbers to zero; these
    functions keep them.

Source
------
TensorFlow 2.21, tf_keras 2.21 and Keras 3.15.1 on CPU, unless a function says otherwise.
`keras.backend` stands for keras/src/backend/tensorflow/nn.py.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gru_ref.core.rounding import elementary, is_half, softmax_sum

Array = npt.NDArray[np.floating[Any]]
Function = Callable[[Array], Array]

# TensorFlow casts it through float32, so float64 layers see the rounded value.
SQRT_HALF_FLOAT32 = float(np.float32(math.sqrt(0.5)))

# What Eigen takes for the ε of the half types in softplus.
HALF_EPSILON = {"float16": 2.0**-13, "bfloat16": 2.0**-7}

SELU_SCALE = 1.0507009873554805
SELU_SCALE_ALPHA = 1.7580993408473768

_erfc = np.frompyfunc(math.erfc, 1, 1)


def quiet(function: Function) -> Function:
    """Return the function with NumPy's floating-point warnings disabled inside it."""

    @functools.wraps(function)
    def silenced(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return function(x)

    return silenced


def constant(value: float, x: Array) -> Any:
    """Return the value as a scalar in the dtype of x, so that no operation widens x."""
    return x.dtype.type(value)


@quiet
def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent.

    Equation: tanh(x)
    Source: tf.tanh
    """
    return elementary(np.tanh, x)


@quiet
def sigmoid(x: Array) -> Array:
    """Return the logistic function; exactly 0 and 1 for large arguments, without overflow.

    Equation: 1 / (1 + exp(-x)), computed from exp(-|x|); in a half type exp(x) / (1 + exp(x))
    Source: tf.sigmoid; the half types from TensorFlow 2.9 on

    >>> sigmoid(np.array([-1e4, 0.0, 1e4], dtype=np.float32))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    one = constant(1, x)
    y: Array
    if is_half(x.dtype):
        power = elementary(np.exp, x)
        y = np.where(np.isinf(power), one, power / (one + power))
        return y
    decay = elementary(np.exp, -np.abs(x))
    # exp(0) = 1, or the decay: to choose one of them takes NumPy longer than another exp.
    numerator = elementary(np.exp, np.minimum(x, constant(0, x)))
    y = numerator / (one + decay)
    return y


@quiet
def log_sigmoid(x: Array) -> Array:
    """Return the logarithm of the logistic function.

    Equation: -softplus(-x)
    Source: keras.backend log_sigmoid, tf.math.log_sigmoid
    """
    return -softplus(-x)


@quiet
def softplus(x: Array) -> Array:
    """Return a smooth relu.

    Equation: log(1 + exp(x)), computed as max(x, 0) + log1p(exp(-|x|)); in a half type as
    log1p(exp(x)), and beyond ±(log ε + 2) as x and exp(x)
    Source: tf.math.softplus
    """
    if is_half(x.dtype):
        limit = constant(math.log(HALF_EPSILON[x.dtype.name]), x) + constant(2, x)
        power = elementary(np.exp, x)
        return np.where(x > -limit, x, np.where(x < limit, power, elementary(np.log1p, power)))
    y: Array = np.maximum(x, constant(0, x)) + elementary(np.log1p, elementary(np.exp, -np.abs(x)))
    return y


@quiet
def softsign(x: Array) -> Array:
    """Return a sigmoid from -1 to 1 that saturates slowly; NaN at ±inf.

    Equation: x / (1 + |x|)
    Source: tf.nn.softsign
    """
    y: Array = x / (constant(1, x) + np.abs(x))
    return y


@quiet
def silu(x: Array) -> Array:
    """Return x scaled by its logistic function, also named swish; NaN at -inf.

    Equation: x · sigmoid(x)
    Source: tf.nn.silu
    """
    return x * sigmoid(x)


@quiet
def mish(x: Array) -> Array:
    """Return x scaled by the tanh of its softplus; NaN at -inf.

    Equation: x · tanh(softplus(x))
    Source: tf_keras activations.mish, keras activations.Mish
    """
    y: Array = x * elementary(np.tanh, softplus(x))
    return y


@quiet
def exponential(x: Array) -> Array:
    """Return the exponential; inf above 88.7 in float32 and above 709.7 in float64.

    Equation: exp(x)
    Source: tf.exp
    """
    return elementary(np.exp, x)


@quiet
def elu(x: Array) -> Array:
    """Return the exponential linear unit, alpha = 1; 1 is subtracted after exp, not by expm1.

    Equation: x where x ≥ 0, exp(x) - 1 elsewhere
    Source: tf.nn.elu
    """
    return np.where(x < 0, elementary(np.exp, x) - constant(1, x), x)


@quiet
def selu(x: Array) -> Array:
    """Return the scaled exponential linear unit, λ = 1.0507009873554805, λα = 1.7580993408473768.

    Equation: λx where x ≥ 0, λα(exp(x) - 1) elsewhere
    Source: tf.nn.selu
    """
    negative = constant(SELU_SCALE_ALPHA, x) * (elementary(np.exp, x) - constant(1, x))
    y: Array = np.where(x < 0, negative, constant(SELU_SCALE, x) * x)
    return y


@quiet
def celu(x: Array) -> Array:
    """Return the continuously differentiable exponential linear unit, alpha = 1, with expm1.

    Equation: max(x, 0) + expm1(min(x, 0))
    Source: keras.backend celu
    """
    zero = constant(0, x)
    y: Array = np.maximum(x, zero) + elementary(np.expm1, np.minimum(x, zero))
    return y


@quiet
def gelu(x: Array) -> Array:
    """Return the Gaussian error linear unit, exact form; 1/√2 is float32(√½) in float64 too.

    Equation: ½ x · erfc(-x · float32(√½))
    Source: tf.nn.gelu (approximate=False) of TensorFlow 2.19 and later
    """
    tail = _erfc(-x * constant(SQRT_HALF_FLOAT32, x))
    y: Array = constant(0.5, x) * x * np.asarray(tail, dtype=x.dtype)
    return y


@quiet
def squareplus(x: Array) -> Array:
    """Return a smooth relu without exponentials, b = 4; inf at both ends once x² overflows.

    Equation: (x + √(x² + 4)) / 2
    Source: keras.backend squareplus
    """
    root = np.sqrt(np.square(x) + constant(4, x))
    y: Array = (x + root) / constant(2, x)
    return y


@quiet
def tanh_shrink(x: Array) -> Array:
    """Return x minus its hyperbolic tangent.

    Equation: x - tanh(x)
    Source: keras.backend tanh_shrink
    """
    y: Array = x - elementary(np.tanh, x)
    return y


@quiet
def softmax(x: Array) -> Array:
    """Return the softmax over the units; NaN for a row that holds NaN, +inf, or only -inf.

    Equation: exp(x - m) / Σ exp(x - m), m the row's maximum
    Source: tf.nn.softmax

    >>> softmax(np.array([[2.0, 2.0, -1e4]]))
    array([[0.5, 0.5, 0. ]])
    """
    weight = elementary(np.exp, x - np.max(x, axis=-1, keepdims=True))
    if is_half(x.dtype):
        return np.asarray(weight * (constant(1, x) / softmax_sum(weight)))
    y: Array = weight / softmax_sum(weight)
    return y


@quiet
def log_softmax(x: Array) -> Array:
    """Return the logarithm of softmax over the units.

    Equation: x - m - log Σ exp(x - m), m the row's maximum
    Source: tf.nn.log_softmax
    """
    shifted = x - np.max(x, axis=-1, keepdims=True)
    y: Array = shifted - elementary(np.log, softmax_sum(elementary(np.exp, shifted)))
    return y
