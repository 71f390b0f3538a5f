"""The warnings that gru_ref emits; errors are Python's own classes."""


class KerasQuirkWarning(UserWarning):
    """A fault or surprise of the chosen Keras release changed the numbers, or was repaired.

    The message opens with the name of the ledger row (`gru_ref.versions.LEDGER`) that describes it.
    """


class UnverifiedVersionWarning(UserWarning):
    """The Keras release is newer than the ledger: its newest row is used, unproved."""


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
