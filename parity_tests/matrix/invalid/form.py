"""The form of a row of `INVALID`: the steps of one invalid or doubtful call, and what they give.

A step is a method and its arguments: a dict holds keywords, a list positional arguments.
``construct`` makes the layer, ``from_config`` too, ``call`` calls it with its ``x`` by position;
``attempt`` is a call that fails, whose exception is dropped; anything else is a method or an
attribute of the layer. Values that JSON lacks are written as `parity_tests.oracles.codec` writes
them: ``{"$": "tensor", "value": …}`` is a tensor for Keras and an array for gru_ref.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

Step = tuple[Any, ...]
Steps = tuple[Step, ...]

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 4, 5

VERDICTS = {
    "error": "Keras raises a class of Python's, and gru_ref raises the same one",
    "fault": "Keras raises where it documents that it works: gru_ref computes, and warns",
    "framework-only": "Keras raises because of TensorFlow's own classes or tensor types",
    "accepted": "Keras accepts the call, and so does gru_ref, with the same numbers",
}


@dataclass(frozen=True)
class Outcome:
    """What one generation makes of a row.

    Parameters
    ----------
    verdict : str
        One of `VERDICTS`.
    keras : str or None
        The class that live Keras raises, by name; None: it accepts every step.
    raises : str or None
        The builtin class that gru_ref raises; None: it accepts every step.
    names : tuple of str
        Words that gru_ref's message contains, each whole: the argument, its value.
    at : int
        The step at which live Keras raises; gru_ref raises there or earlier.
    why : str
        Why gru_ref does otherwise than Keras; empty where it does not.
    """

    verdict: str
    keras: str | None = None
    raises: str | None = None
    names: tuple[str, ...] = ()
    at: int = -1
    why: str = ""

    def naming(self, argument: str) -> Outcome:
        """Return the outcome with an argument among the words of a message, if there is one."""
        return replace(self, names=(argument, *self.names)) if self.raises else self

    def unnamed(self, message: str) -> list[str]:
        """Return the words of `names` that a message lacks."""
        return [
            name
            for name in self.names
            if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message)
        ]


@dataclass(frozen=True)
class Invalid:
    """One invalid or doubtful call.

    A call in training draws its dropout masks: gru_ref takes an ``rng`` for it.
    """

    id: str
    what: str
    steps: Steps
    keras2: Outcome
    keras3: Outcome

    def outcome(self, oracle: str) -> Outcome:
        """Return what the oracle "keras2" or "keras3" makes of the row."""
        return {"keras2": self.keras2, "keras3": self.keras3}[oracle]


def row(
    id: str, what: str, steps: Steps, keras2: Outcome, keras3: Outcome | None = None
) -> Invalid:
    """Return a row; without `keras3` both generations agree."""
    return Invalid(id, what, steps, keras2, keras3 or keras2)


def family(prefix: str, steps: Callable[[Any], Steps], *rows: Sequence[Any]) -> tuple[Invalid, ...]:
    """Return a row for each name, text, value and outcomes: the steps with that value."""
    return tuple(
        row(f"{prefix}-{name}", what, steps(value), *outcomes)
        for name, what, value, *outcomes in rows
    )


def each_value(
    steps: Callable[..., Steps], argument: str, *rows: Sequence[Any]
) -> tuple[Invalid, ...]:
    """Return what `family` does, of an argument: it names the rows, and every message names it."""
    return family(
        argument.replace("_", "-"),
        lambda value: steps(**{argument: value}),
        *((*row[:3], *(outcome.naming(argument) for outcome in row[3:])) for row in rows),
    )


def error(cls: str, *names: str, keras: str | None = "", at: int = -1, why: str = "") -> Outcome:
    """Both raise; `keras` names the class that live Keras raises where it is another, or None."""
    return Outcome("error", cls if keras == "" else keras, cls, names, at, why)


def errors(keras2: str, keras3: str, *names: str) -> tuple[Outcome, Outcome]:
    """Each generation raises a class of its own, and gru_ref the same one."""
    return error(keras2, *names), error(keras3, *names)


def fault(keras: str, why: str, at: int = -1) -> Outcome:
    """Keras raises, gru_ref computes and warns."""
    return Outcome("fault", keras, at=at, why=why)


def framework(
    keras: str | None, raises: str | None, *names: str, why: str, at: int = -1
) -> Outcome:
    """TensorFlow raises; gru_ref raises the nearest builtin class, or (None) accepts."""
    return Outcome("framework-only", keras, raises, names, at, why)


def shape_refused(*names: str) -> Outcome:
    """An operation of TensorFlow refuses the shape; gru_ref raises ValueError."""
    return framework("InvalidArgumentError", "ValueError", *names, why=SHAPES_REFUSED)


def dtype_refused(*names: str) -> Outcome:
    """An operation of TensorFlow refuses the dtype; gru_ref raises TypeError."""
    return framework("InvalidArgumentError", "TypeError", *names, why=DTYPES_REFUSED)


ACCEPTED = Outcome("accepted")


# Why gru_ref does otherwise than TensorFlow.

DTYPES_REFUSED = "an operation of TensorFlow refuses the dtype"
SHAPES_REFUSED = "an operation of TensorFlow refuses the shape"
TENSORS_WANTED = "only because an array is no tensor: wrapped in tf.constant it is taken"


# The values of the steps.


def array(*shape: int, dtype: str = "float32", step: float = 0.25) -> dict[str, Any]:
    """Return an array whose elements are not alike; bool: some True, some False."""
    step = step if dtype.startswith(("float", "complex")) else 1
    return {"$": "ramp", "shape": list(shape), "dtype": dtype, "step": step}


def full(*shape: int, dtype: str = "float32", value: Any = True) -> dict[str, Any]:
    """Return an array of one value."""
    return {"$": "full", "shape": list(shape), "dtype": dtype, "value": value}


NAN = {"$": "nan"}
OBJECT = {"$": "object"}

X = array(BATCH, TIMESTEPS, FEATURES)
H = array(BATCH, UNITS)
KERNEL = array(FEATURES, 3 * UNITS)
RECURRENT = array(UNITS, 3 * UNITS, step=0.125)
BIAS = array(2, 3 * UNITS, step=0.5)
WEIGHTS = [KERNEL, RECURRENT, BIAS]


# The steps.


def construct(**constructor: Any) -> Steps:
    """Construct a layer, of five units unless said otherwise."""
    return (("construct", {"units": UNITS, **constructor}),)


def build(**constructor: Any) -> Steps:
    """Construct and build it."""
    return (*construct(**constructor), ("build", [(BATCH, TIMESTEPS, FEATURES)]))


def prepare(**constructor: Any) -> Steps:
    """Construct and build it, and set its weights."""
    return (*build(**constructor), ("set_weights", [WEIGHTS]))


def call_once(**constructor: Any) -> Steps:
    """Construct and build it, set its weights and call it."""
    return (*prepare(**constructor), call())


def call(**arguments: Any) -> Step:
    """Call it, with the x above unless said otherwise."""
    return ("call", {"x": X, **arguments})


def call_with(constructor: dict[str, Any] | None = None, **arguments: Any) -> Steps:
    """Construct and build it, set its weights and call it with these arguments."""
    return (*prepare(**(constructor or {})), call(**arguments))
