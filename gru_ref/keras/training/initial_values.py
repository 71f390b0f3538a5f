"""The arrays of Keras's initializers, drawn with Keras's own random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gru_ref.errors import shown
from gru_ref.keras.identifiers import Identifier
from gru_ref.keras.ledger import Behaviour
from gru_ref.keras.training.initializers import random_source
from gru_ref.random_streams import philox
from gru_ref.random_streams.philox import Stream

Array = NDArray[Any]

# class → the variance scaling that it names: scale, mode, distribution
SCALED: Mapping[str, tuple[float, str, str]] = {
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "truncated_normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "HeNormal": (2.0, "fan_in", "truncated_normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "truncated_normal"),
}
# The standard deviation of a standard normal truncated to ±2.
_TRUNCATED_STDDEV = 0.87962566103423978
# The serialized forms of an array, in Keras 3 and in Keras 2 from 2.13 on.
_ARRAY_CLASSES = ("__numpy__", "__tensor__")


@dataclass(frozen=True, repr=False, eq=False)
class _Weight:
    """What is to be made: an initializer, and the weight it is for."""

    found: Identifier
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    argument: str
    behaviour: Behaviour

    def number(self, name: str, *, cast: bool = False) -> Array:
        """Return a parameter as an array of the weight's dtype, of a shape that fits the weight.

        Parameters
        ----------
        cast : bool
            Keras casts this parameter: see `as_cast`.
        """
        array = self._array(name, cast=cast)
        try:
            np.broadcast_to(array, self.shape)
        except ValueError:
            raise ValueError(
                f"{self.argument} has a {name} of shape {array.shape}, expected {self.shape} or "
                "one number"
            ) from None
        return array

    def _array(self, name: str, *, cast: bool) -> Array:
        """Return a parameter as an array of the weight's dtype, of any shape."""
        value = self.found.parameters[name]
        if isinstance(value, Mapping) and value.get("class_name") in _ARRAY_CLASSES:
            value = np.asarray(value["config"]["value"], value["config"].get("dtype"))
        if value is None:
            raise ValueError(f"{self.argument} has None as {name}, expected a number")
        try:
            kind = np.asarray(value).dtype.kind
        except ValueError:  # a ragged list
            kind = "O"
        if kind not in "biuf":
            raise TypeError(f"{self.argument} has {shown(value)} as {name}, expected a number")
        return self.as_cast(value) if cast else np.asarray(value, self.dtype)

    def as_cast(self, value: Any) -> Array:
        """Return what Keras casts to the weight's dtype.

        In Keras 3 Python's floats become a tensor first, and so float32.
        """
        array = np.asarray(value)
        python = not isinstance(value, (np.ndarray, np.generic))
        if python and array.dtype == np.float64 and self.behaviour.cast_floats_are_float32:
            array = array.astype(np.float32)
        return array.astype(self.dtype)

    def stream(self, operation: str, shape: tuple[int, ...]) -> Stream:
        """Return the random words that Keras makes this weight of.

        Parameters
        ----------
        operation : str
            "uniform", "normal" or "truncated_normal".
        shape : tuple of int
            Of the draw.
        """
        source = random_source(self.found, self.behaviour, self.argument)
        # Draws of one operation and seed share a count; masks are uniforms too.
        kernel = self.dtype.name if operation == "uniform" else f"{self.dtype.name} {operation}"
        return source.next(0, shape, kernel)

    def uniform(self, low: Array, high: Array) -> Array:
        """Return u · (high − low) + low, rounded as TensorFlow does."""
        drawn = philox.uniform(self.stream("uniform", self.shape), self.shape, self.dtype)
        return np.asarray(drawn * (high - low) + low)

    def normal(self, mean: Array, stddev: Array) -> Array:
        """Return z · stddev + mean."""
        drawn = philox.normal(self.stream("normal", self.shape), self.shape, self.dtype)
        return np.asarray(drawn * stddev + mean)

    def truncated_normal(self, mean: Array, stddev: Array) -> Array:
        """Return z · stddev + mean, for z within ±2."""
        stream = self.stream("truncated_normal", self.shape)
        drawn = philox.truncated_normal(stream, self.shape, self.dtype)
        return np.asarray(drawn * stddev + mean)

    def scaling(self, scale: float, mode: str, distribution: str) -> Array:
        """Return a variance scaling of this weight."""
        fan_in, fan_out = self._fans()
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}
        variance = scale / max(1.0, fans[mode])
        if distribution == "uniform":
            limit = self.as_cast(math.sqrt(3.0 * variance))
            return self.uniform(-limit, limit)
        stddev = math.sqrt(variance)
        zero = self.dtype.type(0)
        if distribution == "untruncated_normal":
            return self.normal(zero, self.dtype.type(stddev))
        return self.truncated_normal(zero, self.dtype.type(stddev / _TRUNCATED_STDDEV))

    def _fans(self) -> tuple[int, int]:
        """Return the numbers of inputs and outputs that the weight is between."""
        given = self.found.parameters
        inputs, outputs = given.get("input_axes"), given.get("output_axes")
        if inputs is None or outputs is None:
            return self.shape[0], self.shape[-1]
        try:
            fan_in = math.prod(self.shape[axis] for axis in inputs)
            return fan_in, math.prod(self.shape[axis] for axis in outputs)
        except IndexError:
            raise IndexError(
                f"{self.argument} has input_axes {inputs} and output_axes {outputs}, expected "
                f"those of a weight of shape {self.shape}"
            ) from None

    def orthogonal(self) -> Array:
        """Return gain · Q, whose rows (or columns, if these are fewer) are orthonormal."""
        if self.dtype.name not in self.behaviour.orthogonal_draws_in:
            raise ValueError(
                f"{self.argument} is orthogonal in {self.dtype.name}, expected another: TensorFlow "
                "has no QR factorization of that type"
            )
        gain = self.number("gain")
        rows, columns = self.two_sizes()
        tall = max(rows, columns), min(rows, columns)
        drawn = philox.normal(self.stream("normal", tall), tall, self.dtype)
        q, r = np.linalg.qr(drawn.astype(np.float64))
        q = (q * np.sign(np.diagonal(r))).astype(self.dtype)
        return np.asarray(gain * (q.T if rows < columns else q))

    def two_sizes(self) -> tuple[int, int]:
        """Return the shape, where it has two dimensions."""
        if len(self.shape) != 2:
            raise ValueError(
                f"{self.argument} is {shown(str(self.found.class_name).lower())} for a weight of "
                f"shape {self.shape}, expected another: it makes two dimensions"
            )
        return self.shape[0], self.shape[1]

    def constant(self) -> Array:
        """Return the value, in every place or each of its elements in its own."""
        if self.behaviour.constant_broadcasts:
            return np.broadcast_to(self.number("value", cast=True), self.shape).copy()
        value = self._array("value", cast=True)
        if value.size == 1:
            return np.full(self.shape, value.reshape(()), self.dtype)
        if value.size != math.prod(self.shape):
            raise TypeError(
                f"{self.argument} has a value of shape {value.shape}, expected one number or "
                f"{math.prod(self.shape)}"
            )
        return value.reshape(self.shape).copy()


def make(
    found: Identifier, shape: tuple[int, ...], dtype: DTypeLike, argument: str, behaviour: Behaviour
) -> Array:
    """Return the array of an initializer, drawn as the Keras release draws it.

    Equation
    --------
    - zeros, ones, constant, identity: 0, 1, value, gain · I (rectangular where the weight is)
    - random_uniform: u · (maxval − minval) + minval, with u in [0, 1)
    - random_normal, truncated_normal: z · stddev + mean; truncated: |z| < 2
    - variance_scaling: with s = scale / max(1, n), where n is fan_in, fan_out or their mean:
      uniform within ±√(3 s), untruncated_normal with σ = √s, truncated_normal with
      σ = √s / 0.87962566103423978
    - glorot: scale 1, fan_avg; he: scale 2, fan_in; lecun: scale 1, fan_in
    - orthogonal: z of (max, min) shape = Q R; gain · Q · sign(diag R), transposed where the weight
      has fewer rows than columns

    Parameters
    ----------
    found : Identifier
        The result of `gru_ref.keras.training.initializers.take_seed`.
    shape : (features or units, 3 * units), (2, 3 * units) or (3 * units,)
    dtype : float16, bfloat16, float32 or float64
    argument : str
        For messages, "kernel_initializer".
    behaviour : Behaviour

    Returns
    -------
    array : `shape`, `dtype`

    Raises
    ------
    ValueError
        A callable, an array or a parameter gives another shape; the weight has one dimension where
        the initializer needs two; a parameter is None; a seed is not an int.
    TypeError
        A parameter is not a number; a callable does not take dtype; in Keras 2 a constant has
        another size.
    IndexError
        The weight does not have the axes input_axes or output_axes.

    Notes
    -----
    Without any seed the numbers are of the operating system's entropy, in the same distribution;
    see `gru_ref.keras.training.initializers.is_repeatable`.

    Uniform numbers equal Keras's bit for bit, normal ones are within 3 ULP before they are scaled.
    Orthogonal matrices differ by the rounding of Keras's own float32 factorization, at most 4e-7 in
    a recurrent_kernel, 1.3e-5 in square kernels.

    Source
    ------
    tf_keras/src/initializers/initializers.py (2.21) and keras/src/initializers (3.15.1).

    Examples
    --------
    >>> from gru_ref.keras.training import initializers
    >>> from gru_ref.keras.ledger import resolve
    >>> seeded = {"class_name": "GlorotUniform", "config": {"seed": 1}}
    >>> found = initializers.resolve(seeded, resolve("3"), "kernel_initializer")
    >>> make(found, (2, 3), "float32", "kernel_initializer", resolve("3"))[0, :2].tolist()
    [0.8292261362075806, -0.08767890930175781]
    """
    weight = _Weight(found, tuple(shape), np.dtype(dtype), argument, behaviour)
    if found.function is not None:
        array = np.asarray(found.function(shape, dtype=dtype)).astype(dtype)
        if array.shape != shape:
            raise ValueError(f"{argument} returns shape {array.shape}, expected {shape}")
        return array
    return _value(weight)


# Infinite parameters give what they give in Keras, silently.
@np.errstate(over="ignore", invalid="ignore")
def _value(weight: _Weight) -> Array:
    """Return the array that an initializer with a name makes."""
    parameters = weight.found.parameters
    match weight.found.class_name:
        case "Zeros":
            return np.zeros(weight.shape, weight.dtype)
        case "Ones":
            return np.ones(weight.shape, weight.dtype)
        case "Constant":
            return weight.constant()
        case "Identity":
            gain = weight.number("gain")
            return np.asarray(gain * np.eye(*weight.two_sizes(), dtype=weight.dtype))
        case "Orthogonal":
            return weight.orthogonal()
        case "RandomUniform":
            low = weight.number("minval", cast=True)
            if parameters["maxval"] is None and weight.behaviour.uniform_maxval_may_be_none:
                return weight.uniform(low, np.ones((), weight.dtype))
            return weight.uniform(low, weight.number("maxval", cast=True))
        case "RandomNormal":
            return weight.normal(weight.number("mean"), weight.number("stddev"))
        case "TruncatedNormal":
            return weight.truncated_normal(weight.number("mean"), weight.number("stddev"))
        case "VarianceScaling":
            scaling = parameters["scale"], parameters["mode"], parameters["distribution"]
            return weight.scaling(*scaling)
        case name:
            return weight.scaling(*SCALED[str(name)])
