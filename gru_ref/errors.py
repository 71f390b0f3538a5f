"""The warnings that gru_ref emits, and the errors that are not simply Python's own classes."""

from __future__ import annotations

import itertools
import os
import sys
import warnings

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class KerasQuirkWarning(UserWarning):
    """A fault or surprise of the chosen Keras release changed the numbers, or was repaired.

    The message opens with the name of the ledger row (`gru_ref.keras.ledger.LEDGER`)
    that describes it.
    """


class AssumptionWarning(UserWarning):
    """A file does not say what the numbers of its GRUs rest on: Keras's defaults are taken.

    ``layer.provenance.assumed`` holds the arguments. Under the filter "error" of Python's
    `warnings`, nothing is assumed.
    """


class UnverifiedVersionWarning(UserWarning):
    """The Keras release is newer than the ledger: its newest row is used, unproved."""


class EngineWarning(UserWarning):
    """The engine that was asked for does not serve a layer: a slower one computes the same."""


class NotRepresentableError(ValueError):
    """A runtime cannot represent a part of a GRU; nothing was returned or written.

    Parameters
    ----------
    runtime : str
        The runtime as people call it: "PyTorch nn.GRU".
    part : str
        The argument or array it has no place for: "reset_after", "recurrent bias of the candidate".
    actual, expected : str
        What the layer has, and what the runtime could take.
    lost : str
        What a conversion would drop or change.

    Examples
    --------
    >>> raise NotRepresentableError("tfjs GRU", "reset_after", "True", "False", "a bias row")
    Traceback (most recent call last):
    gru_ref.errors.NotRepresentableError: reset_after is True, expected False: tfjs GRU cannot \
    represent it, and the conversion would lose a bias row
    """

    def __init__(self, runtime: str, part: str, actual: str, expected: str, lost: str) -> None:
        super().__init__(
            f"{part} is {actual}, expected {expected}: {runtime} cannot represent it, and the "
            f"conversion would lose {lost}"
        )
        self.runtime = runtime
        self.part = part
        self.lost = lost


class UnseededError(ValueError):
    """Numbers are to be reproduced that were drawn without a seed; the message says which."""


def shown(value: object) -> str:
    """Return `value` as an error message shows it: short, on one line.

    Examples
    --------
    >>> shown("tanhh")
    "'tanhh'"
    >>> shown([0.0] * 1000)[-4:]
    ' ...'
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:76] + " ..."


def warn_user(message: str, category: type[Warning]) -> None:
    """Emit a warning at the line that called into gru_ref, however deep below it this is."""
    for level in itertools.count(2):
        frame = sys._getframe(level - 1)
        if frame.f_back is None or not frame.f_code.co_filename.startswith(_PACKAGE):
            break
    warnings.warn(message, category, stacklevel=level)
