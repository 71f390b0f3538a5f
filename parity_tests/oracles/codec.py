"""JSON text for the values that tests and workers exchange.

Plain JSON carries None, booleans, integers, finite floats, strings, lists and objects. Everything
else is an object whose key ``"$"`` names its kind:

=============== ============================================== ===================================
kind            other keys                                     value
=============== ============================================== ===================================
``array``       ``dtype``, ``shape``, ``data`` (base64 of the  array, bit-exact
                little-endian bytes, C order)
``full``        ``shape``, ``dtype``, ``value``                array of one value
``ramp``        ``shape``, ``dtype``, ``step``                 array ``(i % 7 - 3) * step``
``tensor``      ``value``                                      a tensor where there are tensors
``tuple``       ``items``                                      tuple
``nan``, ``inf``, ``-inf``                                     that float
``numpy.int64`` ``value``                                      NumPy scalar of that dtype
``callable``    ``name``                                       a function of `CALLABLES`
``complex``     ``real``, ``imag``                             complex
``bytes``       ``text``                                       bytes
``object``                                                     a fresh ``object()``
=============== ============================================== ===================================

An object that has a ``"$"`` passes through `encode` unchanged, so rows of a table hold these forms
directly. This file runs in every worker: Python 3.7 syntax, NumPy alone.
"""

import base64
import json
import math

import numpy as np


def twice(x):
    """Double a tensor: the function that has a name of its own, as configs write it."""
    return x + x


class Constraint:
    """What a release of Keras or gru_ref may ask a constraint to derive from, by name."""


class Regularizer(Constraint):
    """The same of a regularizer."""


class Scaled(Regularizer):
    """An object of the user's own with a config: it multiplies what it is called with."""

    def __init__(self, factor, **more):
        self.factor, self.more = factor, more

    def __call__(self, x, dtype=None):
        """Return the product."""
        return x * self.factor

    def get_config(self):
        """Return what makes the object again."""
        return {"factor": self.factor, **self.more}

    @classmethod
    def from_config(cls, config):
        """Return the object that a config is of."""
        return cls(**config)


# Of no module that differs between a worker and the suite.
Scaled.__module__ = "users.own"


# The names a "callable" may have, with their NumPy meaning. A worker replaces them by functions of
# its own framework; none of them is the framework's own object for a named activation.
CALLABLES = {
    "identity": lambda x: x,
    "tanh": lambda x: np.tanh(x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "double": lambda x: x + x,
    "two-arguments": lambda x, y: x + y,
    "first-unit": lambda x: x[:, :1],
    "returns-none": lambda x: None,
    "raises": lambda x: math.sqrt(-1.0),
    "initializer": lambda shape, dtype=None: np.full(tuple(shape), 0.5, dtype),
    "initializer-wrong-shape": lambda shape, dtype=None: np.zeros((1, 1), dtype),
    "initializer-no-dtype": lambda shape: np.full(tuple(shape), 0.5, "float32"),
    "penalty": lambda weight: abs(weight).sum(),
    "projection": lambda weight: weight,
    "twice": twice,
    "scaled": Scaled(0.5),
    "scaled-nested": Scaled(
        0.5, inner=Scaled(2), sizes=(1, 2), name="s", function=twice, number=np.float32(0.25)
    ),
}

# The dtypes of arrays that NumPy itself does not have, by their names: see `take_dtype`.
_TAKEN = {}


def take_dtype(dtype):
    """Have arrays of a dtype that NumPy lacks decoded to it; bfloat16 is float32 until then."""
    _TAKEN[np.dtype(dtype).name] = np.dtype(dtype)


_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(value):
    """Return `value` as plain JSON data.

    Parameters
    ----------
    value : None, bool, int, float, complex, str, bytes, list, tuple, dict, NumPy array or scalar

    Returns
    -------
    data : what `json.dumps` accepts

    Raises
    ------
    TypeError
        When the value, or one inside it, is of no kind listed in the table above.
    """
    if isinstance(value, np.ndarray):
        return _encode_array(value)
    if isinstance(value, np.generic):
        return _encode_scalar(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$": str(value)}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"$": "tuple", "items": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {_encode_key(key): encode(item) for key, item in value.items()}
    if isinstance(value, complex):
        return {"$": "complex", "real": encode(value.real), "imag": encode(value.imag)}
    if isinstance(value, bytes):
        return {"$": "bytes", "text": value.decode("latin-1")}
    raise TypeError(f"value is {value!r}, expected one that has a JSON form")


def _encode_key(key):
    if not isinstance(key, str):
        raise TypeError(f"key is {key!r}, expected a string")
    return key


def _encode_array(array):
    name = array.dtype.name
    if array.dtype.kind not in "biufc" and name != "bfloat16":
        raise TypeError(f"dtype is {name}, expected booleans or numbers")
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    text = base64.b64encode(array.tobytes()).decode("ascii")
    return {"$": "array", "dtype": name, "shape": list(array.shape), "data": text}


def _encode_scalar(scalar):
    if scalar.dtype.name == "bfloat16":
        return _encode_array(np.asarray(scalar))
    if scalar.dtype.kind not in "biuf":
        raise TypeError(f"dtype is {scalar.dtype.name}, expected booleans or numbers")
    return {"$": "numpy." + scalar.dtype.name, "value": encode(scalar.item())}


def decode(data, tensor=np.asarray, callables=None):
    """Return the value that `data` stands for.

    Parameters
    ----------
    data : what `json.loads` returns
    tensor : function that makes a tensor of an array, optional
        For the kind ``tensor``; an array remains an array without it.
    callables : dict from name to function, optional
        For the kind ``callable``; `CALLABLES` without it.

    Returns
    -------
    value : the Python value
        bfloat16 becomes float32, which holds every bfloat16, unless `take_dtype` was told of it.

    Raises
    ------
    ValueError
        When a ``"$"`` names no known kind, or a callable has no known name.
    """
    if isinstance(data, list):
        return [decode(item, tensor, callables) for item in data]
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return {key: decode(item, tensor, callables) for key, item in data.items()}
    kind = data["$"]
    if kind == "array":
        return _decode_array(data)
    if kind == "tuple":
        return tuple(decode(item, tensor, callables) for item in data["items"])
    if kind == "tensor":
        return tensor(decode(data["value"], tensor, callables))
    if kind == "callable":
        return _find_callable(data["name"], CALLABLES if callables is None else callables)
    if kind in _DECODERS:
        return _DECODERS[kind](data)
    if kind in _NON_FINITE:
        return _NON_FINITE[kind]
    if kind.startswith("numpy."):
        return np.dtype(kind[len("numpy.") :]).type(decode(data["value"]))
    raise ValueError(f"kind is {kind!r}, expected one of codec.py's table")


def _find_callable(name, callables):
    if name not in callables:
        raise ValueError(f"callable is {name!r}, expected one of {sorted(callables)}")
    return callables[name]


def _decode_array(data):
    content = base64.b64decode(data["data"])
    if data["dtype"] in _TAKEN:
        kind = _TAKEN[data["dtype"]]
        return np.frombuffer(content, kind).reshape(data["shape"]).copy()
    if data["dtype"] == "bfloat16":
        wide = np.frombuffer(content, "<u2").astype("<u4") << np.uint32(16)
        return wide.view("<f4").reshape(data["shape"])
    dtype = np.dtype(data["dtype"]).newbyteorder("<")
    # A copy: frombuffer's array is read-only.
    return np.frombuffer(content, dtype).reshape(data["shape"]).astype(data["dtype"])


def _decode_full(data):
    return np.full(tuple(data["shape"]), decode(data["value"]), data["dtype"])


def _decode_ramp(data):
    count = int(np.prod(data["shape"], dtype="int64"))
    values = (np.arange(count) % 7 - 3) * data["step"]
    return values.reshape(data["shape"]).astype(data["dtype"])


_DECODERS = {
    "full": _decode_full,
    "ramp": _decode_ramp,
    "complex": lambda data: complex(decode(data["real"]), decode(data["imag"])),
    "bytes": lambda data: data["text"].encode("latin-1"),
    "object": lambda data: object(),
}


def dumps(value):
    """Return `value` as one line of JSON text."""
    return json.dumps(encode(value), allow_nan=False, separators=(",", ":"))


def loads(text, tensor=np.asarray, callables=None):
    """Return the value of one line of JSON text; see `decode`."""
    return decode(json.loads(text), tensor, callables)
